#include "src/event/mounts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <sstream>
#include <string_view>

#include <fmt/core.h>

#include "src/base/file.h"

namespace holdfast::event {
namespace {

constexpr std::size_t kMaxFdinfo = 4096;
// A few thousand mounts.
constexpr std::size_t kMaxMountinfo = std::size_t{1024} * 1024;

// What follows `key` on its line of `text`.
std::string_view value_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return "";
  }
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find('\n'));
}

}  // namespace

base::UniqueFd open_root(pid_t pid, const std::string& proc_root) {
  const std::string start = fmt::format("{}/{}/root", proc_root, pid);
  return base::UniqueFd(open(start.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

base::UniqueFd open_cached(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_CACHED;
  return base::UniqueFd(
      static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
}

FdInfo fd_info(int fd) {
  const auto text = base::read_file(fmt::format("/proc/self/fdinfo/{}", fd), kMaxFdinfo);
  FdInfo info;
  if (text.ok()) {
    info.mount = value_of(text.value(), "mnt_id:\t");
    const std::string_view inode = value_of(text.value(), "\nino:\t");
    std::from_chars(inode.data(), inode.data() + inode.size(), info.inode);
  }
  return info;
}

bool is_mounted_here(const std::string& device) {
  const auto mounts = base::read_file("/proc/self/mountinfo", kMaxMountinfo);
  std::istringstream lines(mounts.ok() ? mounts.value() : "");
  for (std::string line; std::getline(lines, line);) {
    std::string id;
    std::string parent;
    std::string found;
    std::istringstream(line) >> id >> parent >> found;
    if (found == device) {
      return true;
    }
  }
  return false;
}

MountInfo mount_info(const std::string& id, pid_t pid, const std::string& proc_root) {
  const auto mounts =
      base::read_file(fmt::format("{}/{}/mountinfo", proc_root, pid), kMaxMountinfo);
  if (id.empty() || !mounts.ok()) {
    return {};
  }
  const std::string text = "\n" + mounts.value();
  const std::string line(value_of(text, "\n" + id + " "));
  std::istringstream words(line);
  std::string parent;
  MountInfo info;
  words >> parent >> info.device >> info.root >> info.point;
  std::istringstream(std::string(value_of(line, " - "))) >> info.type;
  return info;
}

}  // namespace holdfast::event
