#include "src/monitor/spawn.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "src/base/cgroup.h"
#include "src/base/file.h"
#include "src/base/self.h"
#include "src/base/unique_fd.h"
#include "src/monitor/client.h"
#include "src/monitor/log_file.h"
#include "src/profile/user.h"

namespace holdfast::monitor {
namespace {

using base::UniqueFd;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Where systemd holds the socket, a monitor that is only starting has it too. Shim and hook wait
// one after the other, and kubelet gives a runtime two minutes.
constexpr milliseconds kAnswerTimeout{40000};
// "error: " and a sentence.
constexpr std::size_t kMaxReadyLine = 4096;
// The first descriptor after stdio; everything above it is closed.
constexpr int kReadyFd = 3;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) {
    return fail_errno("cannot make a pipe", errno);
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// fork(2) whose child ends without SIGCHLD: a caller that blocks SIGCHLD would otherwise carry a
// pending one, which is ours, across its exec of the real runtime. All arguments are zero, so their
// order, which differs between architectures, does not matter.
pid_t fork_silently() {
  return static_cast<pid_t>(syscall(SYS_clone, 0UL, nullptr, nullptr, nullptr, 0UL));
}

void reap(pid_t child) {
  while (waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    sigaction(number, &action, nullptr);  // fails for KILL, STOP and libc's own
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Limits that are meant for a container's runtime would end a monitor that lives long, or keep it
// from writing alerts. Only CAP_SYS_RESOURCE may go beyond the hard limit.
void raise_limits() {
  for (const auto resource : {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_NOFILE}) {
    rlimit limit{};
    if (getrlimit(resource, &limit) != 0) {
      continue;
    }
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    limit.rlim_cur = limit.rlim_max;
    // fs.nr_open bounds the number of descriptors: no limit at all is not to be had there.
    if (resource == RLIMIT_NOFILE || setrlimit(resource, &none) != 0) {
      setrlimit(resource, &limit);
    }
  }
}

void close_from(int first) {
  if (close_range(static_cast<unsigned>(first), ~0U, 0) == 0) {
    return;
  }
  const long limit = sysconf(_SC_OPEN_MAX);
  for (int fd = first; fd < (limit > 0 ? limit : 1024); ++fd) {
    close(fd);
  }
}

void tell_error(int ready_fd, const Error& error) {
  (void)base::write_all(ready_fd, std::string(kErrorPrefix) + error.message + "\n",
                        "the ready pipe");
}

// stdio becomes /dev/null, but standard error `log` where there is one; `ready` becomes kReadyFd
// (kept across exec), the rest is closed. Plain numbers: any of them may be one that is replaced
// here.
Status arrange_descriptors(int ready, int log) {
  const int high = fcntl(ready, F_DUPFD_CLOEXEC, kReadyFd + 1);
  const int high_log = log < 0 ? -1 : fcntl(log, F_DUPFD_CLOEXEC, kReadyFd + 1);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (high < 0 || null < 0) {
    return fail_errno("cannot prepare the monitor's descriptors", errno);
  }
  for (const int stdio : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null == stdio ? fcntl(stdio, F_SETFD, 0) < 0 : dup2(null, stdio) < 0) {
      return fail_errno("cannot give the monitor /dev/null", errno);
    }
  }
  if (high_log >= 0 && dup2(high_log, STDERR_FILENO) < 0) {
    return fail_errno("cannot give the monitor its log", errno);
  }
  if (dup2(high, kReadyFd) < 0) {
    return fail_errno("cannot keep the monitor's ready pipe", errno);
  }
  close_from(kReadyFd + 1);
  return Ok{};
}

[[noreturn]] void exec_monitor(const Where& where) {
  const std::string ready = std::to_string(kReadyFd);
  std::vector<const char*> argv = {where.binary.c_str(), "monitor", "--on-demand", "--ready-fd",
                                   ready.c_str()};
  if (where.socket != kDefaultSocketPath) {
    argv.insert(argv.end(), {"--socket", where.socket.c_str()});
  }
  if (!where.config.empty()) {
    argv.insert(argv.end(), {"--config", where.config.c_str()});
  }
  argv.push_back(nullptr);
  const std::array<const char*, 2> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", nullptr};
  // exec takes non-const pointers for historical reasons and changes nothing behind them.
  execve(argv[0], const_cast<char* const*>(argv.data()),  // NOLINT
         const_cast<char* const*>(environment.data()));   // NOLINT
  const int error_number = errno;
  tell_error(kReadyFd, fail_errno("cannot execute " + where.binary, error_number));
  _exit(127);
}

// What the first child does between fork and its end: it leaves everything of the caller behind,
// forks the monitor and is gone, so that the monitor is nobody's child here.
[[noreturn]] void become_monitor(const Where& where, int ready_fd) {
  setsid();
  reset_signals();
  raise_limits();
  umask(022);
  // One that cannot be had is no reason not to guard.
  const Result<UniqueFd> log = open_log(where.socket);
  umask(077);
  Status arranged = enter_own_cgroup(where.sysfs_cgroup);
  if (arranged.ok() && chdir("/") != 0) {
    arranged = fail_errno("cannot change to /", errno);
  }
  if (!arranged.ok()) {
    tell_error(ready_fd, arranged.error());
    _exit(1);
  }
  if (fork_silently() != 0) {
    _exit(0);
  }
  arranged = arrange_descriptors(ready_fd, log.ok() ? log.value().get() : -1);
  if (!arranged.ok()) {
    tell_error(ready_fd, arranged.error());
    _exit(1);
  }
  exec_monitor(where);
}

// The first line the monitor writes, or what there was until it closed the pipe.
Result<std::string> read_ready_line(int fd, const std::string& log, Clock::time_point deadline) {
  std::string line;
  while (line.size() < kMaxReadyLine && line.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left > 0 ? left : 0));
    if (ready == 0) {
      return fail("the monitor was not ready in time; see " + log);
    }
    std::array<char, 512> buffer{};
    const ssize_t got = ready < 0 ? -1 : read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("cannot read the monitor's ready pipe", errno);
    }
    if (got == 0) {
      break;
    }
    line.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return line.substr(0, line.find('\n'));
}

// The winner of a race may still be loading its programs.
Status wait_for_listener(const std::string& socket, Clock::time_point deadline) {
  constexpr timespec kPause{0, 20'000'000};
  while (!is_listening(socket)) {
    if (Clock::now() >= deadline) {
      return fail("another monitor is starting and was not ready in time; see " + log_path(socket));
    }
    nanosleep(&kPause, nullptr);
  }
  return Ok{};
}

Status judge_ready_line(const std::string& line, const std::string& socket,
                        Clock::time_point deadline) {
  if (line == kReadyLine) {
    return Ok{};
  }
  if (line.starts_with(kErrorPrefix)) {
    std::string sentence = line.substr(kErrorPrefix.size());
    return sentence.starts_with(kRunningAlready) ? wait_for_listener(socket, deadline)
                                                 : Status(fail(std::move(sentence)));
  }
  return fail("the monitor ended before it was ready; see " + log_path(socket));
}

Status make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the monitor's cgroup " + path, errno);
  }
  return Ok{};
}

}  // namespace

