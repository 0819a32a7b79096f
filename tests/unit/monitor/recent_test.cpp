#include "src/monitor/recent.h"

#include <gtest/gtest.h>

namespace holdfast::monitor {
namespace {

TEST(Recent, HasForAUserWhatIsTheUsers) {
  Recent recent;
  recent.add(1000, "a");
  recent.add(1001, "b");
  recent.add(1000, "c");
  const auto own = recent.of(1000, 0);
  ASSERT_EQ(own.size(), 2U);
  EXPECT_EQ(own[0].line, "a");
  EXPECT_EQ(own[1].line, "c");
  EXPECT_TRUE(recent.of(1002, 0).empty());
}

TEST(Recent, GoesOnAfterWhatWasTold) {
  Recent recent;
  recent.add(1000, "a");
  recent.add(1000, "b");
  const auto first = recent.of(1000, 0).front().number;
  ASSERT_EQ(recent.of(1000, first).size(), 1U);
  EXPECT_EQ(recent.of(1000, first)[0].line, "b");
}

TEST(Recent, MakesRoomByWhatIsOldest) {
  Recent recent;
  const std::string long_line(kMaxRecentBytes / 4, 'x');
  for (int i = 0; i < 8; ++i) {
    recent.add(1000, std::to_string(i) + long_line);
  }
  const auto kept = recent.of(1000, 0);
  ASSERT_FALSE(kept.empty());
  EXPECT_LE(kept.size(), 4U);
  EXPECT_EQ(kept.back().line[0], '7');
}

TEST(Recent, KeepsForSoManyUsers) {
  Recent recent;
  for (std::uint32_t user = 1; user <= kMaxRecentUsers + 1; ++user) {
    recent.add(user, "x");
  }
  EXPECT_TRUE(recent.of(1, 0).empty());
  EXPECT_FALSE(recent.of(2, 0).empty());
}

}  // namespace
}  // namespace holdfast::monitor
