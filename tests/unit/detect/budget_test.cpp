#include "src/detect/budget.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::detect {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kStart = 1000 * kSecond;
constexpr Rates kRates{{3, 6}, {50, 60}};

Alert alert(const std::string& container, Severity severity,
            const std::string& class_name = "rootfs.write", std::string_view action = "alerted") {
  Alert alert;
  alert.kind = "alert";
  alert.class_name = class_name;
  alert.severity = severity;
  alert.action = action;
  alert.container = std::make_shared<const Container>(Container{container, "", "", "", "", "", {}});
  return alert;
}

// Whether it stayed an alert.
bool told(Budget& budget, Alert alert, std::uint64_t now_ns) {
  const bool written = budget.apply(alert, 0, now_ns);
  EXPECT_TRUE(written || alert.kind == "record");
  EXPECT_EQ(alert.kind == "record", !alert.held_back.empty());
  return alert.kind == "alert";
}

int count_told(Budget& budget, const Alert& alert, int times, std::uint64_t now_ns) {
  int count = 0;
  for (int i = 0; i < times; ++i) {
    count += told(budget, alert, now_ns) ? 1 : 0;
  }
  return count;
}

TEST(Budget, ABurstIsToldAndThenSoManyAMinute) {
  Budget budget(kRates);
  const Alert noisy = alert("a", Severity::kWarning);
  EXPECT_EQ(count_told(budget, noisy, 100, kStart), 3);
  EXPECT_EQ(count_told(budget, noisy, 100, kStart + 9 * kSecond), 0);
  int minute = 0;
  for (std::uint64_t second = 10; second < 70; ++second) {
    minute += count_told(budget, noisy, 5, kStart + second * kSecond);
  }
  EXPECT_EQ(minute, 6);
  EXPECT_EQ(count_told(budget, noisy, 100, kStart + 10 * kMinute), 3) << "more than a burst saved";
}

TEST(Budget, NeitherAnotherContainerNorAnotherSeverityPays) {
  Budget budget(kRates);
  EXPECT_EQ(count_told(budget, alert("a", Severity::kWarning), 100, kStart), 3);
  EXPECT_EQ(count_told(budget, alert("b", Severity::kWarning), 100, kStart), 3);
  EXPECT_EQ(count_told(budget, alert("a", Severity::kNotice), 100, kStart), 3);
}

TEST(Budget, NoiseOfOneClassDoesNotHideTheFirstOfAnother) {
  Budget budget(kRates);
  count_told(budget, alert("a", Severity::kCritical, "escape.namespace"), 100, kStart);
  const Alert other = alert("a", Severity::kCritical, "escape.module");
  EXPECT_TRUE(told(budget, other, kStart));
  EXPECT_FALSE(told(budget, other, kStart));
}

TEST(Budget, WhatIsCriticalMayBeToldTenTimesAsOften) {
  for (const char* action : {"alerted", "denied", "killed"}) {
    Budget budget(kRates);
    EXPECT_EQ(count_told(budget, alert("a", Severity::kCritical, "escape.mount", action), 50, 1),
              30);
    EXPECT_EQ(count_told(budget, alert("a", Severity::kEmergency, "escape.mount", action), 50, 1),
              30);
    EXPECT_EQ(count_told(budget, alert("a", Severity::kError, "rootfs.write", action), 50, 1), 3);
  }
}

TEST(Budget, WhatHasNoContainerCostsNothing) {
  Budget budget(kRates);
  Alert nameless = alert("a", Severity::kWarning);
  nameless.container.reset();
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(budget.apply(nameless, 0, kStart));
  }
  EXPECT_EQ(nameless.kind, "alert");
  EXPECT_FALSE(budget.due_ns());
}

TEST(Budget, RecordsBeyondTheirBudgetAreCountedInARecord) {
  Budget budget(kRates);
  Alert record = alert("a", Severity::kInformational);
  record.kind = "record";
  int written = 0;
  for (int i = 0; i < 60; ++i) {
    written += budget.apply(record, 0, kStart) ? 1 : 0;
  }
  EXPECT_EQ(written, 50);
  EXPECT_TRUE(told(budget, alert("a", Severity::kWarning), kStart)) << "alerts have their own";
  record.container = alert("b", Severity::kNotice).container;
  EXPECT_TRUE(budget.apply(record, 0, kStart)) << "another container pays";
  const auto held = budget.next(kStart + 10 * kSecond);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->unwritten_records, (std::map<std::string, std::uint64_t>{{"rootfs.write", 10}}));
  EXPECT_EQ(noise_alert(*held, 0, {}).kind, "record");
}

