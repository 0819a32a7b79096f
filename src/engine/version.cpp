#include "src/engine/version.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "src/base/unique_fd.h"

namespace holdfast::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{5};
constexpr std::size_t kMaxLine = 200;

// -1 when it cannot be started. Its output goes to `out`, nothing else of ours does.
pid_t start(const std::string& program, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const std::array<const char*, 3> argv = {program.c_str(), "--version", nullptr};
  const std::array<const char*, 3> small = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                                            nullptr};
  // An ordinary user's podman needs XDG_RUNTIME_DIR and more.
  char** environment = geteuid() == 0 ? const_cast<char**>(small.data()) : environ;  // NOLINT
  pid_t child = -1;
  // POSIX takes non-const pointers for historical reasons and changes nothing behind them.
  if (posix_spawn(&child, program.c_str(), &actions, nullptr, const_cast<char* const*>(argv.data()),
                  environment) != 0) {  // NOLINT
    child = -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

std::string read_line(int fd, Clock::time_point deadline) {
  std::string line;
  while (line.size() < kMaxLine && line.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) {
      break;
    }
    std::array<char, kMaxLine> buffer{};
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got <= 0) {
      break;
    }
    line.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return line.substr(0, line.find('\n'));
}

}  // namespace

std::string version_of(const Tree& tree, const std::string& program) {
  if (geteuid() == 0 && !tree.must_be_roots(program).ok()) {
    return "";
  }
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) {
    return "";
  }
  const base::UniqueFd read_end(fds[0]);
  base::UniqueFd write_end(fds[1]);
  const pid_t child = start(program, write_end.get());
  write_end.reset();
  if (child < 0) {
    return "";
  }
  std::string line = read_line(read_end.get(), Clock::now() + kPatience);
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return line;
}

}  // namespace holdfast::engine
