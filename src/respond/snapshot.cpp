#include "src/respond/snapshot.h"

#include <dirent.h>
#include <fcntl.h>

#include <climits>
#include <memory>

#include "src/base/cgroup.h"
#include "src/base/path.h"
#include "src/base/unique_fd.h"
#include "src/event/proc.h"

namespace holdfast::respond {
namespace {

constexpr std::size_t kMaxShort = 4096;
constexpr std::size_t kMaxFiles = 1024;

std::vector<OpenFile> open_files(int process) {
  struct Close {
    void operator()(DIR* dir) const { closedir(dir); }
  };
  std::vector<OpenFile> files;
  const int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, Close> dir(fd < 0 ? nullptr : fdopendir(fd));
  while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
    if (entry->d_name[0] != '.' && files.size() < kMaxFiles) {
      files.push_back({entry->d_name, event::link_at(dirfd(dir.get()), entry->d_name, PATH_MAX)});
    }
  }
  return files;
}

std::string cgroup_at(int process) {
  const auto cgroup = base::parse_cgroup(event::read_at(process, "cgroup", kMaxShort), "cgroup");
  return cgroup.ok() ? cgroup.value() : "";
}

}  // namespace

std::optional<Snapshot> snapshot_of(const std::string& proc_root, pid_t pid,
                                    const std::string& cgroup, std::size_t max_bytes,
                                    bool with_arguments) {
  const base::UniqueFd process = event::open_process(proc_root, pid);
  const auto stat = process.valid() ? event::stat_at(process.get()) : std::nullopt;
  Snapshot shot;
  shot.cgroup = process.valid() ? cgroup_at(process.get()) : "";
  if (!stat || !base::is_at_or_below(shot.cgroup, cgroup)) {
    return std::nullopt;
  }
  const int at = process.get();
  shot.pid = pid;
  shot.parent = stat->parent;
  shot.start_ticks = stat->start_ticks;
  shot.comm = event::comm_at(at);
  shot.exe = event::link_at(at, "exe", PATH_MAX);
  shot.cwd = event::link_at(at, "cwd", PATH_MAX);
  shot.root = event::link_at(at, "root", PATH_MAX);
  shot.network = event::link_at(at, "ns/net", PATH_MAX);
  if (with_arguments) {
    shot.argv = event::arguments_at(at, kMaxShort);
  }
  shot.files = open_files(at);
  shot.status = event::read_at(at, "status", max_bytes);
  shot.maps = event::read_at(at, "maps", max_bytes);
  return shot;
}

}  // namespace holdfast::respond
