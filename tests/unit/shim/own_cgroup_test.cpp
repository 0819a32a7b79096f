#include "shim/own_cgroup.h"

#include <gtest/gtest.h>

#include "tests/unit/temp_dir.h"

namespace holdfast::shim {
namespace {

// A cgroup v2 host on which the caller is in `own`.
class OwnCgroup : public testing::Test {
 protected:
  void is_in(const std::string& own) const {
    root_.write("cgroup/cgroup.controllers", "memory pids\n");
    root_.write("proc/self/cgroup", "0::" + own + "\n");
  }
  [[nodiscard]] std::string found() const {
    return own_cgroup("abc", root_.path("proc"), root_.path("cgroup"));
  }
  test::TempDir root_;
};

TEST_F(OwnCgroup, LiesBesideTheCallers) {
  is_in("/user.slice/shell");
  root_.write("cgroup/user.slice/cgroup.procs", "");
  EXPECT_EQ(found(), "/user.slice/holdfast-abc");
}

TEST_F(OwnCgroup, IsNotAskedForWhereTheCallerMayNotMoveThere) {
  is_in("/user.slice/shell");
  EXPECT_EQ(found(), "");
}

TEST_F(OwnCgroup, IsNotAskedForBesideNothing) {
  is_in("/");
  EXPECT_EQ(found(), "");
}

TEST_F(OwnCgroup, IsNotAskedForWithoutCgroup2) {
  root_.write("proc/self/cgroup", "1:cpu:/user\n");
  EXPECT_EQ(found(), "");
}

}  // namespace
}  // namespace holdfast::shim
