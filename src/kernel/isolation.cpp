#include "src/kernel/isolation.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include <fmt/core.h>

#include "src/kernel/pins.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {
namespace {

constexpr std::array kWays = {"in", "out"};

struct Destroy {
  void operator()(hf_isolate_skeleton* skeleton) const { hf_isolate_skeleton::destroy(skeleton); }
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

// Leaves `path` as the one thing that holds the link.
Status attach_pinned(const bpf_program& program, int cgroup_fd, const std::string& path) {
  const std::unique_ptr<bpf_link, Destroy> link(bpf_program__attach_cgroup(&program, cgroup_fd));
  if (!link) {
    return fail_errno("cannot attach the BPF program that drops packets", errno);
  }
  // bpf_link__destroy() leaves a pin alone.
  if (const int error = bpf_link__pin(link.get(), path.c_str())) {
    return fail_errno("cannot pin a link as " + path, -error);
  }
  return Ok{};
}

// Of "123-in"; 0 for another name.
std::uint64_t id_of(std::string_view name) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  return error == std::errc() && end != name.data() + name.size() && *end == '-' ? id : 0;
}

}  // namespace

std::string Isolation::pin(std::uint64_t cgroup_id, const char* way) const {
  return fmt::format("{}/{}-{}", directory_, cgroup_id, way);
}

Status Isolation::isolate(int cgroup_fd, std::uint64_t cgroup_id) const {
  if (is_isolated(cgroup_id)) {
    return Ok{};
  }
  if (mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the directory " + directory_, errno);
  }
  // Half of it may be there: a monitor that was killed in the middle.
  TRY(release(cgroup_id));
  const std::unique_ptr<hf_isolate_skeleton, Destroy> skeleton(
      hf_isolate_skeleton::open_and_load());
  if (!skeleton) {
    return fail_errno("this kernel refuses the BPF programs that drop packets", errno);
  }
  // What it sends first: that is what it could take away.
  Status done = attach_pinned(*skeleton->progs.hf_isolate_out, cgroup_fd, pin(cgroup_id, "out"));
  if (done.ok()) {
    done = attach_pinned(*skeleton->progs.hf_isolate_in, cgroup_fd, pin(cgroup_id, "in"));
  }
  if (!done.ok()) {
    (void)release(cgroup_id);
  }
  return done;
}

Status Isolation::release(std::uint64_t cgroup_id) const {
  for (const char* way : kWays) {
    const std::string path = pin(cgroup_id, way);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return fail_errno("cannot remove " + path, errno);
    }
  }
  rmdir(directory_.c_str());  // the last one's
  return Ok{};
}

bool Isolation::is_isolated(std::uint64_t cgroup_id) const {
  const auto there = [&](const char* way) {
    return access(pin(cgroup_id, way).c_str(), F_OK) == 0;
  };
  return there(kWays[0]) && there(kWays[1]);
}

void Isolation::keep_only(const std::set<std::uint64_t>& ids) const {
  remove_files(directory_, [&ids](const std::string& name) { return !ids.contains(id_of(name)); });
  rmdir(directory_.c_str());
}

}  // namespace holdfast::kernel
