#include "src/engine/version.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::engine {
namespace {

class VersionTest : public testing::Test {
 protected:
  // What a shell script's first line is.
  [[nodiscard]] std::string told(const std::string& script) const {
    dir.write("program", "#!/bin/sh\n" + script + "\n");
    chmod(dir.path("program").c_str(), 0755);
    return version_of(system, dir.path("program"));
  }
  test::TempDir dir;
  Tree system = Tree::open("/").value();
};

TEST_F(VersionTest, IsTheFirstLine) {
  EXPECT_EQ(told("echo \"1.2 $1\"; echo more"), "1.2 --version");
  EXPECT_EQ(told("echo wrong >&2"), "");
}

TEST_F(VersionTest, RootExecutesNothingOfOthers) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  EXPECT_EQ(told("echo 1"), "1");
  ASSERT_EQ(chown(dir.path("program").c_str(), 1000, 1000), 0);
  EXPECT_EQ(told("echo 1"), "");
}

TEST_F(VersionTest, RootsEnvironmentIsNotHandedOn) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  setenv("HOLDFAST_TEST_SECRET", "secret", 1);
  EXPECT_EQ(told("echo ${HOLDFAST_TEST_SECRET-none}"), "none");
  unsetenv("HOLDFAST_TEST_SECRET");
}

}  // namespace
}  // namespace holdfast::engine
