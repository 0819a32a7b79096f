#include "src/monitor/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "src/monitor/log_file.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A shell script stands for the monitor and writes down what it was given.
class Spawn : public testing::Test {
 protected:
  void SetUp() override {
    where_.binary = root_ / "holdfast";
    where_.socket = root_ / "socket";
    where_.sysfs_cgroup = root_ / "cgroup";
  }

  void program(const std::string& script) {
    std::ofstream(where_.binary) << "#!/bin/sh\n"
                                 << "d=" << root_.string() << "\n"
                                 << script;
    ASSERT_EQ(chmod(where_.binary.c_str(), 0755), 0);
  }

  // What the script writes last.
  std::string wait_for(const std::string& file) {
    for (int i = 0; i < 500 && !fs::exists(root_ / file); ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    return content_of(root_ / file);
  }

  test::TempDir temp_;
  const fs::path root_ = temp_.path();
  Where where_;
};

// A limit of the caller's on processor time would end the guard of every container one day.
TEST_F(Spawn, RaisesTheLimitsOfTheCaller) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_CPU, &before), 0);
  const rlimit tight{5000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_CPU, &tight), 0);
  program("ulimit -S -t > $d/soft\nulimit -H -t > $d/hard\necho ready >&3\n");
  const Status started = start_monitor(where_, milliseconds(10000));
  ASSERT_EQ(setrlimit(RLIMIT_CPU, &before), 0);
  EXPECT_TRUE(started.ok()) << started.error().message;
  EXPECT_EQ(content_of(root_ / "soft"), content_of(root_ / "hard"));
}

TEST_F(Spawn, WaitsUntilTheMonitorIsReady) {
  program("echo \"$@\" > $d/args\nsleep 0.1\ntouch $d/was-ready\necho ready >&3\nexec sleep 0.1\n");
  const Status started = start_monitor(where_, milliseconds(10000));
  EXPECT_TRUE(started.ok()) << started.error().message;
  EXPECT_TRUE(fs::exists(root_ / "was-ready"));
  EXPECT_EQ(content_of(root_ / "args"),
            "monitor --on-demand --ready-fd 3 --socket " + where_.socket + "\n");
}

TEST_F(Spawn, HandsOnAnotherConfiguration) {
  program("echo \"$@\" > $d/args\necho ready >&3\n");
  where_.config = "/x/holdfast.json";
  EXPECT_TRUE(start_monitor(where_, milliseconds(10000)).ok());
  EXPECT_TRUE(content_of(root_ / "args").ends_with(" --config /x/holdfast.json\n"));
}

TEST_F(Spawn, TellsWhyTheMonitorDidNotStart) {
  program("echo 'error: no BTF' >&3\nexit 1\n");
  const Status started = start_monitor(where_, milliseconds(10000));
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().message, "no BTF");
}

TEST_F(Spawn, TellsThatTheMonitorEndedWithoutAWord) {
  program("exit 3\n");
  const Status started = start_monitor(where_, milliseconds(10000));
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("ended before"), std::string::npos);
}

TEST_F(Spawn, TellsThatThereIsNoProgram) {
  const Status started = start_monitor(where_, milliseconds(10000));
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find(where_.binary), std::string::npos);
}

TEST_F(Spawn, DoesNotWaitForEver) {
  program("exec sleep 2\n");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(start_monitor(where_, milliseconds(200)).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1900));
}

TEST_F(Spawn, GivesUpOnTheWinnerOfARaceThatNeverListens) {
  program("echo 'error: a monitor is running already: pid 1 holds it' >&3\n");
  // Long enough for a shell to start on a busy machine.
  const Status started = start_monitor(where_, milliseconds(2000));
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("another monitor"), std::string::npos);
}

TEST_F(Spawn, KeepsWhatTheMonitorSaysInALogOfItsOwn) {
  program("echo 'why it ended' >&2\nexit 3\n");
  where_.socket = root_ / "run/socket";
  const Status started = start_monitor(where_, milliseconds(10000));
  ASSERT_FALSE(started.ok());
  const fs::path log = root_ / "run/monitor.log";
  EXPECT_NE(started.error().message.find("see " + log.string()), std::string::npos);
  EXPECT_EQ(content_of(log), "why it ended\n");
  EXPECT_EQ(fs::status(log).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(root_ / "run").permissions(), fs::perms(0755));
}

TEST_F(Spawn, EmptiesALogThatIsTooLong) {
  std::ofstream(root_ / "monitor.log") << std::string(kMaxLogBytes + 1, 'x');
  program("echo short >&2\n");
  EXPECT_FALSE(start_monitor(where_, milliseconds(10000)).ok());
  EXPECT_EQ(content_of(root_ / "monitor.log"), "short\n");
}

