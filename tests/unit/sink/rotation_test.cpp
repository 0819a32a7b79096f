#include "src/sink/rotation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/sink/tail.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::sink {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 24 * 3600 * kSecond;
constexpr std::int64_t kNewYear = 1'735'689'599 * kSecond;  // 2024-12-31T23:59:59Z

class RotationOfALog : public testing::Test {
 protected:
  [[nodiscard]] bool due(const Rotation& rotation, std::size_t more,
                         std::int64_t now_ns = 0) const {
    return is_due(rotation, base::open_file(log_, O_RDONLY).value().get(), more, now_ns);
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  test::TempDir root_;
  std::string log_ = root_.path("log");
};

TEST_F(RotationOfALog, IsDueBySize) {
  root_.write("log", std::string(100, 'x'));
  EXPECT_FALSE(due({200, 0, 1}, 100));
  EXPECT_TRUE(due({200, 0, 1}, 101));
  EXPECT_FALSE(due({0, 0, 1}, 1'000'000)) << "0 is any size";
  root_.write("log", "");
  EXPECT_FALSE(due({200, 0, 1}, 1000)) << "an empty file has no smaller successor";
}

TEST_F(RotationOfALog, IsDueByAge) {
  root_.write("log", "x");
  struct statx status {};
  ASSERT_EQ(statx(AT_FDCWD, log_.c_str(), 0, STATX_BTIME, &status), 0);
  if ((status.stx_mask & STATX_BTIME) == 0) {
    GTEST_SKIP() << "this file system does not know when a file was made";
  }
  const std::int64_t made = status.stx_btime.tv_sec * kSecond;
  EXPECT_FALSE(due({0, 3600, 1}, 1, made + 3599 * kSecond));
  EXPECT_TRUE(due({0, 3600, 1}, 1, made + 3600 * kSecond));
  EXPECT_FALSE(due({0, 0, 1}, 1, made + 1000 * kDay)) << "0 is any age";
}

TEST_F(RotationOfALog, IsNeverDueForWhatIsNoFile) {
  EXPECT_FALSE(is_due({1, 1, 1}, base::open_file("/dev/null", O_WRONLY).value().get(), 100, kDay));
  EXPECT_FALSE(is_due({1, 1, 1}, -1, 100, kDay));
}

TEST_F(RotationOfALog, NamesFilesByTheTimeAndKeepsTheNewest) {
  const std::vector<std::string> others = {"log-20200101", "log.1", "log.20200101",
                                           "log.20200101T000000.000000000Zx", "other"};
  for (const std::string& other : others) {
    root_.write(other, "not ours");
  }
  for (int day = 0; day < 4; ++day) {
    root_.write("log", std::to_string(day));
    ASSERT_TRUE(rotate(log_, 2, kNewYear + day * kDay).ok());
  }
  std::vector<std::string> expected = others;
  expected.insert(expected.end(),
                  {"log.20250102T235959.000000000Z", "log.20250103T235959.000000000Z"});
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(names(), expected);
  EXPECT_EQ(root_.read("log.20250103T235959.000000000Z"), "3");
}

TEST_F(RotationOfALog, TakesNoNameThatIsTaken) {
  root_.write("log", "a");
  ASSERT_TRUE(rotate(log_, 9, kNewYear).ok());
  root_.write("log", "b");
  EXPECT_FALSE(rotate(log_, 9, kNewYear).ok());
  EXPECT_EQ(root_.read("log.20241231T235959.000000000Z"), "a");
  EXPECT_EQ(root_.read("log"), "b");
}

TEST_F(RotationOfALog, KeepsWhatItHasJustRenamedThoughTheClockWasSetBack) {
  for (const std::int64_t now : {kNewYear, kNewYear - kDay}) {
    root_.write("log", std::to_string(now));
    ASSERT_TRUE(rotate(log_, 1, now).ok());
  }
  EXPECT_EQ(names(), std::vector<std::string>{"log.20241230T235959.000000000Z"});
}

TEST_F(RotationOfALog, FindsItsFilesBesideARelativePath) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(root_.path());
  for (int day = 0; day < 3; ++day) {
    root_.write("log", "x");
    EXPECT_TRUE(rotate("log", 1, kNewYear + day * kDay).ok());
  }
  std::filesystem::current_path(before);
  EXPECT_EQ(names(), std::vector<std::string>{"log.20250102T235959.000000000Z"});
}

TEST_F(RotationOfALog, SaysWhatCouldNotBeRenamed) {
  const Status rotated = rotate(root_.path("none"), 1, kNewYear);
  ASSERT_FALSE(rotated.ok());
  EXPECT_NE(rotated.error().message.find(root_.path("none")), std::string::npos);
}

}  // namespace
}  // namespace holdfast::sink
