#include "src/monitor/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/monitor/client.h"
#include "src/monitor/spawn.h"

namespace holdfast::monitor {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPause{20};

Error held_by_other(const base::UniqueFd& fd, const std::string& path) {
  const Result<std::string> pid = base::read_all(fd.get(), 64, path);
  const bool known = pid.ok() && !pid.value().empty();
  return fail(fmt::format("{}: pid {} holds {}; stop it first", kRunningAlready,
                          known ? pid.value().substr(0, pid.value().find('\n')) : "unknown", path));
}

Status write_pid(const base::UniqueFd& fd, const std::string& path) {
  if (ftruncate(fd.get(), 0) != 0) {
    return fail_errno("cannot empty " + path, errno);
  }
  return base::write_all(fd.get(), fmt::format("{}\n", getpid()), path);
}

}  // namespace

Result<Lock> Lock::acquire(const std::string& path, const std::string& socket_path,
                           std::chrono::milliseconds wait) {
  base::UniqueFd fd = TRY(base::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  const Clock::time_point deadline = Clock::now() + wait;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno("cannot lock " + path, errno);
    }
    if (Clock::now() >= deadline || is_listening(socket_path)) {
      return held_by_other(fd, path);
    }
    std::this_thread::sleep_for(kPause);
  }
  TRY(write_pid(fd, path));
  return Lock(std::move(fd));
}

}  // namespace holdfast::monitor
