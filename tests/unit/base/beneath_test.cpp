#include "src/base/beneath.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::base {
namespace {

namespace fs = std::filesystem;

class Beneath : public testing::Test {
 protected:
  test::TempDir temp_;
  const fs::path root_ = temp_.path();
};

TEST_F(Beneath, ReadsARegularFile) {
  std::ofstream(root_ / "config.json") << "{}";
  EXPECT_EQ(read_beneath(root_, "config.json", 10).value().bytes, "{}");
}

TEST_F(Beneath, SaysThatTheFileIsMissing) {
  const auto read = read_beneath(root_, "config.json", 10);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message, root_.string() + " has no config.json");
}

TEST_F(Beneath, FollowsNoLinkAndWaitsForNoFifo) {
  std::ofstream(root_ / "real") << "{}";
  fs::create_symlink("real", root_ / "link");
  ASSERT_EQ(mkfifo((root_ / "fifo").c_str(), 0600), 0);
  fs::create_directory(root_ / "folder");
  for (const char* name : {"link", "fifo", "folder", "..", "", "folder/../real"}) {
    EXPECT_FALSE(read_beneath(root_, name, 10).ok()) << name;
  }
}

// Opening it would wake its writer, whose words the real reader then never gets.
TEST_F(Beneath, DoesNotEvenOpenAFifo) {
  const fs::path fifo = root_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const UniqueFd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(watch.get(), fifo.c_str(), IN_OPEN), 0);
  EXPECT_FALSE(read_beneath(root_, "fifo", 10).ok());
  inotify_event opened{};
  EXPECT_LT(read(watch.get(), &opened, sizeof(opened)), 0);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(Beneath, ReadsNoMoreThanItMay) {
  std::ofstream(root_ / "big") << std::string(11, 'x');
  EXPECT_FALSE(read_beneath(root_, "big", 10).ok());
}

TEST_F(Beneath, ReplacesAFileAndKeepsItsModeWhateverTheUmask) {
  const fs::path path = root_ / "config.json";
  std::ofstream(path) << "old";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  const FileContent old = read_beneath(root_, "config.json", 10).value();
  const mode_t umask_before = umask(077);
  EXPECT_TRUE(replace_beneath(root_, "config.json", "new", old).ok());
  umask(umask_before);
  const FileContent now = read_beneath(root_, "config.json", 10).value();
  EXPECT_EQ(now.bytes, "new");
  EXPECT_EQ(now.mode, 0644U);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace holdfast::base
