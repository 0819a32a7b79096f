// Ends one process of a container, and never another's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "src/base/result.h"

namespace holdfast::respond {

struct Victim {
  pid_t pid = 0;                  // host pid namespace; 0: none
  std::uint64_t start_ticks = 0;  // as /proc/PID/stat counts them; 0: whoever has the pid now
};

// Sends SIGKILL by a pidfd. Refused: a process that is gone, one that took over its pid, and one
// that is neither in `cgroup` (a path below the cgroup v2 mount) nor below.
Status kill_process(const std::string& proc_root, const Victim& victim, const std::string& cgroup);

}  // namespace holdfast::respond
