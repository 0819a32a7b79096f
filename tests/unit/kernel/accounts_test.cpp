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

  static std::vector<Repeat> claim_all(Accounts& accounts, std::optional<std::uint64_t> now_ns) {
    std::vector<Repeat> all;
    std::size_t place = 0;
    while (const auto repeat = accounts.claim(now_ns, place)) {
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
  EXPECT_TRUE(now.counting());
  const auto repeats = claim_all(now, 11 * kSecond);
  ASSERT_EQ(repeats.size(), 1U);
  EXPECT_EQ(repeats[0].count, 3U);
  EXPECT_EQ(phase(5), HF_REPEAT_CLAIMED);
  EXPECT_EQ(phase(6), HF_REPEAT_FREE);
  EXPECT_FALSE(now.counting());
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

TEST_F(Counted, LeavesAloneWhatAProgramIsWriting) {
  repeats_[5].state = HF_REPEAT_BUSY | 1U;
  Accounts now = accounts();
  EXPECT_TRUE(claim_all(now, std::nullopt).empty());
  EXPECT_EQ(phase(5), HF_REPEAT_BUSY);
}

}  // namespace
}  // namespace holdfast::kernel
