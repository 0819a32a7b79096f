#include "src/monitor/allowance.h"

#include <gtest/gtest.h>

namespace holdfast::monitor {
namespace {

constexpr std::uint64_t kNowNs = 1'000'000'000'000;
constexpr std::uint64_t kAtOnceNs = kUsersAheadNs / kUsersShare;
constexpr uid_t kUser = 1000;

TEST(Allowance, LetsAUserHaveALotAtOnce) {
  Allowance allowance;
  EXPECT_EQ(allowance.next_ns(kUser), 0U);
  allowance.charge(kUser, kAtOnceNs, kNowNs);
  EXPECT_LE(allowance.next_ns(kUser), kNowNs);
}

TEST(Allowance, MakesWhoHadMoreWait) {
  Allowance allowance;
  allowance.charge(kUser, kAtOnceNs, kNowNs);
  allowance.charge(kUser, 1'000'000, kNowNs);
  EXPECT_EQ(allowance.next_ns(kUser), kNowNs + 1'000'000 * kUsersShare);
}

TEST(Allowance, MakesNobodyElseWait) {
  Allowance allowance;
  allowance.charge(kUser, 10 * kAtOnceNs, kNowNs);
  EXPECT_EQ(allowance.next_ns(kUser + 1), 0U);
}

TEST(Allowance, NeverMakesRootWait) {
  Allowance allowance;
  allowance.charge(0, 10 * kAtOnceNs, kNowNs);
  EXPECT_EQ(allowance.next_ns(0), 0U);
}

TEST(Allowance, ForgetsWhoHasWaited) {
  Allowance allowance;
  allowance.charge(kUser, 1'000'000, kNowNs);
  EXPECT_EQ(allowance.size(), 1U);
  allowance.charge(0, 0, kNowNs + 1'000'000 * kUsersShare);
  EXPECT_EQ(allowance.size(), 0U);
}

}  // namespace
}  // namespace holdfast::monitor
