#include "src/kernel/object.h"

#include <bpf/bpf.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>

#include <fmt/core.h>

#include "src/base/unique_fd.h"
#include "src/kernel/pins.h"
#include "src/kernel/programs.h"

namespace holdfast::kernel {
namespace {

namespace fs = std::filesystem;

// Maps of global variables belong to one load, and so does what is only kept to be quick; all
// others outlive the monitor.
bool is_pinned(const bpf_map* map) {
  const bool is_cache = bpf_map__type(map) == BPF_MAP_TYPE_LRU_HASH;
  return !bpf_map__is_internal(map) && !is_cache && bpf_map__autocreate(map);
}

std::string pin_path(const std::string& directory, const bpf_map* map) {
  return maps_directory(directory) + "/" + bpf_map__name(map);
}

// Without it /sys/fs/bpf is a directory of sysfs, in which nobody can make another.
constexpr const char* kMountRemedy = "run: mount -t bpf bpf /sys/fs/bpf";

Status make_directories(const std::string& directory) {
  std::error_code error;
  fs::create_directories(maps_directory(directory), error);
  if (!error) {
    fs::create_directories(links_directory(directory), error);
  }
  if (error) {
    return fail(fmt::format("cannot make {}: {}; if no bpf file system is mounted there, {}",
                            directory, error.message(), kMountRemedy));
  }
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) {
    return fail_errno("cannot look at " + directory, errno);
  }
  if (info.f_type != BPF_FS_MAGIC) {
    remove_empty(directory);
    return fail(fmt::format("{} is not on a bpf file system; {}", directory, kMountRemedy));
  }
  return Ok{};
}

// A former monitor's maps, where it left some. All or none: half a set is the rest of a failed
// start.
Status reuse_maps(hf_skeleton& skeleton, const std::string& directory) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton.obj) {
    if (!is_pinned(map)) {
      continue;
    }
    const base::UniqueFd fd(bpf_obj_get(pin_path(directory, map).c_str()));
    if (fd.valid() && bpf_map__reuse_fd(map, fd.get()) != 0) {
      return fail(fmt::format("{} is not the map it should be; remove {} once no container runs",
                              pin_path(directory, map), directory));
    }
  }
  return Ok{};
}

Status pin_maps(hf_skeleton& skeleton, const std::string& directory) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton.obj) {
    const std::string path = pin_path(directory, map);
    if (is_pinned(map) && access(path.c_str(), F_OK) != 0 &&
        bpf_obj_pin(bpf_map__fd(map), path.c_str()) != 0) {
      return fail_errno("cannot pin " + path, errno);
    }
  }
  return Ok{};
}

Status choose_programs(hf_skeleton& skeleton, Backend backend) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton.obj) { bpf_program__set_autoload(program, false); }
  for (const Program& entry : programs()) {
    program = bpf_object__find_program_by_name(skeleton.obj, entry.name);
    if (program == nullptr) {
      return fail(fmt::format("this build has no BPF program {}", entry.name));
    }
    const bool load = wanted(entry, backend);
    bpf_program__set_autoload(program, load);
    if (load && entry.use == Use::kHook && backend == Backend::kModifyReturn) {
      TRY(retarget(*program, security_function(entry)));
    }
    if (load && entry.use == Use::kTrace) {
      TRY(trace(*program, traced_function(entry)));
    }
  }
  return Ok{};
}

std::optional<bpf_prog_info> info_of(int program_fd) {
  bpf_prog_info info{};
  __u32 size = sizeof(info);
  return bpf_obj_get_info_by_fd(program_fd, &info, &size) == 0 ? std::optional(info) : std::nullopt;
}

std::optional<bpf_prog_info> info_of_link(const std::string& path) {
  const base::UniqueFd fd(bpf_obj_get(path.c_str()));
  bpf_link_info info{};
  __u32 size = sizeof(info);
  if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) {
    return std::nullopt;
  }
  const base::UniqueFd program(bpf_prog_get_fd_by_id(info.prog_id));
  return program.valid() ? info_of(program.get()) : std::nullopt;
}

// Whether what is pinned at `path` runs the very code of `program`: an update of holdfast, or
// another back end, has other code by the same name. The tag is a hash of the instructions.
bool is_current(const std::string& path, const bpf_program& program) {
  const auto pinned = info_of_link(path);
  const auto ours = info_of(bpf_program__fd(&program));
  return pinned && ours && pinned->type == ours->type &&
         std::equal(std::begin(ours->tag), std::end(ours->tag), std::begin(pinned->tag));
}

