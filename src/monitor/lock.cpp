#include "src/monitor/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/monitor/client.h"
#include "src/monitor/spawn.h"

namespace holdfast::monitor {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPause{20};

// The pid that the holder wrote; 0 while it has not.
pid_t holder(const std::string& path) {
  const Result<std::string> text = base::read_file(path, 64);
  return text.ok() ? static_cast<pid_t>(strtol(text.value().c_str(), nullptr, 10)) : 0;
}

Error held_by_other(const std::string& path, bool replace) {
  const pid_t pid = holder(path);
  return fail(fmt::format(
      "{}: pid {} holds {}; {}", kRunningAlready, pid > 0 ? std::to_string(pid) : "unknown", path,
      replace ? "it was told to leave and has not" : "stop it first, or start with --replace"));
}

// Returns the pid that was asked. By a pidfd, after which the lock is still held and the same pid
// in the file; a holder that leaves empties it.
pid_t ask_to_leave(const base::UniqueFd& fd, const std::string& path) {
  const pid_t pid = holder(path);
  const base::UniqueFd process(pid > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid, 0)) : -1);
  if (process.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && holder(path) == pid) {
    syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0);
  }
  return pid;
}

Status write_pid(const base::UniqueFd& fd, const std::string& path) {
  if (ftruncate(fd.get(), 0) != 0) {
    return fail_errno("cannot empty " + path, errno);
  }
  return base::write_all(fd.get(), fmt::format("{}\n", getpid()), path);
}

}  // namespace

// Whoever waits must not take the pid of what comes next for ours.
Lock::~Lock() {
  if (fd_.valid() && ftruncate(fd_.get(), 0) != 0) {
    base::log(base::LogLevel::kWarning, fail_errno("cannot empty the lock file", errno).message);
  }
}

Result<Lock> Lock::acquire(const std::string& path, const std::string& socket_path,
                           std::chrono::milliseconds wait, bool replace) {
  base::UniqueFd fd = TRY(base::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  const Clock::time_point deadline = Clock::now() + wait;
  pid_t asked = 0;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno("cannot lock " + path, errno);
    }
    if (Clock::now() >= deadline || (!replace && is_listening(socket_path))) {
      return held_by_other(path, replace);
    }
    // Again where another has got the lock meanwhile, or had not written its pid yet.
    if (replace && holder(path) != asked) {
      asked = ask_to_leave(fd, path);
    }
    std::this_thread::sleep_for(kPause);
  }
  TRY(write_pid(fd, path));
  return Lock(std::move(fd));
}

}  // namespace holdfast::monitor
