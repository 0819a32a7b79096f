#include "src/kernel/accounts.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace holdfast::kernel {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

class Counted : public testing::Test {
 protected:
  [[nodiscard]] Accounts accounts() { return {counters_.data(), told_.data(), repeats_.data()}; }

  void live(std::size_t place, std::uint64_t count, std::uint64_t since_ns) {
    repeats_[place].state = 7 * HF_REPEAT_USE | HF_REPEAT_LIVE | count;
    repeats_[place].since_ns = since_ns;
  }

  [[nodiscard]] std::uint64_t phase(std::size_t place) const {
    return repeats_[place].state & HF_REPEAT_PHASE;
  }

  static std::vector<Repeat> claim_all(Accounts& accounts, std::optional<std::uint64_t> now_ns,
                                       const Accounts::Ended& ended = {}) {
    std::vector<Repeat> all;
    std::size_t place = 0;
    while (const auto repeat = accounts.claim(now_ns, place, ended)) {
      all.push_back(*repeat);
    }
    return all;
  }

  std::vector<hf_counts> counters_ = std::vector<hf_counts>(HF_MAX_CONTAINERS);
  std::vector<hf_counts> told_ = std::vector<hf_counts>(HF_MAX_CONTAINERS);
  std::vector<hf_repeat> repeats_ = std::vector<hf_repeat>(HF_MAX_REPEATS);
};

TEST_F(Counted, ALossIsToldOnceForItsSlotAndCause) {
  counters_[3].of[HF_COUNT_ALERTS_FULL] = 5;
  counters_[3].of[HF_COUNT_ALERTS] = 100;
  counters_[HF_MAX_CONTAINERS - 1].of[HF_COUNT_NO_STORAGE] = 1;
  Accounts first = accounts();
  const auto losses = first.losses();
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_EQ(losses[0].slot, 3U);
  EXPECT_EQ(losses[0].cause, HF_COUNT_ALERTS_FULL);
  EXPECT_EQ(losses[0].count, 5U);
  first.told(losses[0]);
  first.told(losses[1]);
  EXPECT_TRUE(first.losses().empty());
  counters_[3].of[HF_COUNT_ALERTS_FULL] = 7;
  const auto more = accounts().losses();  // the next monitor
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].count, 2U);
  EXPECT_EQ(more[0].total, 7U);
}

TEST_F(Counted, TheOriginOfALossSaysUpToWhereItWasTold) {
  const Loss loss{HF_MAX_CONTAINERS - 1, HF_COUNT_NO_STORAGE, 2, 123456789};
  const Loss back = loss_at(position_of(loss));
  EXPECT_EQ(back.slot, loss.slot);
  EXPECT_EQ(back.cause, loss.cause);
  EXPECT_EQ(back.total, loss.total);
  Accounts accounts_now = accounts();
  accounts_now.told(loss);
  accounts_now.told({loss.slot, loss.cause, 1, 1});
  EXPECT_EQ(told_[loss.slot].of[loss.cause], loss.total) << "an older line took it back";
}

TEST_F(Counted, ClaimsWhatRepeatedWhenItsWindowIsOver) {
  live(5, 3, 10 * kSecond);
  live(6, 0, 10 * kSecond);
  Accounts now = accounts();
  EXPECT_TRUE(claim_all(now, 10 * kSecond + 1).empty());
  EXPECT_EQ(now.next_end_ns(), 11 * kSecond);
  const auto repeats = claim_all(now, 11 * kSecond);
  ASSERT_EQ(repeats.size(), 1U);
  EXPECT_EQ(repeats[0].count, 3U);
  EXPECT_EQ(phase(5), HF_REPEAT_CLAIMED);
  EXPECT_EQ(phase(6), HF_REPEAT_FREE);
  EXPECT_FALSE(now.next_end_ns());
  EXPECT_TRUE(claim_all(now, 12 * kSecond).empty()) << "claimed twice";
  now.free(repeats[0].position);
  EXPECT_EQ(phase(5), HF_REPEAT_FREE);
}

TEST_F(Counted, WhoLeavesClaimsWhatStillCounts) {
  live(HF_MAX_REPEATS - 1, 1, 10 * kSecond);
  Accounts now = accounts();
  EXPECT_EQ(claim_all(now, std::nullopt).size(), 1U);
}

TEST_F(Counted, TheNextMonitorFindsWhatAKilledOneClaimed) {
  live(5, 3, 10 * kSecond);
  Accounts killed = accounts();
  const auto claimed = claim_all(killed, 20 * kSecond);
  Accounts next = accounts();
  const auto found = claim_all(next, 20 * kSecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].position, claimed.at(0).position);
  EXPECT_EQ(found[0].count, 3U);
}

