#include "shim/runtime.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::shim {
namespace {

namespace fs = std::filesystem;

class Runtime : public testing::Test {
 protected:
  void SetUp() override {
    shim_ = program("shim/holdfast-runtime");
    struct stat file {};
    ASSERT_EQ(stat(shim_.c_str(), &file), 0);
    self_ = {file.st_dev, file.st_ino};
  }

  std::string program(const std::string& name, mode_t mode = 0755) {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "program";
    chmod(path.c_str(), mode);
    return path;
  }

  Surroundings called(const std::string& as, const std::string& configured = "") {
    const std::string root = root_;
    return {as, configured, root + "/a:" + root + "/b", self_};
  }

  test::TempDir temp_;
  const fs::path root_ = temp_.path();
  std::string shim_;
  FileIdentity self_;
};

TEST_F(Runtime, IsTheOneWeAreCalledFor) {
  const std::string runc = program("a/runc");
  const std::string crun = program("b/crun");
  EXPECT_EQ(find_runtime(called("/usr/bin/holdfast-runc", crun)).value(), runc);
  EXPECT_EQ(find_runtime(called("holdfast-crun", runc)).value(), crun);
}

TEST_F(Runtime, OfThatNameMayBeWhereOnlyTheConfigurationSays) {
  const std::string runc = program("opt/runc");
  EXPECT_EQ(find_runtime(called("holdfast-runc", runc)).value(), runc);
}

TEST_F(Runtime, IsTheConfiguredOne) {
  const std::string youki = program("opt/youki");
  program("a/crun");
  EXPECT_EQ(find_runtime(called("holdfast-runtime", youki)).value(), youki);
}

TEST_F(Runtime, IsCrunBeforeRuncOnPath) {
  const std::string runc = program("a/runc");
  EXPECT_EQ(find_runtime(called("holdfast-runtime")).value(), runc);
  const std::string crun = program("b/crun");
  EXPECT_EQ(find_runtime(called("holdfast-runtime")).value(), crun);
}

TEST_F(Runtime, IsNeverTheShimUnderAnotherName) {
  fs::create_directories(root_ / "a");
  fs::create_symlink(shim_, root_ / "a/runc");
  fs::create_hard_link(shim_, root_ / "a/crun");
  const std::string runc = program("b/runc");
  EXPECT_EQ(find_runtime(called("holdfast-runtime")).value(), runc);
  const auto configured = find_runtime(called("holdfast-runtime", root_ / "a/runc"));
  ASSERT_FALSE(configured.ok());
  EXPECT_NE(configured.error().message.find("holdfast-runtime itself"), std::string::npos);
}

TEST_F(Runtime, IsAnExecutableFile) {
  program("a/runc", 0644);
  fs::create_directories(root_ / "a/crun");
  EXPECT_FALSE(find_runtime(called("holdfast-runtime")).ok());
}

TEST_F(Runtime, IsNotLookedUpInRelativeFolders) {
  program("a/runc");
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  EXPECT_FALSE(find_runtime({"holdfast-runtime", "", "a::.", self_}).ok());
  fs::current_path(before);
}

TEST_F(Runtime, ThatIsMissingIsNamedWithItsRemedy) {
  const auto named = find_runtime(called("holdfast-crun"));
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().message, "crun is not on PATH; install it, or call holdfast-runtime");
  const auto any = find_runtime(called("holdfast-runtime"));
  ASSERT_FALSE(any.ok());
  EXPECT_NE(any.error().message.find("holdfast.json"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::shim
