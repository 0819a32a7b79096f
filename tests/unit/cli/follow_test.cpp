#include "src/cli/follow.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/temp_dir.h"

namespace holdfast::cli {
namespace {

using Lines = std::vector<std::string>;

class Follow : public testing::Test {
 protected:
  Lines next() { return follower_.next().value(); }
  void append(const std::string& text) const {
    std::ofstream(root_.path("alerts"), std::ios::app) << text;
  }
  test::TempDir root_;
  LineFollower follower_{root_.path("alerts")};
};

TEST_F(Follow, WaitsForAFileThatIsNotThereYet) {
  EXPECT_EQ(next(), Lines{});
  append("a\n");
  EXPECT_EQ(next(), Lines{"a"});
  EXPECT_EQ(next(), Lines{});
}

TEST_F(Follow, WaitsForTheRestOfALine) {
  append("a\nb");
  EXPECT_EQ(next(), Lines{"a"});
  append("c\n");
  EXPECT_EQ(next(), Lines{"bc"});
}

TEST_F(Follow, ReadsTheOldFileToItsEndBeforeTheNewOne) {
  append("a\n");
  EXPECT_EQ(next(), Lines{"a"});
  append("b\n");
  std::filesystem::rename(root_.path("alerts"), root_.path("alerts.1"));
  append("c\n");
  EXPECT_EQ(next(), Lines{"b"});
  EXPECT_EQ(next(), Lines{"c"});
}

TEST_F(Follow, StartsAgainWhenTheFileWasEmptied) {
  append("a long line\n");
  EXPECT_EQ(next(), Lines{"a long line"});
  std::filesystem::resize_file(root_.path("alerts"), 0);
  append("b\n");
  EXPECT_EQ(next(), Lines{"b"});
}

TEST_F(Follow, RefusesAFileWithoutLines) {
  append(std::string(std::size_t{2} << 20, 'x'));
  bool refused = false;
  for (int i = 0; i < 20 && !refused; ++i) {
    refused = !follower_.next().ok();
  }
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace holdfast::cli
