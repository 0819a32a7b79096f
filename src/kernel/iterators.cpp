#include "src/kernel/iterators.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/unique_fd.h"
#include "src/kernel/object.h"

namespace holdfast::kernel {

Status run_iterator(const bpf_program& program, std::int32_t pid) {
  bpf_iter_link_info info{};
  info.task.pid = static_cast<__u32>(pid);
  bpf_iter_attach_opts options{};
  options.sz = sizeof(options);
  options.link_info = &info;
  options.link_info_len = sizeof(info);
  const Link link(bpf_program__attach_iter(&program, &options));
  if (!link) {
    return fail_errno(fmt::format("cannot attach BPF iterator {}", bpf_program__name(&program)),
                      errno);
  }
  const base::UniqueFd fd(bpf_iter_create(bpf_link__fd(link.get())));
  if (!fd.valid()) {
    return fail_errno(fmt::format("cannot run BPF iterator {}", bpf_program__name(&program)),
                      errno);
  }
  std::array<char, 64> nothing;
  ssize_t got = 0;
  while ((got = read(fd.get(), nothing.data(), nothing.size())) > 0 ||
         (got < 0 && (errno == EAGAIN || errno == EINTR))) {
  }
  if (got < 0) {
    return fail_errno(fmt::format("BPF iterator {} did not end", bpf_program__name(&program)),
                      errno);
  }
  return Ok{};
}

Result<Identity> identify(hf_skeleton& skeleton, const std::string& path) {
  const base::UniqueFd fd = TRY(base::open_file(path, O_PATH));
  return identify(skeleton, fd);
}

Result<Identity> identify(hf_skeleton& skeleton, const base::UniqueFd& fd) {
  return identify(skeleton, OpenFile{getpid(), static_cast<std::uint32_t>(fd.get())});
}

Result<Identity> identify(hf_skeleton& skeleton, const OpenFile& file) {
  auto& request = skeleton.bss->hf_identify_request;
  request = {};
  request.tgid = static_cast<std::uint32_t>(file.pid);
  request.fd = file.fd;
  TRY(run_iterator(*skeleton.progs.hf_identify_file, file.pid));
  if (request.found == 0) {
    return fail(fmt::format("the kernel does not tell which file descriptor {} of process {} is",
                            file.fd, file.pid));
  }
  Identity identity{request.directory,    request.upper, request.magic,
                    request.is_root != 0, request.uid,   std::nullopt};
  if (request.sb_level != 0) {
    identity.mounted_by = request.sb_owner;
  }
  return identity;
}

Result<Tagged> tag_threads(hf_skeleton& skeleton, std::int32_t pid, const Slot& slot,
                           std::uint32_t owner) {
  auto& request = skeleton.bss->hf_tag_request;
  request = {};
  request.tgid = static_cast<std::uint32_t>(pid);
  request.slot = slot.number;
  request.generation = slot.generation;
  request.owner = owner;
  TRY(run_iterator(*skeleton.progs.hf_tag_threads, pid));
  if (request.tagged == 0) {
    return fail(fmt::format("process {} is gone, {}or the kernel has no memory to tag it", pid,
                            owner == 0 ? "" : "another's, "));
  }
  Tagged tagged{request.mount_ns, request.user_ns};
  std::ranges::copy(request.runtime, tagged.runtime.begin());
  return tagged;
}

Status find_rename_lock(hf_skeleton& skeleton) {
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  const int error =
      bpf_prog_test_run_opts(bpf_program__fd(skeleton.progs.hf_find_rename_lock), &options);
  if (error != 0 || options.retval != 0) {
    return fail("the kernel does not tell where rename_lock is; verdicts are not kept");
  }
  return Ok{};
}

}  // namespace holdfast::kernel
