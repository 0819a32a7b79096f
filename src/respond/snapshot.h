// One process of a frozen container, as /proc shows it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::respond {

struct OpenFile {
  std::string number;
  std::string target;  // printable
};

struct Snapshot {
  pid_t pid = 0;
  pid_t parent = 0;
  std::uint64_t start_ticks = 0;
  std::string comm;
  std::string exe;
  std::string cwd;
  std::string root;
  std::string cgroup;
  std::string network;            // "net:[4026531840]"
  std::vector<std::string> argv;  // secrets redacted
  std::vector<OpenFile> files;
  std::string status;  // text of the files of that name
  std::string maps;
};

// Nothing for a process that is not there (any more), or not in `cgroup` or below. Each text is cut
// to `max_bytes`.
std::optional<Snapshot> snapshot_of(const std::string& proc_root, pid_t pid,
                                    const std::string& cgroup, std::size_t max_bytes,
                                    bool with_arguments = true);

}  // namespace holdfast::respond