TEST_F(Spawn, StartsTheMonitorWithoutALogWhereThereCannotBeOne) {
  ASSERT_EQ(mkfifo((root_ / "monitor.log").c_str(), 0600), 0);
  program("echo lost >&2\necho ready >&3\n");
  EXPECT_TRUE(start_monitor(where_, milliseconds(10000)).ok());
}

TEST_F(Spawn, AnOtherStandardErrorThanTheLogIsLeftAlone) {
  const int saved = dup(STDERR_FILENO);
  for (const char* name : {"other", "monitor.log"}) {
    std::ofstream(root_ / name) << "text";
    const int fd = open((root_ / name).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    dup2(fd, STDERR_FILENO);
    trim_log(where_.socket, 4);
    EXPECT_EQ(content_of(root_ / name), "text");
    trim_log(where_.socket, 3);
    close(fd);
  }
  dup2(saved, STDERR_FILENO);
  close(saved);
  EXPECT_EQ(content_of(root_ / "other"), "text");
  EXPECT_EQ(content_of(root_ / "monitor.log"), "");
}

TEST_F(Spawn, LeavesNothingOfTheCallerToTheMonitor) {
  program(
      "echo ready >&3\nexec 3>&-\n"
      "env > $d/env\npwd > $d/cwd\n"
      "ls -l /proc/$$/fd > $d/fds\n"
      "cat /proc/self/status > $d/status\n"
      "awk '{print $6}' /proc/$$/stat > $d/session\necho $$ > $d/pid\ntouch $d/done\n");
  // The shell blocks signals while it waits, so a command tells the mask that it inherited.
  const int kept = open("/dev/zero", O_RDONLY);  // not close-on-exec: as an engine's may be
  setenv("LD_PRELOAD_OF_AN_IMAGE", "1", 1);
  signal(SIGUSR1, SIG_IGN);
  EXPECT_TRUE(start_monitor(where_, milliseconds(10000)).ok());
  wait_for("done");
  signal(SIGUSR1, SIG_DFL);
  unsetenv("LD_PRELOAD_OF_AN_IMAGE");
  close(kept);
  EXPECT_EQ(content_of(root_ / "env").find("LD_PRELOAD_OF_AN_IMAGE"), std::string::npos);
  EXPECT_EQ(content_of(root_ / "cwd"), "/\n");
  EXPECT_EQ(content_of(root_ / "fds").find("/dev/zero"), std::string::npos);
  EXPECT_NE(content_of(root_ / "status").find("SigIgn:\t0000000000000000"), std::string::npos);
  EXPECT_NE(content_of(root_ / "status").find("SigBlk:\t0000000000000000"), std::string::npos);
  EXPECT_NE(std::stoi(content_of(root_ / "session")), getsid(0));
}

TEST_F(Spawn, LeavesTheCallerNoChildAndNoPendingSignal) {
  program("echo ready >&3\nexec sleep 0.2\n");
  sigset_t chld;
  sigset_t before;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, &before);
  EXPECT_TRUE(start_monitor(where_, milliseconds(10000)).ok());
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGCHLD), 0);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(Spawn, LeavesTheCallerNoDescriptor) {
  program("echo ready >&3\n");
  const auto count = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = count();
  EXPECT_TRUE(start_monitor(where_, milliseconds(10000)).ok());
  EXPECT_EQ(count(), before);
}

TEST_F(Spawn, PutsTheMonitorInACgroupOfItsOwn) {
  for (const char* mount : {"cgroup", "hybrid/unified"}) {
    fs::create_directories(root_ / mount / "holdfast/monitor");
    std::ofstream(root_ / mount / "cgroup.controllers") << "";
    std::ofstream(root_ / mount / "holdfast/monitor/cgroup.procs") << "";
  }
  EXPECT_TRUE(enter_own_cgroup(root_ / "cgroup").ok());
  EXPECT_EQ(content_of(root_ / "cgroup/holdfast/monitor/cgroup.procs"), "0");
  EXPECT_TRUE(enter_own_cgroup(root_ / "hybrid").ok());
  EXPECT_EQ(content_of(root_ / "hybrid/unified/holdfast/monitor/cgroup.procs"), "0");
  EXPECT_TRUE(enter_own_cgroup(root_ / "none").ok());
}

TEST_F(Spawn, RefusesToRunTheMonitorInTheRuntimesCgroup) {
  fs::create_directories(root_ / "cgroup");
  std::ofstream(root_ / "cgroup/cgroup.controllers") << "";
  std::ofstream(root_ / "cgroup/holdfast") << "a file in the way";
  program("echo ready >&3\n");
  const Status started = start_monitor(where_, milliseconds(10000));
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("cgroup"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::monitor
