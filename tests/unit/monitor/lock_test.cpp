#include "src/monitor/lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>

#include "src/monitor/server.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

using std::chrono::milliseconds;

class LockTest : public testing::Test {
 protected:
  [[nodiscard]] Result<Lock> acquire(milliseconds wait = milliseconds(0)) const {
    return Lock::acquire(root_.path("monitor.lock"), root_.path("monitor.sock"), wait);
  }
  test::TempDir root_;
};

TEST_F(LockTest, IsHeldByOneAndSaysByWhom) {
  const auto first = acquire();
  ASSERT_TRUE(first.ok());
  const auto second = acquire();
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("pid " + std::to_string(getpid())), std::string::npos);
}

TEST_F(LockTest, IsFreeAgainWhenItsHolderIsGone) {
  { ASSERT_TRUE(acquire().ok()); }
  EXPECT_TRUE(acquire().ok());
}

TEST_F(LockTest, CannotBeHeldByWhoMayOnlyRead) {
  ASSERT_TRUE(acquire().ok());
  struct stat status {};
  ASSERT_EQ(stat(root_.path("monitor.lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(LockTest, StopsWaitingForAMonitorThatStays) {
  const auto first = acquire();
  const auto server = Server::listen(root_.path("monitor.sock"), nullptr);
  ASSERT_TRUE(server.ok());
  EXPECT_FALSE(acquire(milliseconds(60000)).ok());  // the test's own time limit is shorter
}

TEST_F(LockTest, WaitsForAMonitorThatLeaves) {
  std::optional<Result<Lock>> first(acquire());
  ASSERT_TRUE(first->ok());
  std::thread leaving([&first] {
    std::this_thread::sleep_for(milliseconds(100));
    first.reset();
  });
  const auto second = acquire(milliseconds(60000));
  leaving.join();
  EXPECT_TRUE(second.ok());
}

TEST_F(LockTest, WaitsNoLongerThanItMay) {
  const auto first = acquire();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(acquire(milliseconds(100)).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(100));
}

TEST_F(LockTest, DoesNotFollowALink) {
  ASSERT_EQ(symlink("/etc/passwd", root_.path("monitor.lock").c_str()), 0);
  EXPECT_FALSE(acquire().ok());
}

}  // namespace
}  // namespace holdfast::monitor
