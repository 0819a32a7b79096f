#include "src/detect/lineage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::detect {
namespace {

constexpr std::uint64_t kNow = 1'000'000'000;
constexpr pid_t kInit = 10;

// An alert of the last of `line`, which descends from those before it; all from init.
Alert alert_of(const std::vector<pid_t>& line, Severity severity = Severity::kError,
               const std::string& class_name = "rootfs.create") {
  Alert alert;
  alert.kind = "alert";
  alert.class_name = class_name;
  alert.severity = severity;
  alert.action = "alerted";
  event::Process& process = alert.process.emplace();
  process.pid = line.back();
  for (auto at = line.rbegin() + 1; at != line.rend(); ++at) {
    process.ancestors.push_back({*at, "", ""});
  }
  process.ppid = process.ancestors.empty() ? 0 : process.ancestors.front().pid;
  return alert;
}

TEST(Lineage, APackageToolAndWhatItStartsAreToldOnce) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  EXPECT_TRUE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  EXPECT_TRUE(
      changes.goes_on(alert_of({10, 20, 30, 40}, Severity::kError, "drift.exec"), kInit, kNow));
}

TEST(Lineage, SomethingWorseIsToldAndFromThenOnOfTheWholeTree) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}, Severity::kNotice), kInit, kNow));
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20, 30}, Severity::kError), kInit, kNow));
  EXPECT_TRUE(changes.goes_on(alert_of({10, 20, 31}, Severity::kError), kInit, kNow));
  EXPECT_TRUE(changes.goes_on(alert_of({10, 20, 32}, Severity::kWarning), kInit, kNow));
}

TEST(Lineage, AnotherTreeIsNews) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  EXPECT_FALSE(changes.goes_on(alert_of({10, 21}), kInit, kNow));
  EXPECT_FALSE(changes.goes_on(alert_of({10, 22, 30}), kInit, kNow));
}

TEST(Lineage, WhatTheContainersInitChangesCoversNobodyElse) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10}), kInit, kNow));
  EXPECT_TRUE(changes.goes_on(alert_of({10}), kInit, kNow));
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
}

TEST(Lineage, AProcessThatHasEndedStillHasItsParent) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  Alert ended = alert_of({30});
  ended.process->ppid = 20;
  EXPECT_TRUE(changes.goes_on(ended, kInit, kNow));
  ended.process->pid = 31;
  ended.process->ppid = kInit;
  EXPECT_FALSE(changes.goes_on(ended, kInit, kNow));
}

TEST(Lineage, IsForgottenAfterTenMinutes) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  EXPECT_TRUE(changes.goes_on(alert_of({10, 20, 30}), kInit, kNow + kToldForNs - 1));
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20, 30}), kInit, kNow + kToldForNs));
}

TEST(Lineage, WhatWasPreventedWhatIsCriticalAndWhatIsNoChangeIsNotItsConcern) {
  Lineage changes;
  Alert denied = alert_of({10, 20});
  denied.action = "denied";
  const Alert critical = alert_of({10, 20}, Severity::kCritical);
  const Alert other = alert_of({10, 20}, Severity::kError, "network.unexpected");
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  for (const Alert& alert : {denied, critical, other}) {
    EXPECT_FALSE(changes.goes_on(alert, kInit, kNow)) << alert.class_name << alert.action;
  }
}

TEST(Lineage, AForkBombIsNotFollowedForEver) {
  Lineage changes;
  EXPECT_FALSE(changes.goes_on(alert_of({10, 20}), kInit, kNow));
  for (pid_t pid = 100; pid < 100'000; ++pid) {
    EXPECT_TRUE(changes.goes_on(alert_of({10, 20, pid}), kInit, kNow));
  }
  EXPECT_FALSE(changes.goes_on(alert_of({10, 99'999, 100'000}), kInit, kNow));
}

}  // namespace
}  // namespace holdfast::detect
