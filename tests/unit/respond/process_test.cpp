#include "src/respond/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/process.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::respond {
namespace {

// A child that waits, and a /proc that says what a test wants of it.
class KillProcess : public testing::Test {
 protected:
  KillProcess() : child_(fork()) {
    if (child_ == 0) {
      pause();
      _exit(0);
    }
    put("0::/pod/web/below\n", 77);
  }
  ~KillProcess() override {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

  void put(const std::string& cgroup, int start) {
    const std::string pid = std::to_string(child_);
    dir_.write(pid + "/cgroup", cgroup);
    dir_.write(pid + "/stat", pid + " (x) S 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 " +
                                  std::to_string(start) + " 0\n");
  }
  // Not reaped, so that its pid stays.
  [[nodiscard]] bool was_killed() const {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == child_ && info.si_code == CLD_KILLED;
  }
  void wait_for_end() const {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOWAIT);
  }

  test::TempDir dir_;
  pid_t child_;
};

TEST_F(KillProcess, EndsAProcessOfTheContainer) {
  ASSERT_TRUE(kill_process(dir_.path(), {child_, 77}, "/pod/web").ok());
  wait_for_end();
  EXPECT_TRUE(was_killed());
}

TEST_F(KillProcess, WhoeverHasThePidNowWhenNoStartIsGiven) {
  ASSERT_TRUE(kill_process(dir_.path(), {child_, 0}, "/pod/web").ok());
  wait_for_end();
}

TEST_F(KillProcess, LeavesAProcessAloneThatTookOverThePid) {
  const Status refused = kill_process(dir_.path(), {child_, 76}, "/pod/web");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("its pid is another's by now"), std::string::npos);
  EXPECT_FALSE(was_killed());
}

TEST_F(KillProcess, LeavesAProcessOfAnotherCgroupAlone) {
  for (const char* cgroup : {"/pod/webserver", "/pod/other", "/", ""}) {
    EXPECT_FALSE(kill_process(dir_.path(), {child_, 77}, cgroup).ok()) << cgroup;
  }
  EXPECT_FALSE(was_killed());
}

TEST_F(KillProcess, ThatHasEndedIsSaid) {
  kill(child_, SIGKILL);
  wait_for_end();
  const Status refused = kill_process(dir_.path(), {child_, 77}, "/pod/web");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("has ended"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::respond
