#include "src/monitor/cgroup_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

using Ids = std::vector<std::string>;

// Files in the place of the kernel's.
class CgroupWatchTest : public testing::Test {
 protected:
  CgroupWatchTest() : watch_(root_.path()) {
    for (const char* cgroup : {"a", "b"}) {
      change(cgroup);
    }
  }
  void change(const std::string& cgroup) const {
    root_.write(cgroup + "/cgroup.events", "populated 1\n");
  }

  test::TempDir root_;
  CgroupWatch watch_;
};

TEST_F(CgroupWatchTest, TellsWhichOnesHaveChanged) {
  ASSERT_TRUE(watch_.add("one", "/a"));
  ASSERT_TRUE(watch_.add("two", "/b"));
  EXPECT_TRUE(watch_.take().ids.empty());
  change("b");
  const CgroupWatch::Changed changed = watch_.take();
  ASSERT_FALSE(changed.ids.empty());
  EXPECT_EQ(changed.ids.front(), "two");
  EXPECT_EQ(changed.ids.back(), "two");
  EXPECT_FALSE(changed.lost);
  EXPECT_TRUE(watch_.take().ids.empty());
}

TEST_F(CgroupWatchTest, SaysWhatItCannotWatch) {
  EXPECT_FALSE(watch_.add("one", "/none"));
  EXPECT_FALSE(watch_.add("one", ""));
  EXPECT_FALSE(watch_.has("one"));
  EXPECT_FALSE(CgroupWatch("").add("one", "/a"));
  EXPECT_LT(CgroupWatch("").fd(), 0);
}

TEST_F(CgroupWatchTest, TwoContainersOfOneCgroupAreNotTakenForEachOther) {
  ASSERT_TRUE(watch_.add("one", "/a"));
  EXPECT_FALSE(watch_.add("two", "/a"));
  watch_.remove("two");
  change("a");
  const Ids ids = watch_.take().ids;
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids.front(), "one");
}

TEST_F(CgroupWatchTest, ForgetsWhatIsRemoved) {
  ASSERT_TRUE(watch_.add("one", "/a"));
  watch_.remove("one");
  change("a");
  EXPECT_TRUE(watch_.take().ids.empty());
  EXPECT_TRUE(watch_.add("again", "/a"));
}

TEST_F(CgroupWatchTest, ACgroupThatHasGoneIsTold) {
  ASSERT_TRUE(watch_.add("one", "/a"));
  std::filesystem::remove_all(root_.path("a"));
  const Ids ids = watch_.take().ids;
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids.front(), "one");
  EXPECT_FALSE(watch_.has("one"));
}

}  // namespace
}  // namespace holdfast::monitor
