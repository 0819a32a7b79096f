#include "src/monitor/unguarded.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

class UnguardedTest : public testing::Test {
 protected:
  [[nodiscard]] std::string names() const {
    std::string names;
    for (const Unguarded& one : list_unguarded(socket_)) {
      names += one.id + ": " + one.why + "; ";
    }
    return names;
  }

  test::TempDir dir_;
  std::string socket_ = dir_.path("run/monitor.sock");
};

TEST_F(UnguardedTest, AreNamedUntilTheyGo) {
  EXPECT_EQ(names(), "");
  ASSERT_TRUE(note_unguarded(socket_, "web", getpid(), "no monitor").ok());
  ASSERT_TRUE(note_unguarded(socket_, "db", getpid(), "a \"quoted\" reason").ok());
  EXPECT_EQ(names(), "db: a \"quoted\" reason; web: no monitor; ");
  forget_unguarded(socket_, "web");
  forget_unguarded(socket_, "web");
  EXPECT_EQ(names(), "db: a \"quoted\" reason; ");
}

TEST_F(UnguardedTest, WhoseInitHasEndedAreGone) {
  dir_.write("proc/50/stat", "50 (sh) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 700 0 0");
  ASSERT_TRUE(note_unguarded(socket_, "web", 50, "no monitor", dir_.path("proc")).ok());
  EXPECT_EQ(list_unguarded(socket_, dir_.path("proc")).size(), 1U);
  // Its pid is another's by now.
  dir_.write("proc/50/stat", "50 (sh) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 701 0 0");
  EXPECT_TRUE(list_unguarded(socket_, dir_.path("proc")).empty());
  EXPECT_FALSE(note_unguarded(socket_, "gone", 51, "no monitor", dir_.path("proc")).ok());
}

TEST_F(UnguardedTest, AreForRootAlone) {
  ASSERT_TRUE(note_unguarded(socket_, "web", getpid(), "no monitor").ok());
  struct stat status {};
  ASSERT_EQ(stat(dir_.path("run/unguarded").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(UnguardedTest, FilesThatAreNoneAreLeftAlone) {
  dir_.write("run/unguarded/web.json", "{\"pid\":");
  dir_.write("run/unguarded/other.json", "{\"pid\":1,\"start_ticks\":0}");
  EXPECT_EQ(names(), "");
}

TEST_F(UnguardedTest, AnIdThatIsNoneLeadsNowhere) {
  dir_.write("victim.json", "{}");
  forget_unguarded(socket_, "../../victim");
  EXPECT_EQ(dir_.read("victim.json"), "{}");
}

}  // namespace
}  // namespace holdfast::monitor
