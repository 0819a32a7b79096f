#include "src/base/user_namespace.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace holdfast::base {
namespace {

TEST(IdMap, HasALineForEachRange) {
  const auto map =
      parse_id_map("         0       1000          1\n         1     100000      65536\n");
  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(map[0].outside, 1000U);
  EXPECT_EQ(map[1].inside, 1U);
  EXPECT_EQ(map[1].outside, 100000U);
  EXPECT_EQ(map[1].count, 65536U);
}

TEST(IdMap, EndsWhereItMakesNoSense) {
  EXPECT_TRUE(parse_id_map("").empty());
  EXPECT_TRUE(parse_id_map("0 1").empty());
  EXPECT_TRUE(parse_id_map("0 1 0\n").empty());
  EXPECT_EQ(parse_id_map("0 1 2\nx 1 2\n").size(), 1U);
  EXPECT_TRUE(parse_id_map("-1 1 2\n").empty());
  EXPECT_TRUE(parse_id_map("99999999999999999999 1 2\n").empty());
}

TEST(UserNamespace, OfOursHasNoMakerBelowUs) {
  const auto maker = maker_of_user_namespace("/proc", getpid());
  ASSERT_TRUE(maker.ok()) << maker.error().message;
  EXPECT_FALSE(maker.value().has_value());
}

TEST(UserNamespace, OfAProcessThatIsGoneIsAnError) {
  EXPECT_FALSE(maker_of_user_namespace("/proc", 0x7fffffff).ok());
}

// A child of the user `uid` in as many nested user namespaces; ends with the object.
class Nested {
 public:
  Nested(uid_t uid, int depth) {
    std::array<int, 2> ready{};
    EXPECT_EQ(pipe(ready.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      char made = setresuid(uid, uid, uid) == 0 ? 'y' : 'n';
      for (int i = 0; i < depth; ++i) {
        made = unshare(CLONE_NEWUSER) == 0 ? made : 'n';
      }
      (void)!write(ready[1], &made, 1);
      pause();
      _exit(0);
    }
    char made = 'n';
    (void)!read(ready[0], &made, 1);
    made_ = made == 'y';
    close(ready[0]);
    close(ready[1]);
  }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;
  ~Nested() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool made_ = false;
};

TEST(UserNamespace, IsTheUsersWhoMadeItHoweverDeepItIs) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root can be another user";
  }
  for (const int depth : {1, 3}) {
    const Nested nested(12345, depth);
    if (!nested.made()) {
      GTEST_SKIP() << "this kernel lets users make no user namespaces";
    }
    const auto maker = maker_of_user_namespace("/proc", nested.pid());
    ASSERT_TRUE(maker.ok()) << maker.error().message;
    EXPECT_EQ(maker.value(), std::optional<uid_t>(12345));
  }
}

}  // namespace
}  // namespace holdfast::base
