#include "src/monitor/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace holdfast::monitor {
namespace {

// The exit status of a child that confines itself and then returns what `act` does.
template <typename Act>
int confined(Act act) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(confine().ok() ? act() : 99);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status);
}

int errno_of(long result) { return result < 0 ? errno : 0; }

TEST(Confine, RefusesWhatTheMonitorNeverDoes) {
  EXPECT_EQ(confined([] {
              std::array<char*, 1> none = {nullptr};
              return errno_of(execve("/bin/true", none.data(), none.data()));
            }),
            EPERM);
  EXPECT_EQ(confined([] { return errno_of(socket(AF_INET, SOCK_STREAM, 0)); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(socket(AF_NETLINK, SOCK_RAW, 0)); }), EPERM);
  // Refused before anything is looked at: EBADF and EFAULT are what the kernel would say.
  EXPECT_EQ(confined([] { return errno_of(setns(-1, 0)); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(mount(nullptr, nullptr, nullptr, 0, nullptr)); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(setuid(getuid())); }), EPERM);
}

TEST(Confine, LeavesTheRest) {
  EXPECT_EQ(confined([] { return errno_of(socket(AF_UNIX, SOCK_DGRAM, 0)); }), 0);
  EXPECT_EQ(confined([] { return errno_of(open("/dev/null", O_RDWR)); }), 0);
}

}  // namespace
}  // namespace holdfast::monitor
