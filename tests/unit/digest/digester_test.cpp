#include "src/digest/digester.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/digest/of_file.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::digest {
namespace {

constexpr ContainerId kOne = {7, 1};
constexpr ContainerId kOther = {8, 2};

class DigesterTest : public testing::Test {
 protected:
  Executable add(const std::string& name, const std::string& content) {
    dir_.write(name, content);
    return of_file(dir_.path(name));
  }

  // What has been told when the digest of a file of another container is there: the thread does one
  // after the other.
  std::vector<Hashed> all() {
    const ContainerId sentinel = {1000 + ++asked_, 99};
    digester_.ask(sentinel, add("sentinel", "s"));
    std::vector<Hashed> told;
    while (told.empty() || told.back().container != sentinel) {
      pollfd ready = {digester_.fd(), POLLIN, 0};
      if (poll(&ready, 1, 30'000) != 1) {
        ADD_FAILURE() << "no digest of the sentinel";
        return told;
      }
      for (Hashed& hashed : digester_.finished()) {
        told.push_back(std::move(hashed));
      }
    }
    told.pop_back();
    return told;
  }

  test::TempDir dir_;
  Digester digester_ = Digester::make({"/proc", 1000}).value();
  std::uint32_t asked_ = 0;
};

TEST_F(DigesterTest, TellsAFileOnceForEachContainer) {
  const Executable file = add("abc", "abc");
  digester_.ask(kOne, file);
  digester_.ask(kOne, file);
  digester_.ask(kOther, file);
  digester_.ask(kOne, file);
  const std::vector<Hashed> told = all();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].container, kOne);
  EXPECT_EQ(told[1].container, kOther);
  EXPECT_EQ(told[0].sha256, told[1].sha256);
  EXPECT_EQ(told[0].file.path, file.path);
}

TEST_F(DigesterTest, TellsAnotherVersionOfAFile) {
  digester_.ask(kOne, add("abc", "abc"));
  const std::vector<Hashed> before = all();
  digester_.ask(kOne, add("abc", "changed"));
  const std::vector<Hashed> after = all();
  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(before[0].file.inode, after[0].file.inode);
  EXPECT_NE(before[0].sha256, after[0].sha256);
}

TEST_F(DigesterTest, ReadsNoMoreForAContainerThanItMay) {
  digester_.ask(kOne, add("large", std::string(900, 'x')));
  const Executable more = add("more", std::string(200, 'y'));
  digester_.ask(kOne, more);
  digester_.ask(kOther, more);
  const std::vector<Hashed> told = all();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].container, kOther);
  EXPECT_EQ(digester_.unhashed().at(static_cast<std::size_t>(Unhashed::kBusy)), 1U);
}

TEST_F(DigesterTest, CountsWhatHasNone) {
  Executable gone = add("abc", "abc");
  gone.inode += 1;
  digester_.ask(kOne, gone);
  EXPECT_TRUE(all().empty());
  EXPECT_EQ(digester_.unhashed().at(static_cast<std::size_t>(Unhashed::kNotFound)), 1U);
}

TEST_F(DigesterTest, TakesNothingOnceItIsStopped) {
  digester_.stop();
  digester_.ask(kOne, add("abc", "abc"));
  EXPECT_TRUE(digester_.finished().empty());
  EXPECT_EQ(digester_.unhashed().at(static_cast<std::size_t>(Unhashed::kBusy)), 1U);
}

}  // namespace
}  // namespace holdfast::digest