Status enter_own_cgroup(const std::string& sysfs_cgroup) {
  const std::string mount = base::cgroup2_mount(sysfs_cgroup);
  if (mount.empty()) {
    return Ok{};
  }
  const std::string cgroup = mount + "/holdfast/monitor";
  TRY(make_directory(mount + "/holdfast"));
  TRY(make_directory(cgroup));
  const std::string procs = cgroup + "/cgroup.procs";
  const UniqueFd fd = TRY(base::open_file(procs, O_WRONLY));
  return base::write_all(fd.get(), "0", procs);
}

Result<std::string> find_monitor_binary(const std::string& configured) {
  if (!configured.empty()) {
    return configured;
  }
  for (const char* beside : {"../src/cli/holdfast", "holdfast"}) {
    std::string found = base::find_program(HOLDFAST_BINDIR "/holdfast", beside);
    if (!found.empty()) {
      return found;
    }
  }
  return fail("the holdfast command is not installed in " HOLDFAST_BINDIR
              "; name it as \"monitor\": {\"binary\": …} in holdfast.json");
}

Status start_monitor(const Where& where, milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Where found = where;
  found.binary = TRY(find_monitor_binary(where.binary));
  Pipe ready = TRY(make_pipe());
  const pid_t child = fork_silently();
  if (child < 0) {
    return fail_errno("cannot start the monitor", errno);
  }
  if (child == 0) {
    become_monitor(found, ready.write.get());
  }
  ready.write.reset();
  reap(child);
  const std::string line = TRY(read_ready_line(ready.read.get(), log_path(where.socket), deadline));
  return judge_ready_line(line, where.socket, deadline);
}

Result<Reply> ensure_running(const Where& where, Clock::time_point deadline) {
  Result<Reply> status = call(where.socket, Request{}, within(kAnswerTimeout, deadline));
  if (status.ok() || is_listening(where.socket)) {
    return status;
  }
  if (profile::own_user() != 0) {
    return fail("no monitor listens at " + where.socket +
                ", and only root can start one: sudo systemctl enable --now holdfast.socket");
  }
  const Status started = start_monitor(where, within(kStartTimeout, deadline));
  // Whatever went wrong with ours, a monitor that listens is there to be asked.
  if (!started.ok() && !is_listening(where.socket)) {
    return fail("cannot start the monitor: " + started.error().message);
  }
  return call(where.socket, Request{}, within(kAnswerTimeout, deadline));
}

}  // namespace holdfast::monitor