// What was loaded is in the kernel. The programs in our own file are read again when they are asked
// for again; until then they need not be in memory.
void let_go_of_text() {
  std::size_t size = 0;
  const auto begin = reinterpret_cast<std::uintptr_t>(hf_skeleton::elf_bytes(&size));  // NOLINT
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + size) / page * page;
  if (first < end) {
    madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);  // NOLINT: see madvise(2)
  }
}

}  // namespace

Result<Object> Object::load(const std::string& directory, Backend backend) {
  TRY(make_directories(directory));
  Object object(directory, backend, hf_skeleton::open(nullptr));
  if (!object.skeleton_) {
    return fail_errno("cannot open the BPF object", errno);
  }
  auto& rodata = *object.skeleton_->rodata;
  rodata.hf_modify_return = backend == Backend::kModifyReturn;
  rodata.hf_tells_only = !backend_enforces(backend);
  rodata.hf_finds_tasks = has_function("bpf_task_from_pid");
  // Inode storage is part of BPF LSM. The verifier never sees what uses it under other back ends.
  bpf_map__set_autocreate(object.skeleton_->maps.hf_verdicts, backend == Backend::kLsm);
  TRY(choose_programs(*object.skeleton_, backend));
  TRY(reuse_maps(*object.skeleton_, directory));
  const int error = hf_skeleton::load(object.skeleton_.get());
  if (error != 0) {
    return fail_errno(
        "this kernel refuses the BPF programs; run `holdfast monitor` by hand to see the kernel's "
        "reason",
        -error);
  }
  TRY(pin_maps(*object.skeleton_, directory));
  forget_kernel_types();
  let_go_of_text();
  return object;
}

std::string Object::link_path(const std::string& program) const {
  return links_directory(directory_) + "/" + program;
}

Status Object::attach_one(const bpf_program& program, const std::string& path) {
  const Link link(kernel::attach(program));
  if (!link) {
    return fail_errno(fmt::format("cannot attach BPF program {}", bpf_program__name(&program)),
                      errno);
  }
  // The old one goes when the new one is in force: for a moment there are two, never none.
  const std::string fresh = path + "-new";
  unlink(fresh.c_str());
  if (bpf_link__pin(link.get(), fresh.c_str()) != 0) {
    return fail_errno("cannot pin " + fresh, errno);
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) {
    unlink(fresh.c_str());
    return fail_errno("cannot pin " + path, errno);
  }
  return Ok{};
}

void Object::set_topics(const Topics& topics) {
  attached_ = attached_ && topics_ == topics;
  topics_ = topics;
}

// A monitor may have died in the middle of this, or had another back end: that there are links does
// not say that all of ours are among them.
Status Object::attach() {
  if (attached_) {
    return Ok{};
  }
  std::set<std::string> ours;
  std::vector<std::string> made;
  for (const Program& entry : programs()) {
    if (entry.use == Use::kOnDemand || !wanted(entry, backend_) || !topics_.include(entry.topic)) {
      continue;
    }
    ours.insert(entry.name);
    const bpf_program& program = *bpf_object__find_program_by_name(skeleton_->obj, entry.name);
    const std::string path = link_path(entry.name);
    if (is_current(path, program)) {
      continue;
    }
    const bool replaces = access(path.c_str(), F_OK) == 0;
    const Status status = attach_one(program, path);
    if (!status.ok()) {
      detach_unless([&](const std::string& name) { return !std::ranges::count(made, name); });
      return status;
    }
    // What stands in a former program's place stays even if the next one fails.
    if (!replaces) {
      made.emplace_back(entry.name);
    }
  }
  detach_unless([&](const std::string& name) { return ours.contains(name); });
  attached_ = true;
  return Ok{};
}

// The last reference to each link is its pin.
template <typename Keep>
void Object::detach_unless(Keep keep) {
  remove_files(links_directory(directory_), [&](const std::string& name) { return !keep(name); });
}

void Object::detach() {
  attached_ = false;
  unpin_links(directory_);
}

void Object::unpin() {
  attached_ = false;
  unpin_all(directory_);
}

}  // namespace holdfast::kernel