TEST(Budget, AlertsThatWereHeldBackHaveABudgetOfTheirOwn) {
  Budget budget(kRates);
  Alert record = alert("a", Severity::kInformational);
  record.kind = "record";
  for (int i = 0; i < 1000; ++i) {
    (void)budget.apply(record, 0, kStart);
  }
  EXPECT_EQ(count_told(budget, alert("a", Severity::kError), 100, kStart), 3);
  const auto held = budget.next(kStart + 10 * kSecond);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->alerts, (std::map<std::string, std::uint64_t>{{"rootfs.write", 50}}));
  EXPECT_EQ(held->unwritten_alerts, (std::map<std::string, std::uint64_t>{{"rootfs.write", 47}}));
  EXPECT_EQ(held->unwritten_records, (std::map<std::string, std::uint64_t>{{"rootfs.write", 950}}));
  EXPECT_EQ(held->worst, Severity::kError);
}

TEST(Budget, ALongLineCostsAsMuchAsItTakes) {
  Budget budget(kRates);
  Alert record = alert("a", Severity::kInformational);
  record.kind = "record";
  record.process.emplace().cwd = std::string(5 * 1024, 'x');
  int written = 0;
  for (int i = 0; i < 60; ++i) {
    written += budget.apply(record, 0, kStart) ? 1 : 0;
  }
  EXPECT_EQ(written, 8) << "of six tokens each";
}

TEST(Budget, WhatEachLineSaysOfTheContainerCostsAsWell) {
  Budget budget(kRates);
  Alert record = alert("a", Severity::kInformational);
  record.kind = "record";
  Container container = *record.container;
  container.annotations["a"] = std::string(9 * 1024, 'x');
  record.container = std::make_shared<const Container>(container);
  int written = 0;
  for (int i = 0; i < 60; ++i) {
    written += budget.apply(record, 0, kStart) ? 1 : 0;
  }
  EXPECT_EQ(written, 5) << "of ten tokens each";
}

TEST(Budget, ALineThatIsLargerThanABurstIsWrittenAtRest) {
  Budget budget({{1, 1}, {1, 1}});
  Alert record = alert("a", Severity::kInformational);
  record.kind = "record";
  record.message = std::string(9 * 1024, 'x');
  EXPECT_TRUE(budget.apply(record, 0, kStart));
  EXPECT_FALSE(budget.apply(record, 0, kStart));
}

TEST(Budget, ARepeatThatIsNotWrittenCountsAsOftenAsItHappened) {
  Budget budget({{1, 1}, {1, 1}});
  Alert record = alert("a", Severity::kInformational);
  record.kind = "record";
  record.count = 1'000'000;
  EXPECT_TRUE(budget.apply(record, 0, kStart));
  EXPECT_FALSE(budget.apply(record, 0, kStart));
  EXPECT_EQ(budget.next(kStart + 10 * kSecond)->unwritten_records.at("rootfs.write"), 1'000'000U);
}

TEST(Budget, WhoIsStartedAnewDoesNotGetAnotherBudget) {
  Budget budget(kRates);
  const auto gone = [](const std::string&) { return true; };
  EXPECT_EQ(count_told(budget, alert("a", Severity::kWarning), 10, kStart), 3);
  EXPECT_TRUE(budget.next(kStart + 1, gone));
  EXPECT_FALSE(budget.next(kStart + 1, gone));
  EXPECT_EQ(count_told(budget, alert("a", Severity::kWarning), 10, kStart + 2), 0);
  EXPECT_TRUE(budget.next(kStart + 3, gone));
  EXPECT_FALSE(budget.next(kStart + 60 * kMinute, gone));
  EXPECT_EQ(count_told(budget, alert("a", Severity::kWarning), 10, kStart + 60 * kMinute), 3);
}

TEST(Budget, AMildAlertDoesNotUseUpTheFirstOfAWorseOne) {
  Budget budget(kRates);
  count_told(budget, alert("a", Severity::kError, "rootfs.write"), 10, kStart);
  EXPECT_TRUE(told(budget, alert("a", Severity::kNotice, "drift.exec"), kStart));
  EXPECT_TRUE(told(budget, alert("a", Severity::kError, "drift.exec"), kStart));
  EXPECT_FALSE(told(budget, alert("a", Severity::kError, "drift.exec"), kStart));
}

TEST(Budget, SomethingWorseIsSaidSoonHoweverLongTheIntervalIs) {
  Budget budget(kRates);
  std::uint64_t now = kStart;
  for (const std::uint64_t seconds : {10U, 60U}) {
    count_told(budget, alert("a", Severity::kNotice), 10, now);
    now += seconds * kSecond;
    EXPECT_TRUE(budget.next(now));
  }
  count_told(budget, alert("a", Severity::kNotice), 10, now);
  EXPECT_EQ(budget.due_ns(), now + 600 * kSecond);
  count_told(budget, alert("a", Severity::kCritical), 40, now);
  EXPECT_EQ(budget.due_ns(), now + 10 * kSecond);
  count_told(budget, alert("a", Severity::kEmergency), 40, now + 9 * kSecond);
  EXPECT_EQ(budget.due_ns(), now + 10 * kSecond) << "put off by something still worse";
  EXPECT_TRUE(budget.next(now + 10 * kSecond));
  EXPECT_EQ(budget.due_ns(), now + 600 * kSecond) << "the intervals have not grown by that";
}

