// What /proc/PID/stat says about a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/result.h"

namespace holdfast::base {

struct ProcessStat {
  char state = '?';  // proc(5): R, S, D, Z …
  pid_t parent = 0;
  std::uint64_t start_ticks = 0;  // since boot; with the pid, an identity that is never reused
};

// Fields of the text of a stat file (proc(5)). A command name may hold spaces and parentheses.
Result<ProcessStat> parse_stat(std::string_view text, const std::string& what);

// parse_stat of `proc_root`/PID/stat.
Result<ProcessStat> process_stat(const std::string& proc_root, pid_t pid);

}  // namespace holdfast::base
