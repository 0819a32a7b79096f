#include "src/event/named.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "src/base/path.h"
#include "src/base/unique_fd.h"
#include "src/event/mounts.h"
#include "src/event/text.h"

namespace holdfast::event {
namespace {

// File systems through which a process configures the kernel, as in bpf/lib/interface.h.
constexpr std::array<std::string_view, 11> kInterfaces = {
    "proc", "sysfs",    "debugfs",  "tracefs", "securityfs", "binfmt_misc",
    "bpf",  "efivarfs", "configfs", "pstore",  "selinuxfs",
};

// `path` as process `pid` means it, from its working directory if it is relative; "" when that is
// not known any more. Which directory a call named by descriptor is not known here.
std::string absolute(const std::string& path, pid_t pid, const std::string& proc_root) {
  if (path.starts_with('/')) {
    return path;
  }
  std::error_code error;
  const std::filesystem::path cwd =
      std::filesystem::read_symlink(fmt::format("{}/{}/cwd", proc_root, pid), error);
  return error || !cwd.is_absolute() ? "" : (cwd / path).string();
}

// A file as a process sees it, and what of the path the kernel did not know any more below it.
struct Found {
  base::UniqueFd root;
  base::UniqueFd file;
  std::filesystem::path rest;
};

// The file at `path`, or the nearest directory above that the kernel still knows. Names in
// /proc/sys are looked up afresh each time and so are never found, /proc is.
Found find(pid_t pid, std::filesystem::path path, const std::string& proc_root) {
  Found found{open_root(pid, proc_root), {}, {}};
  if (!found.root.valid() || path.empty()) {
    return found;
  }
  found.file = open_cached(found.root.get(), path);
  while (!found.file.valid() && path.has_relative_path()) {
    found.rest = found.rest.empty() ? path.filename() : path.filename() / found.rest;
    path = path.parent_path();
    found.file = open_cached(found.root.get(), path);
  }
  return found;
}

bool is_interface_type(const std::string& type) {
  return std::ranges::find(kInterfaces, type) != kInterfaces.end();
}

// Whether a file of procfs is about one process and not about the system, as in
// bpf/lib/interface.h: its topmost directory is a number, or stands for one.
bool is_of_process(const MountInfo& mount, const std::string& path) {
  if (mount.type != "proc" || !base::is_at_or_below(path, mount.point)) {
    return false;
  }
  const std::string inside = base::clean_path(mount.root + "/" + path.substr(mount.point.size()));
  const std::string top = inside.substr(1, inside.find('/', 1) - 1);
  return top == "self" || top == "thread-self" ||
         (!top.empty() && top.find_first_not_of("0123456789") == std::string::npos);
}

// By where runtimes mount these file systems, cgroups among them, which are none.
bool is_spelled_interface(const std::string& path) {
  const std::string spelled = base::clean_path(path);
  return (base::is_at_or_below(spelled, "/proc") &&
          !is_of_process({"/", "/proc", "proc", ""}, spelled)) ||
         (base::is_at_or_below(spelled, "/sys") &&
          !base::is_at_or_below(spelled, "/sys/fs/cgroup"));
}

// Names are changed in the directory that holds them; all else is done to the file itself.
bool changes_a_name(hf_class class_id) {
  return class_id != HF_ROOTFS_WRITE && class_id != HF_ROOTFS_ATTR;
}

// The path that the kernel has for what was found.
std::string canonical(const Found& found, const std::string& name) {
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", found.file.get()), error);
  return error ? "" : printable(base::clean_path((path / found.rest / name).string()));
}

// Whether two processes are in the same mount namespace; false when that is not known any more.
bool share_mounts(pid_t one, pid_t other, const std::string& proc_root) {
  const auto mounts = [&proc_root](pid_t pid) {
    std::error_code error;
    const auto link =
        std::filesystem::read_symlink(fmt::format("{}/{}/ns/mnt", proc_root, pid), error);
    return error ? std::string() : link.string();
  };
  const std::string of_one = mounts(one);
  return !of_one.empty() && of_one == mounts(other);
}

// Whether the file came through the mount that is the root of the container's init, or of a process
// that has mounts of its own. A root that chroot(2) made is none.
bool is_on_root(const Found& found, const std::string& mount, pid_t pid, pid_t init,
                const std::string& proc_root) {
  const bool own = init == 0 || pid == init || !share_mounts(pid, init, proc_root);
  if (own && mount == fd_info(found.root.get()).mount) {
    return true;
  }
  const base::UniqueFd root = init == 0 ? base::UniqueFd() : open_root(init, proc_root);
  return root.valid() && mount == fd_info(root.get()).mount;
}

// Below whose root to look first: the kernel builds relative paths from where the mount namespace
// begins, and a process that called chroot(2) spells absolute ones from there.
pid_t looked_up_by(const Event& event, pid_t init, const std::string& proc_root) {
  const auto pid = static_cast<pid_t>(event.tgid);
  const bool built = (event.flags & HF_EVENT_BUILT_PATH) != 0;
  return built && init != 0 && share_mounts(pid, init, proc_root) ? init : pid;
}

}  // namespace

bool refine_named(Event& event, pid_t init, const std::string& proc_root) {
  if ((event.flags & HF_EVENT_USER_PATH) == 0 || !is_rootfs_change(event.class_id)) {
    return true;
  }
  const std::filesystem::path path =
      absolute(event.path, static_cast<pid_t>(event.tgid), proc_root);
  const bool names = changes_a_name(event.class_id) && path.has_filename();
  const std::filesystem::path looked_up = names ? path.parent_path() : path;
  const std::string name = names ? path.filename().string() : "";
  pid_t pid = looked_up_by(event, init, proc_root);
  Found found = find(pid, looked_up, proc_root);
  if (!found.file.valid() && init != 0) {
    pid = init;
    found = find(pid, looked_up, proc_root);
  }
  const std::string mount = found.file.valid() ? fd_info(found.file.get()).mount : "";
  MountInfo info = mount_info(mount, pid, proc_root);
  if (info.type.empty() && init != 0) {  // the process has ended since
    info = mount_info(mount, init, proc_root);
  }
  if (info.type.empty()) {
    event.class_id =
        is_spelled_interface(path.string()) ? HF_ESCAPE_KERNEL_INTERFACE : event.class_id;
    return true;
  }
  if (is_interface_type(info.type)) {
    event.class_id = HF_ESCAPE_KERNEL_INTERFACE;
    return !is_of_process(info, canonical(found, name));
  }
  if (!is_on_root(found, mount, pid, init, proc_root)) {
    return false;
  }
  if (event.outcome != HF_OUTCOME_REFUSED) {
    std::string known = canonical(found, name);
    if (!known.empty()) {
      event.path = std::move(known);
      event.flags &= ~static_cast<std::uint32_t>(HF_EVENT_USER_PATH);
    }
  }
  return true;
}

}  // namespace holdfast::event
