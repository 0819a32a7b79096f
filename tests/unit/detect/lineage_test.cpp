#include "src/detect/lineage.h"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::detect {
namespace {

constexpr std::uint64_t kNow = 1'000'000'000;
constexpr pid_t kInit = 10;

std::uint64_t start_of(pid_t pid) { return 1'000 + static_cast<std::uint64_t>(pid); }

// An alert of the last of `line`, which descends from those before it; all from init. Each runs a
// program of its own.
Alert alert_of(const std::vector<pid_t>& line, Severity severity = Severity::kError) {
  Alert alert;
  alert.changes_image = true;
  alert.severity = severity;
  event::Process& process = alert.process.emplace();
  process.pid = line.back();
  process.start_ns = start_of(line.back());
  process.exe_ino = static_cast<std::uint64_t>(line.back());
  for (auto at = line.rbegin() + 1; at != line.rend(); ++at) {
    process.ancestors.push_back({*at, "", "", start_of(*at), 0});
  }
  return alert;
}

// Whether it is told, and if so, tells it.
bool is_told(Lineage& changes, const Alert& alert, std::uint64_t now_ns = kNow) {
  changes.note(alert, now_ns);
  const bool told = !changes.covers(alert, kInit, now_ns);
  if (told) {
    changes.told(alert, kInit, now_ns);
  }
  return told;
}

TEST(Lineage, APackageToolAndWhatItStartsAreToldOnce) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  EXPECT_FALSE(is_told(changes, alert_of({10, 20})));
  EXPECT_FALSE(is_told(changes, alert_of({10, 20, 30, 40})));
}

TEST(Lineage, SomethingWorseIsTold) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20}, Severity::kNotice)));
  EXPECT_TRUE(is_told(changes, alert_of({10, 20, 30}, Severity::kError)));
  EXPECT_FALSE(is_told(changes, alert_of({10, 20, 30}, Severity::kWarning)));
}

TEST(Lineage, AChildDoesNotCoverItsParentNorItsParentsOtherChildren) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20, 30})));
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  Lineage others;
  EXPECT_TRUE(is_told(others, alert_of({10, 20}, Severity::kNotice)));
  EXPECT_TRUE(is_told(others, alert_of({10, 20, 30})));
  EXPECT_TRUE(is_told(others, alert_of({10, 20, 31})));
}

TEST(Lineage, TheSameProgramOfTheSameParentIsToldOnceWithWhatItStarts) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20, 30})));
  Alert again = alert_of({10, 20, 31});
  again.process->exe_ino = 30;
  EXPECT_FALSE(is_told(changes, again));
  EXPECT_FALSE(is_told(changes, alert_of({10, 20, 31, 40})));
  Alert elsewhere = alert_of({10, 21, 32});
  elsewhere.process->exe_ino = 30;
  EXPECT_TRUE(is_told(changes, elsewhere));
}

TEST(Lineage, AnotherProgramInTheSameProcessIsNews) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  Alert next = alert_of({10, 20});
  next.process->exec_id = 1;
  next.process->exe_ino = 21;
  EXPECT_TRUE(is_told(changes, next));
  Alert child = alert_of({10, 20, 30});
  child.process->ancestors.front().exec_id = 2;
  EXPECT_TRUE(is_told(changes, child));
}

// busybox is every program.
TEST(Lineage, WhatIsExecutedInPlaceIsNewsAlsoWhereItIsTheSameFile) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20, 30})));
  Alert next = alert_of({10, 20, 30});
  next.process->exec_id = 1;
  EXPECT_TRUE(is_told(changes, next));
}

TEST(Lineage, TheSameProgramStartedByTheInitOrFromOutsideIsNews) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  Alert orphan = alert_of({10, 21});
  orphan.process->exe_ino = 20;
  EXPECT_TRUE(is_told(changes, orphan));
  EXPECT_TRUE(is_told(changes, alert_of({5, 30})));
  Alert entered = alert_of({5, 31});
  entered.process->exe_ino = 30;
  EXPECT_TRUE(is_told(changes, entered));
}

TEST(Lineage, WhatAProgramThatIsNotFromTheImageStartsIsNews) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  Alert drift = alert_of({10, 20, 30});
  drift.changes_image = false;
  drift.class_name = "drift.exec";
  drift.object.emplace().operation = "exec_script";
  EXPECT_TRUE(is_told(changes, drift));
  Alert child = alert_of({10, 20, 30, 40});
  child.process->ancestors.front().exec_id = 1;
  EXPECT_FALSE(is_told(changes, child)) << "a script's interpreter is the image's";
  child.process->pid = 41;
  drift.object->operation = "exec";
  EXPECT_TRUE(is_told(changes, drift));
  EXPECT_TRUE(is_told(changes, child));
}

