#include "src/respond/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

#include "src/base/cgroup.h"
#include "src/base/path.h"
#include "src/base/process.h"
#include "src/base/unique_fd.h"

namespace holdfast::respond {
namespace {

bool has_ended(int pidfd) {
  pollfd process = {pidfd, POLLIN, 0};
  return poll(&process, 1, 0) != 0;
}

Status check(const std::string& proc_root, const Victim& victim, const std::string& cgroup) {
  const base::ProcessStat stat = TRY(base::process_stat(proc_root, victim.pid));
  if (victim.start_ticks != 0 && stat.start_ticks != victim.start_ticks) {
    return fail(fmt::format("process {} has ended; its pid is another's by now", victim.pid));
  }
  const std::string own = TRY(base::cgroup_of(proc_root, victim.pid));
  if (cgroup.empty() || cgroup == "/" || !base::is_at_or_below(own, cgroup)) {
    return fail(fmt::format("process {} is in the cgroup {}, not in the container's {}", victim.pid,
                            own, cgroup));
  }
  return Ok{};
}

}  // namespace

Status kill_process(const std::string& proc_root, const Victim& victim, const std::string& cgroup) {
  const base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, victim.pid, 0)));
  if (!process.valid()) {
    return fail_errno(fmt::format("cannot open process {}", victim.pid), errno);
  }
  TRY(check(proc_root, victim, cgroup));
  // Alive still, and so what was checked is this process and no later one of its pid.
  if (has_ended(process.get())) {
    return fail(fmt::format("process {} has ended", victim.pid));
  }
  if (syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0) {
    return fail_errno(fmt::format("cannot kill process {}", victim.pid), errno);
  }
  return Ok{};
}

}  // namespace holdfast::respond
