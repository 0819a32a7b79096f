#include "src/respond/changes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/temp_dir.h"

namespace holdfast::respond {
namespace {

constexpr const char* kMounts =
    "22 1 8:1 / / rw - ext4 /dev/sda rw\n"
    "36 22 0:50 / /run/a\\040b rw shared:9 - overlay overlay "
    "rw,lowerdir=/l,upperdir=/up\\054per,workdir=/w\n"
    "37 22 0:51 / /run/c rw - tmpfs tmpfs rw,upperdir=/no\n";

TEST(Changes, UpperDirectoryIsThatOfTheOverlayAtTheRootfs) {
  EXPECT_EQ(upper_directory(kMounts, "/run/a b"), "/up,per");
  EXPECT_EQ(upper_directory(kMounts, "/run/c"), "") << "no overlay";
  EXPECT_EQ(upper_directory(kMounts, "/run"), "");
  EXPECT_EQ(upper_directory("", "/run"), "");
}

TEST(Changes, AreWhatLiesInTheUpperDirectory) {
  const test::TempDir dir;
  dir.write("upper/etc/passwd", "root");
  dir.write("secret/key", "x");
  std::filesystem::create_directory_symlink(dir.path("secret"), dir.path("upper/link"));
  const std::vector<Change> changes = changes_in(dir.path("upper"), 100);
  const auto find = [&](const std::string& path) {
    return std::ranges::find(changes, path, &Change::path);
  };
  ASSERT_NE(find("/etc/passwd"), changes.end());
  EXPECT_EQ(find("/etc/passwd")->type, "file");
  EXPECT_EQ(find("/etc/passwd")->bytes, 4U);
  EXPECT_EQ(find("/etc")->type, "directory");
  EXPECT_EQ(find("/link")->type, "symlink");
  EXPECT_EQ(find("/link/key"), changes.end()) << "a link was followed";
}

TEST(Changes, AreBounded) {
  const test::TempDir dir;
  for (int i = 0; i < 20; ++i) {
    dir.write("upper/" + std::to_string(i), "");
  }
  EXPECT_EQ(changes_in(dir.path("upper"), 7).size(), 7U);
}

}  // namespace
}  // namespace holdfast::respond
