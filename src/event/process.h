// Who did it: what /proc adds to an event, as long as the process is still there.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/event/event.h"

namespace holdfast::event {

// Ancestors that are told: a deeper tree is a fork bomb or a build, and its top says nothing about
// the act.
inline constexpr std::size_t kMaxAncestors = 16;

struct Ancestor {
  pid_t pid = 0;
  std::string exe;  // "" of one that has ended, as is comm
  std::string comm;
  std::uint64_t start_ns = 0;  // as in hf_ancestor; 0, as exec_id: the kernel did not send it
  std::uint32_t exec_id = 0;
};

struct Process {
  pid_t pid = 0;  // host pid namespace
  pid_t ppid = 0;
  pid_t container_pid = 0;
  std::uint64_t start_ns = 0;  // as task_start_ns in hf_event; 0: of one who asked
  std::uint32_t exec_id = 0;
  std::uint64_t exe_ino = 0;
  std::uint32_t exe_dev = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t caps = 0;                  // effective
  std::optional<std::uint32_t> login_uid;  // loginuid of the audit system; of one who asked
  std::string comm;
  std::string exe;
  std::vector<std::string> argv;  // secrets redacted
  bool argv_truncated = false;
  std::string cwd;
  std::vector<Ancestor> ancestors;  // parent first, up to the container's init
  bool upper_layer = false;         // the executable is not from the image
  bool gone = false;  // /proc had nothing to add: it ended, or its pid is another's by now
};

// Reads processes below `proc_root` (normally /proc; a fake tree in tests).
class ProcessReader {
 public:
  explicit ProcessReader(std::string proc_root = "/proc");

  // The process of `event`. `container_init` ends the walk to the ancestors; 0 where there is none.
  // The nearest are those that the kernel sent, whether they live still or not.
  // Takes the arguments out of the event. Never fails: what cannot be read stays as the kernel sent
  // it.
  [[nodiscard]] Process read(Event& event, pid_t container_init) const;

  // The process `pid`, which the caller knows to live, with its ancestors up to the host's init.
  // Without the arguments of what a user may make wait whoever reads them: they are in its memory.
  [[nodiscard]] Process read_living(pid_t pid, bool with_arguments = true) const;

 private:
  [[nodiscard]] std::vector<Ancestor> ancestors_of(const Event& event, pid_t container_init) const;
  [[nodiscard]] Ancestor look_up(const hf_ancestor& sent) const;

  std::string proc_root_;
  std::uint64_t tick_ns_;  // of the start time in /proc/PID/stat
};

}  // namespace holdfast::event
