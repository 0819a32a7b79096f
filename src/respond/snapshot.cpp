#include "src/respond/snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <memory>
#include <string_view>

#include <fmt/core.h>

#include "src/base/cgroup.h"
#include "src/base/path.h"
#include "src/base/process.h"
#include "src/base/unique_fd.h"
#include "src/event/redact.h"
#include "src/event/text.h"

namespace holdfast::respond {
namespace {

constexpr std::size_t kMaxShort = 4096;
constexpr std::size_t kMaxFiles = 1024;

std::string read_at(int directory, const char* name, std::size_t max_bytes) {
  const base::UniqueFd fd(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string content(max_bytes, '\0');
  std::size_t size = 0;
  while (fd.valid() && size < max_bytes) {
    const ssize_t got = read(fd.get(), content.data() + size, max_bytes - size);
    if (got <= 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

std::string link_at(int directory, const char* name) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlinkat(directory, name, target.data(), target.size());
  return size <= 0 ? "" : event::printable({target.data(), static_cast<std::size_t>(size)});
}

std::vector<std::string> arguments(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    list.push_back(event::printable(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return event::redact(std::move(list));
}

std::vector<OpenFile> open_files(int process) {
  struct Close {
    void operator()(DIR* dir) const { closedir(dir); }
  };
  std::vector<OpenFile> files;
  const int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, Close> dir(fd < 0 ? nullptr : fdopendir(fd));
  while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
    if (entry->d_name[0] != '.' && files.size() < kMaxFiles) {
      files.push_back({entry->d_name, link_at(dirfd(dir.get()), entry->d_name)});
    }
  }
  return files;
}

std::string cgroup_at(int process) {
  const auto cgroup = base::parse_cgroup(read_at(process, "cgroup", kMaxShort), "cgroup");
  return cgroup.ok() ? cgroup.value() : "";
}

std::string comm_at(int process) {
  std::string comm = read_at(process, "comm", kMaxShort);
  if (comm.ends_with('\n')) {
    comm.pop_back();
  }
  return event::printable(comm);
}

}  // namespace

std::optional<Snapshot> snapshot_of(const std::string& proc_root, pid_t pid,
                                    const std::string& cgroup, std::size_t max_bytes) {
  const std::string path = fmt::format("{}/{}", proc_root, pid);
  // Names that process for ever, whoever has its pid later.
  const base::UniqueFd process(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto stat = process.valid()
                        ? base::parse_stat(read_at(process.get(), "stat", kMaxShort), "stat")
                        : Result<base::ProcessStat>(fail(""));
  Snapshot shot;
  shot.cgroup = process.valid() ? cgroup_at(process.get()) : "";
  if (!stat.ok() || !base::is_at_or_below(shot.cgroup, cgroup)) {
    return std::nullopt;
  }
  const int at = process.get();
  shot.pid = pid;
  shot.parent = stat.value().parent;
  shot.start_ticks = stat.value().start_ticks;
  shot.comm = comm_at(at);
  shot.exe = link_at(at, "exe");
  shot.cwd = link_at(at, "cwd");
  shot.root = link_at(at, "root");
  shot.network = link_at(at, "ns/net");
  shot.argv = arguments(read_at(at, "cmdline", kMaxShort));
  shot.files = open_files(at);
  shot.status = read_at(at, "status", max_bytes);
  shot.maps = read_at(at, "maps", max_bytes);
  return shot;
}

}  // namespace holdfast::respond