TEST_F(Counted, PositionsOfTwoUsesDiffer) {
  live(5, 3, 0);
  Accounts now = accounts();
  const auto first = claim_all(now, std::nullopt);
  now.free(first.at(0).position);
  repeats_[5].state = 8 * HF_REPEAT_USE | HF_REPEAT_LIVE | 1U;
  const auto second = claim_all(now, std::nullopt);
  EXPECT_NE(first.at(0).position, second.at(0).position);
  now.free(first.at(0).position);
  EXPECT_EQ(phase(5), HF_REPEAT_CLAIMED) << "freed by who did not claim it";
}

TEST_F(Counted, WhatGoesOnIsToldAtGrowingIntervals) {
  live(5, 3, 0);
  Accounts now = accounts();
  std::uint64_t time_ns = kSecond;
  for (const std::uint64_t seconds : {10U, 60U, 600U, 3600U, 3600U}) {
    const auto told = claim_all(now, time_ns);
    ASSERT_EQ(told.size(), 1U) << seconds;
    EXPECT_EQ(now.count_on(told[0].position, time_ns), time_ns + seconds * kSecond);
    EXPECT_EQ(repeats_[5].state & (HF_REPEAT_PHASE | HF_REPEAT_COUNT), HF_REPEAT_LIVE);
    repeats_[5].state += 1;
    EXPECT_TRUE(claim_all(now, time_ns + seconds * kSecond - 1).empty()) << seconds;
    EXPECT_EQ(now.next_end_ns(), time_ns + seconds * kSecond);
    time_ns += seconds * kSecond;
  }
}

TEST_F(Counted, AnIntervalWithNothingToTellIsTheLast) {
  live(5, 3, 0);
  Accounts now = accounts();
  now.count_on(claim_all(now, kSecond).at(0).position, kSecond);
  EXPECT_TRUE(claim_all(now, 11 * kSecond).empty());
  EXPECT_EQ(phase(5), HF_REPEAT_FREE);
  EXPECT_FALSE(now.next_end_ns());
}

TEST_F(Counted, NoTwoLinesAboutOneElementHaveTheSameOrigin) {
  live(5, 3, 0);
  Accounts now = accounts();
  const auto first = claim_all(now, kSecond).at(0).position;
  now.count_on(first, kSecond);
  repeats_[5].state += 1;
  const auto second = claim_all(now, 11 * kSecond).at(0).position;
  EXPECT_NE(first, second);
  EXPECT_FALSE(now.count_on(first, 12 * kSecond)) << "a use that is over was taken up again";
  EXPECT_EQ(phase(5), HF_REPEAT_CLAIMED);
}

TEST_F(Counted, WhoIsKilledBetweenTellingAndCountingOnLeavesWhatTheNextOneKnows) {
  live(5, 3, 0);
  Accounts killed = accounts();
  const auto told = claim_all(killed, kSecond).at(0).position;
  // As far as count_on() gets before the element changes hands.
  repeats_[5].since_ns = kSecond;
  repeats_[5].window_ms = 10'000;
  Accounts next = accounts();
  const auto found = claim_all(next, kSecond);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].position, told) << "it would be told twice";
  next.free(found[0].position);
  EXPECT_EQ(phase(5), HF_REPEAT_FREE);
}

TEST_F(Counted, TheNextMonitorWaitsForALongWindow) {
  live(5, 3, 0);
  Accounts first = accounts();
  first.count_on(claim_all(first, kSecond).at(0).position, kSecond);
  repeats_[5].state += 7;
  Accounts next = accounts();
  EXPECT_TRUE(claim_all(next, 10 * kSecond).empty());
  EXPECT_EQ(claim_all(next, 11 * kSecond).at(0).count, 7U);
}

TEST_F(Counted, WhatIsLeftOfAContainerThatHasGoneIsToldAtOnce) {
  for (const std::size_t place : {5U, 6U}) {
    live(place, 2, 0);
    repeats_[place].window_ms = 3'600'000;
    repeats_[place].key.slot = static_cast<__u32>(place);
  }
  Accounts now = accounts();
  const auto repeats =
      claim_all(now, kSecond, [](const hf_repeat_key& key) { return key.slot == 6; });
  ASSERT_EQ(repeats.size(), 1U);
  EXPECT_EQ(repeats[0].element.key.slot, 6U);
  EXPECT_EQ(phase(5), HF_REPEAT_LIVE);
}

TEST_F(Counted, LeavesAloneWhatAProgramIsWriting) {
  repeats_[5].state = HF_REPEAT_BUSY | 1U;
  Accounts now = accounts();
  EXPECT_TRUE(claim_all(now, std::nullopt).empty());
  EXPECT_EQ(phase(5), HF_REPEAT_BUSY);
}

}  // namespace
}  // namespace holdfast::kernel