TEST(Budget, EverythingThatWasHeldBackIsCounted) {
  Budget budget(kRates);
  count_told(budget, alert("a", Severity::kWarning, "rootfs.write"), 43, kStart);
  count_told(budget, alert("a", Severity::kError, "drift.exec"), 10, kStart);
  EXPECT_EQ(budget.due_ns(), kStart + 10 * kSecond);
  EXPECT_FALSE(budget.next(kStart + 10 * kSecond - 1));
  const auto held = budget.next(kStart + 10 * kSecond);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->container->id, "a");
  EXPECT_EQ(held->alerts,
            (std::map<std::string, std::uint64_t>{{"drift.exec", 7}, {"rootfs.write", 40}}));
  EXPECT_EQ(held->worst, Severity::kError);
  EXPECT_FALSE(budget.next(kStart + 10 * kSecond)) << "told twice";
}

TEST(Budget, MoreOfAChangeThatWasToldIsCountedAsANotice) {
  Budget budget(kRates);
  Alert change = alert("a", Severity::kError);
  change.changes_image = true;
  change.process.emplace().pid = 20;
  EXPECT_EQ(count_told(budget, change, 2, kStart), 1) << "a budget of three is not used up";
  const auto held = budget.next(kStart + 10 * kSecond);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->alerts, (std::map<std::string, std::uint64_t>{{"rootfs.write", 1}}));
  EXPECT_EQ(held->worst, Severity::kNotice);
}

TEST(Budget, NewRatesHoldAtOnce) {
  Budget budget({{1000, 1}, {1, 1}});
  const Alert noisy = alert("a", Severity::kWarning);
  EXPECT_EQ(count_told(budget, noisy, 2000, kStart), 1000);
  budget.set_rates(kRates);
  EXPECT_EQ(count_told(budget, noisy, 100, kStart), 3);
}

TEST(Budget, IsToldAtGrowingIntervalsUntilItIsQuiet) {
  Budget budget(kRates);
  std::uint64_t now = kStart;
  const Alert noisy = alert("a", Severity::kWarning);
  for (const std::uint64_t seconds : {10U, 60U, 600U, 3600U, 3600U}) {
    count_told(budget, noisy, 100, now);
    EXPECT_EQ(budget.due_ns(), now + seconds * kSecond);
    now += seconds * kSecond;
    EXPECT_TRUE(budget.next(now)) << seconds;
  }
  EXPECT_FALSE(budget.next(now + 60 * kMinute));
  EXPECT_FALSE(budget.due_ns()) << "somebody is woken for nothing";
  count_told(budget, noisy, 100, now + 70 * kMinute);
  EXPECT_EQ(budget.due_ns(), now + 70 * kMinute + 10 * kSecond);
}

TEST(Budget, WhatIsLeftOfAContainerThatHasGoneIsToldAtOnceAndForgotten) {
  Budget budget(kRates);
  count_told(budget, alert("a", Severity::kWarning), 5, kStart);
  count_told(budget, alert("b", Severity::kWarning), 5, kStart);
  const auto gone = [](const std::string& id) { return id == "b"; };
  const auto held = budget.next(kStart + 1, gone);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->container->id, "b");
  EXPECT_FALSE(budget.next(kStart + 1, gone));
  EXPECT_EQ(budget.due_ns(), kStart + 10 * kSecond) << "of a";
}

TEST(Budget, TheAlertSaysWhatHowManyAndOfWhom) {
  HeldBack held;
  held.container = std::make_shared<const Container>(Container{"0123", "shop", "", "", "", "", {}});
  held.alerts = {{"drift.exec", 1}, {"rootfs.write", 100}};
  held.worst = Severity::kError;
  Context context;
  context.backend = "lsm";
  const Alert noise = noise_alert(held, kSecond, context);
  EXPECT_EQ(noise.kind, "alert");
  EXPECT_EQ(noise.class_name, "monitor.noise");
  EXPECT_EQ(noise.severity, Severity::kError);
  EXPECT_EQ(noise.count, 101U);
  EXPECT_EQ(noise.container->id, "0123");
  EXPECT_EQ(noise.message,
            "container shop: 1 alert of class drift.exec, 100 alerts of class rootfs.write were "
            "kept as records, whose held_back says why; holdfast tune proposes exceptions.");
  EXPECT_EQ(noise.time_ns, 1'000'000'000);
  held.unwritten_records = {{"rootfs.create", 2}};
  held.unwritten_alerts = {{"rootfs.write", 4}};
  const Alert all = noise_alert(held, kSecond, context);
  EXPECT_EQ(all.count, 107U);
  EXPECT_EQ(
      all.message,
      "container shop: 1 alert of class drift.exec, 100 alerts of class rootfs.write were "
      "kept as records, whose held_back says why; 4 alerts of class rootfs.write were not even "
      "kept as records, for there were too many; 2 records of class rootfs.create were not "
      "written, for the container makes too many; holdfast tune proposes exceptions.");
}

}  // namespace
}  // namespace holdfast::detect
