#include "src/event/refused.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/path.h"
#include "src/base/unique_fd.h"

namespace holdfast::event {
namespace {

// File systems through which a process configures the kernel, as in bpf/lib/interface.h.
constexpr std::array<std::string_view, 11> kInterfaces = {
    "proc", "sysfs",    "debugfs",  "tracefs", "securityfs", "binfmt_misc",
    "bpf",  "efivarfs", "configfs", "pstore",  "selinuxfs",
};

constexpr std::size_t kMaxFdinfo = 4096;
// A few thousand mounts.
constexpr std::size_t kMaxMountinfo = std::size_t{1024} * 1024;

// Opens `path` below `root` without leaving it and without opening what is there. Only what the
// kernel has in its caches: the container may have mounted a FUSE file system that lets whoever
// looks something up wait for ever.
base::UniqueFd open_cached(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_CACHED;
  return base::UniqueFd(
      static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
}

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

// The file at `path` as process `pid` sees it, or the nearest directory above that the kernel still
// knows. Names in /proc/sys are looked up afresh each time and so are never found, /proc is.
base::UniqueFd open_nearest(pid_t pid, std::filesystem::path path, const std::string& proc_root) {
  const std::string start = fmt::format("{}/{}/root", proc_root, pid);
  const base::UniqueFd root(open(start.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid() || path.empty()) {
    return {};
  }
  base::UniqueFd found = open_cached(root.get(), path);
  while (!found.valid() && path.has_relative_path()) {
    path = path.parent_path();
    found = open_cached(root.get(), path);
  }
  return found;
}

// What follows `key` on its line of `text`.
std::string_view value_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return "";
  }
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find('\n'));
}

// Type of the file system that `fd` is on, by the mounts that process `pid` sees (proc(5),
// mountinfo). Not by fstatfs(2), which asks the file system, and FUSE lets one wait.
std::optional<std::string> filesystem_of(int fd, pid_t pid, const std::string& proc_root) {
  const auto info = base::read_file(fmt::format("/proc/self/fdinfo/{}", fd), kMaxFdinfo);
  const auto mounts =
      base::read_file(fmt::format("{}/{}/mountinfo", proc_root, pid), kMaxMountinfo);
  if (!info.ok() || !mounts.ok()) {
    return std::nullopt;
  }
  const std::string id(value_of(info.value(), "mnt_id:\t"));
  const std::string text = "\n" + mounts.value();
  const std::string_view type = value_of(value_of(text, "\n" + id + " "), " - ");
  return type.empty() ? std::nullopt : std::optional(std::string(type.substr(0, type.find(' '))));
}

std::optional<std::string> filesystem_as(pid_t pid, const std::string& path,
                                         const std::string& proc_root) {
  const base::UniqueFd fd = open_nearest(pid, path, proc_root);
  return fd.valid() ? filesystem_of(fd.get(), pid, proc_root) : std::nullopt;
}

bool is_interface(const Event& event, pid_t init, const std::string& proc_root) {
  const auto pid = static_cast<pid_t>(event.tgid);
  const std::string path = absolute(event.path, pid, proc_root);
  std::optional<std::string> type = filesystem_as(pid, path, proc_root);
  if (!type && init != 0) {
    type = filesystem_as(init, path, proc_root);
  }
  if (type) {
    return std::ranges::find(kInterfaces, *type) != kInterfaces.end();
  }
  const std::string spelled = base::clean_path(path);
  return base::is_at_or_below(spelled, "/proc") || base::is_at_or_below(spelled, "/sys");
}

}  // namespace

void refine_refused(Event& event, pid_t init, const std::string& proc_root) {
  if (event.outcome != HF_OUTCOME_REFUSED || event.class_id != HF_ROOTFS_WRITE ||
      event.path.empty()) {
    return;
  }
  if (is_interface(event, init, proc_root)) {
    event.class_id = HF_ESCAPE_KERNEL_INTERFACE;
  }
}

}  // namespace holdfast::event
