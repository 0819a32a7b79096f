#include "src/digest/executable.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <variant>

#include "tests/unit/digest/of_file.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::digest {
namespace {

// FIPS 180-4's examples.
constexpr const char* kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kOfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class ExecutableTest : public testing::Test {
 protected:
  std::string add(const std::string& name, const std::string& content) {
    dir_.write(name, content);
    return dir_.path(name);
  }

  static std::variant<std::string, Unhashed> digest(const Executable& wanted, bool stop = false) {
    const auto opened = open_executable(wanted, "/proc");
    if (const auto* why = std::get_if<Unhashed>(&opened)) {
      return *why;
    }
    return sha256_of(std::get<OpenExecutable>(opened), std::atomic<bool>(stop));
  }

  static Unhashed why_not(const Executable& wanted) { return std::get<Unhashed>(digest(wanted)); }

  test::TempDir dir_;
};

TEST_F(ExecutableTest, IsHashed) {
  EXPECT_EQ(std::get<std::string>(digest(of_file(add("abc", "abc")))), kOfAbc);
  EXPECT_EQ(std::get<std::string>(digest(of_file(add("empty", "")))), kOfNothing);
}

TEST_F(ExecutableTest, OfAnotherInodeOrDeviceIsAnother) {
  const std::string path = add("abc", "abc");
  Executable other = of_file(path);
  other.inode += 1;
  EXPECT_EQ(why_not(other), Unhashed::kNotFound);
  other = of_file(path);
  other.device = "0:0";
  EXPECT_EQ(why_not(other), Unhashed::kNotFound);
  other.path = dir_.path("nothing");
  EXPECT_EQ(why_not(other), Unhashed::kNotFound);
}

TEST_F(ExecutableTest, OfAProcessThatHasGoneIsNotFound) {
  Executable gone = of_file(add("abc", "abc"));
  gone.init = 0;
  EXPECT_EQ(why_not(gone), Unhashed::kNotFound);
}

TEST_F(ExecutableTest, ThatWasChangedSinceIsNotTheOneThatRan) {
  Executable ran = of_file(add("abc", "abc"));
  ran.time_ns -= 1'000'000'000;
  EXPECT_EQ(why_not(ran), Unhashed::kChanged);
}

TEST_F(ExecutableTest, OfAFileSystemThatMayLetUsWaitIsNotOpened) {
  EXPECT_EQ(why_not(of_file("/proc/self/status")), Unhashed::kFilesystem);
}

TEST_F(ExecutableTest, ThatIsTooLargeIsLeftAlone) {
  const std::string path = add("large", "");
  ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(kMostBytes) + 1), 0);
  EXPECT_EQ(why_not(of_file(path)), Unhashed::kTooLarge);
}

TEST_F(ExecutableTest, ThatIsNoFileIsNotRead) {
  EXPECT_EQ(why_not(of_file(dir_.path())), Unhashed::kUnreadable);
}

TEST_F(ExecutableTest, IsLeftWhenTheMonitorLeaves) {
  EXPECT_EQ(std::get<Unhashed>(digest(of_file(add("abc", "abc")), true)), Unhashed::kUnreadable);
}

}  // namespace
}  // namespace holdfast::digest
