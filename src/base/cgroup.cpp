#include "src/base/cgroup.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/process.h"

namespace holdfast::base {
namespace {

// A line is one path of at most PATH_MAX for each of a dozen hierarchies.
constexpr std::size_t kMaxCgroupFile = std::size_t{64} * 1024;
// A cgroup at creation holds the init; this is room for a misplaced one on a busy host.
constexpr std::size_t kMaxProcsFile = std::size_t{1024} * 1024;
// pid_max is 4 Mi, but no chain of parents is deep; the bound is for a tree that changes as we
// walk.
constexpr int kMaxAncestors = 256;

// Takes the next line off `text`.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool descends_from(const std::string& proc_root, pid_t pid, pid_t init) {
  for (int depth = 0; depth < kMaxAncestors && pid > 1; ++depth) {
    if (pid == init) {
      return true;
    }
    const auto stat = process_stat(proc_root, pid);
    if (!stat.ok()) {
      return depth == 0;  // it has gone: it is nobody's any more
    }
    pid = stat.value().parent;
  }
  return pid == init;
}

}  // namespace

Result<std::string> parse_cgroup(std::string_view text, const std::string& what) {
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (!line.starts_with("0::")) {
      continue;
    }
    const std::string_view path = line.substr(3);
    if (!path.starts_with('/')) {
      return fail(fmt::format("{}: \"{}\" is not a cgroup path", what, path));
    }
    // "/.." means outside the cgroup namespace of the reader: no path we could open.
    if (path.starts_with("/..")) {
      return fail(fmt::format(
          "{}: \"{}\" lies outside this cgroup namespace; run the runtime in the host's", what,
          path));
    }
    return std::string(path);
  }
  return std::string();
}

Result<std::string> cgroup_of(const std::string& proc_root, pid_t pid) {
  const std::string path = fmt::format("{}/{}/cgroup", proc_root, pid);
  const std::string text = TRY(read_file(path, kMaxCgroupFile));
  return parse_cgroup(text, path);
}

std::string cgroup2_mount(const std::string& sysfs_cgroup) {
  for (const std::string& dir : {sysfs_cgroup, sysfs_cgroup + "/unified"}) {
    if (access((dir + "/cgroup.controllers").c_str(), F_OK) == 0) {
      return dir;
    }
  }
  return "";
}

bool is_hybrid(const std::string& sysfs_cgroup) {
  const std::string mount = cgroup2_mount(sysfs_cgroup);
  return !mount.empty() && mount != sysfs_cgroup;
}

Result<std::vector<pid_t>> parse_procs(std::string_view text, const std::string& what) {
  std::set<pid_t> pids;  // the kernel may list a process twice
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) {
      continue;
    }
    pid_t pid = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != line.data() + line.size() || pid < 0) {
      return fail(fmt::format("{}: \"{}\" is not a process id", what, line));
    }
    pids.insert(pid);
  }
  return std::vector<pid_t>(pids.begin(), pids.end());
}

Result<std::vector<pid_t>> foreign_members(const std::string& proc_root,
                                           const std::string& cgroup_dir, pid_t init,
                                           std::size_t most) {
  const std::string path = cgroup_dir + "/cgroup.procs";
  const std::string text = TRY(read_file(path, kMaxProcsFile));
  std::vector<pid_t> members = TRY(parse_procs(text, path));
  if (members.size() > most) {
    return fail(fmt::format("{} holds more than {} processes already", cgroup_dir, most));
  }
  std::erase_if(members, [&](pid_t pid) { return descends_from(proc_root, pid, init); });
  return members;
}

}  // namespace holdfast::base