TEST(Lineage, AForeignProgramStaysThatWhateverItExecutesNext) {
  for (const char* class_name : {"drift.exec", "fileless.exec"}) {
    Lineage changes;
    EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
    Alert record = alert_of({10, 20, 30});
    record.kind = "record";
    record.changes_image = false;
    record.class_name = class_name;
    record.object.emplace().operation = "exec";
    changes.note(record, kNow);
    Alert shell = alert_of({10, 20, 30});
    shell.process->exec_id = 5;
    EXPECT_TRUE(is_told(changes, shell));
    Alert child = alert_of({10, 20, 30, 40});
    child.process->ancestors.front().exec_id = 7;
    changes = {};
    EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
    changes.note(record, kNow);
    EXPECT_TRUE(is_told(changes, child));
  }
}

// As the back end tracepoint tells it.
TEST(Lineage, WhatIsToldAfterItWasExecutedIsForeignAtOnce) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  Alert drift = alert_of({10, 20, 30});
  drift.changes_image = false;
  drift.class_name = "drift.exec";
  drift.object.emplace().operation = "exec";
  drift.process->upper_layer = true;
  EXPECT_TRUE(is_told(changes, drift));
  EXPECT_TRUE(is_told(changes, alert_of({10, 20, 30, 40})));
}

TEST(Lineage, WhereTooMuchIsForeignNobodyIsCovered) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  for (pid_t pid = 100; pid < 2000; ++pid) {
    Alert foreign = alert_of({10, pid});
    foreign.changes_image = false;
    foreign.process->upper_layer = true;
    changes.note(foreign, kNow);
  }
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
}

TEST(Lineage, AnotherProcessWithTheSamePidIsNews) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  Alert later = alert_of({10, 20});
  later.process->start_ns += 1;
  later.process->exe_ino = 21;
  EXPECT_TRUE(is_told(changes, later));
}

TEST(Lineage, AnotherTreeIsNews) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  EXPECT_TRUE(is_told(changes, alert_of({10, 21})));
  EXPECT_TRUE(is_told(changes, alert_of({10, 22, 30})));
}

TEST(Lineage, WhatTheContainersInitChangesCoversNobodyElse) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10})));
  EXPECT_FALSE(is_told(changes, alert_of({10})));
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
}

// It has no ancestors of the kernel's.
TEST(Lineage, ACountOfRepeatsBelongsToItsProcess) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  EXPECT_FALSE(is_told(changes, alert_of({10, 20, 30})));
  Alert counted = alert_of({30});
  counted.process->ancestors = {{20, "/usr/bin/dpkg", "dpkg"}};
  EXPECT_FALSE(is_told(changes, counted));
  counted.process->start_ns += 1;
  EXPECT_TRUE(is_told(changes, counted));
}

TEST(Lineage, IsForgottenAfterTenMinutes) {
  Lineage changes;
  EXPECT_TRUE(is_told(changes, alert_of({10, 20})));
  EXPECT_FALSE(is_told(changes, alert_of({10, 20, 30}), kNow + kToldForNs - 1));
  EXPECT_TRUE(is_told(changes, alert_of({10, 20, 30}), kNow + kToldForNs));
}

TEST(Lineage, WhatWasNotToldCoversNothing) {
  Lineage changes;
  EXPECT_FALSE(changes.covers(alert_of({10, 20}), kInit, kNow));
  EXPECT_FALSE(changes.covers(alert_of({10, 20}), kInit, kNow));
}

TEST(Lineage, OtherAlertsAreNotItsConcern) {
  Lineage changes;
  Alert other = alert_of({10, 20});
  EXPECT_TRUE(is_told(changes, other));
  other.changes_image = false;
  EXPECT_TRUE(is_told(changes, other));
  other.process.reset();
  EXPECT_TRUE(is_told(changes, other));
}

TEST(Lineage, AForkBombIsNotFollowedForEver) {
  Lineage changes;
  for (pid_t pid = 100; pid < 2000; ++pid) {
    EXPECT_TRUE(is_told(changes, alert_of({10, pid})));
  }
  EXPECT_FALSE(is_told(changes, alert_of({10, 100})));
  EXPECT_TRUE(is_told(changes, alert_of({10, 1999})));
}

}  // namespace
}  // namespace holdfast::detect
