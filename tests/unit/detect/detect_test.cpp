#include "src/detect/detect.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/clock.h"
#include "src/detect/names.h"
#include "src/detect/rules.h"
#include "src/profile/policy.h"

namespace holdfast::detect {
namespace {

struct Deed {
  hf_class class_id;
  hf_operation operation;
  std::string path;
  hf_outcome outcome = HF_OUTCOME_SEEN;
};

const Container kWeb = {
    "0123456789abcdef", "web", "docker.io/library/nginx:1", "default", "podman", "/b", {}};

Alert judge(const Deed& deed, int action = HF_ALERT, int result = 0, std::uint64_t argument = 0,
            std::uint32_t flags = 0) {
  event::Event event;
  event.class_id = deed.class_id;
  event.operation = deed.operation;
  event.path = deed.path;
  event.outcome = deed.outcome;
  event.result = result;
  event.argument = argument;
  event.flags = flags;
  event.exe = "/bin/busybox";
  event.slot = 7;
  event.action = static_cast<hf_action>(action);
  event::Process process;
  process.pid = 123;
  process.exe = "/bin/busybox";
  Context context;
  context.container = std::make_shared<const Container>(kWeb);
  context.backend = "lsm";
  context.host = "node";
  return detect(std::move(event), std::move(process), context);
}

TEST(Detect, EveryClassOfTheAbiHasARule) {
  for (std::uint32_t id = HF_CLASS_NONE + 1; id < HF_CLASS_COUNT; ++id) {
    const auto class_id = static_cast<hf_class>(id);
    EXPECT_EQ(rule_for(class_id, HF_OP_NONE).class_id, class_id) << profile::class_name(id);
    EXPECT_FALSE(rule_for(class_id, HF_OP_NONE).mitre[0].empty()) << profile::class_name(id);
  }
}

TEST(Detect, APathThatLostItsBeginningIsNotTakenForATemporaryOne) {
  const Deed deed{HF_ROOTFS_CREATE, HF_OP_CREATE, "/tmp/x"};
  EXPECT_EQ(judge(deed).kind, "record");
  EXPECT_EQ(judge(deed, HF_ALERT, 0, 0, HF_EVENT_TRUNCATED).kind, "alert");
}

TEST(Detect, DotsInASpelledPathDoNotMakeItTemporary) {
  const Deed deed{HF_ROOTFS_WRITE, HF_OP_OPEN, "/tmp/../usr/bin/ls"};
  const Alert alert = judge(deed, HF_ALERT, 0, 0, HF_EVENT_USER_PATH);
  EXPECT_EQ(alert.kind, "alert");
  EXPECT_EQ(alert.severity, Severity::kError);
}

TEST(Detect, NoRowOfTheTableIsHiddenByOneAboveIt) {
  for (const Rule& rule : rules()) {
    EXPECT_EQ(&rule_for(rule.class_id, rule.operation), &rule) << rule.verb;
  }
}

TEST(Detect, SeverityFollowsWhatWasTouched) {
  struct Case {
    Deed deed;
    const char* severity;
    const char* kind;
  };
  const std::vector<Case> cases = {
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, "/usr/bin/env"}, "error", "alert"},
      {{HF_ROOTFS_CREATE, HF_OP_CREATE, "/lib/x86_64-linux-gnu/libc.so.6"}, "error", "alert"},
      {{HF_ROOTFS_ATTR, HF_OP_CHMOD, "/etc"}, "error", "alert"},
      {{HF_ROOTFS_CREATE, HF_OP_CREATE, "/home/app/.ssh/authorized_keys"}, "error", "alert"},
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, "/etcetera"}, "warning", "alert"},
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, "/srv/data"}, "warning", "alert"},
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, ""}, "warning", "alert"},
      {{HF_ROOTFS_CREATE, HF_OP_CREATE, "/tmp/x"}, "informational", "record"},
      {{HF_ROOTFS_DELETE, HF_OP_UNLINK, "/var/cache/apt/x"}, "informational", "record"},
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, "/root/.cache/pip/x"}, "informational", "record"},
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, "/tmpfile"}, "warning", "alert"},
      {{HF_ROOTFS_CREATE, HF_OP_CREATE, "/var/lib/postgresql/data/PG_VERSION"}, "notice", "alert"},
      {{HF_ROOTFS_CREATE, HF_OP_CREATE, "/var/libx"}, "warning", "alert"},
      // Prevented: something broke, and its reason is told.
      {{HF_ROOTFS_CREATE, HF_OP_CREATE, "/tmp/x", HF_OUTCOME_DENIED}, "notice", "alert"},
      {{HF_ROOTFS_WRITE, HF_OP_OPEN, "/usr/bin/env", HF_OUTCOME_DENIED}, "error", "alert"},
      // What was touched is a program, wherever it lies.
      {{HF_DRIFT_EXEC, HF_OP_EXEC, "/tmp/x"}, "error", "alert"},
      {{HF_DRIFT_EXEC, HF_OP_EXEC_SCRIPT, "/tmp/x"}, "notice", "alert"},
      {{HF_DRIFT_EXEC, HF_OP_EXEC_SCRIPT, "/tmp/x", HF_OUTCOME_DENIED}, "error", "alert"},
      {{HF_FILELESS_EXEC, HF_OP_EXEC, "memfd:x"}, "critical", "alert"},
      {{HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/mnt"}, "critical", "alert"},
      {{HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/mnt", HF_OUTCOME_DENIED}, "critical", "alert"},
      {{HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/tmp/mnt", HF_OUTCOME_KILLED}, "critical", "alert"},
  };
  for (const Case& each : cases) {
    const Alert alert = judge(each.deed);
    EXPECT_STREQ(severity_name(alert.severity), each.severity) << each.deed.path;
    EXPECT_EQ(alert.kind, each.kind) << each.deed.path;
  }
}

TEST(Detect, ASetuidBitIsGraveEverywhere) {
  const Deed chmod = {HF_ROOTFS_ATTR, HF_OP_CHMOD, "/tmp/x"};
  EXPECT_EQ(judge(chmod, HF_ALERT, 0, 0755).kind, "record");
  EXPECT_EQ(judge(chmod, HF_ALERT, 0, 04755).severity, Severity::kError);
  const Deed create = {HF_ROOTFS_CREATE, HF_OP_CREATE, "/tmp/x"};
  EXPECT_EQ(judge(create, HF_ALERT, 0, 0100755).kind, "record");
  EXPECT_EQ(judge(create, HF_ALERT, 0, 0102755).severity, Severity::kError);
  for (const Deed& named : {Deed{HF_ROOTFS_RENAME, HF_OP_RENAME, "/tmp/x"},
                            Deed{HF_ROOTFS_LINK, HF_OP_LINK, "/tmp/x"}}) {
    EXPECT_EQ(judge(named, HF_ALERT, 0, 0100755).kind, "record");
    EXPECT_EQ(judge(named, HF_ALERT, 0, 0104755).severity, Severity::kError);
    EXPECT_EQ(judge(named, HF_ALERT, 0, 0042755).kind, "record") << "a directory runs nothing";
  }
}

TEST(Detect, OnlyAnAllowedChangeByAProgramOfTheImageMayBeOneOfMany) {
  const Deed write = {HF_ROOTFS_WRITE, HF_OP_OPEN, "/etc/x"};
  EXPECT_TRUE(judge(write).changes_image);
  EXPECT_FALSE(judge(write, HF_ALERT, 0, 0, HF_EVENT_UPPER_LAYER).changes_image);
  EXPECT_FALSE(judge({HF_ROOTFS_WRITE, HF_OP_OPEN, "/etc/x", HF_OUTCOME_DENIED}).changes_image);
  EXPECT_TRUE(judge({HF_ROOTFS_ATTR, HF_OP_CHMOD, "/etc/x"}, HF_ALERT, 0, 0755).changes_image);
  EXPECT_FALSE(judge({HF_ROOTFS_ATTR, HF_OP_CHMOD, "/etc/x"}, HF_ALERT, 0, 04755).changes_image);
  EXPECT_FALSE(
      judge({HF_ROOTFS_RENAME, HF_OP_RENAME, "/etc/x"}, HF_ALERT, 0, 0104755).changes_image);
  EXPECT_FALSE(judge({HF_ROOTFS_ATTR, HF_OP_SETXATTR, "/etc/x"}).changes_image);
  EXPECT_FALSE(judge({HF_ROOTFS_ATTR, HF_OP_REMOVEXATTR, "/etc/x"}).changes_image);
  EXPECT_FALSE(judge({HF_DRIFT_EXEC, HF_OP_EXEC, "/usr/bin/x"}).changes_image);
  EXPECT_FALSE(judge({HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/mnt"}).changes_image);
}

TEST(Detect, WhatIsMadeIsToldWithItsMode) {
  const Alert made = judge({HF_ROOTFS_CREATE, HF_OP_CREATE, "/tmp/x"}, HF_ALERT, 0, 0104755);
  EXPECT_EQ(made.object->mode, "4755");
  EXPECT_EQ(made.object->type, "file");
  EXPECT_EQ(judge({HF_ROOTFS_CREATE, HF_OP_CREATE, "/tmp/x"}).object->mode, "");
}

TEST(Detect, RecordsWhatThePolicyOnlyRecords) {
  const Alert alert = judge({HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/mnt"}, HF_RECORD);
  EXPECT_EQ(alert.kind, "record");
  EXPECT_EQ(alert.severity, Severity::kCritical);
}

TEST(Detect, SaysWhatHappenedInASentence) {
  EXPECT_EQ(judge({HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/mnt", HF_OUTCOME_DENIED}).message,
            "busybox (pid 123) in container web tried to mount on /mnt; refused.");
  EXPECT_EQ(
      judge({HF_ROOTFS_WRITE, HF_OP_OPEN, "/etc/x"}).message,
      "busybox (pid 123) in container web tried to write to /etc/x; allowed. If it is ordinary, "
      "build it into the image, or put it on a volume or in rootfs.writable of the profile.");
  EXPECT_EQ(
      judge({HF_DRIFT_EXEC, HF_OP_EXEC, "/srv/x"}).message,
      "busybox (pid 123) in container web tried to run /srv/x, which is not from the image; "
      "allowed. If it is ordinary, build it into the image, or give the profile an exception.");
  EXPECT_EQ(
      judge({HF_ESCAPE_NAMESPACE, HF_OP_UNSHARE, "", HF_OUTCOME_KILLED}, HF_KILL, EPERM, 0x10020000)
          .message,
      "busybox (pid 123) in container web tried to make new namespaces (CLONE_NEWNS, "
      "CLONE_NEWUSER); refused, and the process was killed.");
  EXPECT_EQ(
      judge({HF_ESCAPE_HOST_EXEC, HF_OP_EXEC, "/x"}, HF_ALERT, 0, 0, HF_EVENT_BYSTANDER).message,
      "busybox (pid 123) outside container web tried to run the container's file /x on the "
      "host; allowed.");
}

TEST(Detect, AProgramWithoutAPathIsCalledByItsCommand) {
  event::Event event;
  event.class_id = HF_ESCAPE_MOUNT;
  event.outcome = HF_OUTCOME_DENIED;
  event::Process process;
  process.comm = "runc:[2:INIT]";
  for (const char* exe : {"", "/"}) {
    process.exe = exe;
    const std::string message =
        detect(event::Event(event), event::Process(process), Context{}).message;
    EXPECT_TRUE(message.starts_with("runc:[2:INIT] ")) << message;
  }
}

TEST(Detect, SaysWhatPolicyCouldNotRefuse) {
  const Alert alert =
      judge({HF_ESCAPE_CGROUP, HF_OP_CGROUP_ATTACH, ""}, HF_DENY, 0, 0, HF_EVENT_TOO_LATE);
  EXPECT_EQ(alert.action, "alerted");
  EXPECT_NE(alert.message.find("; it went through"), std::string::npos);
}

TEST(Detect, APathCannotImitateTheSentence) {
  EXPECT_EQ(judge({HF_ESCAPE_MOUNT, HF_OP_MOUNT, "/{flags}{path}"}).message,
            "busybox (pid 123) in container web tried to mount on /{flags}{path}; allowed.");
}

TEST(Detect, WhatTheKernelRefusedByItselfIsNotOurDenial) {
  const Alert alert =
      judge({HF_ROOTFS_WRITE, HF_OP_OPEN, "/etc/x", HF_OUTCOME_REFUSED}, HF_DENY, EROFS);
  EXPECT_EQ(alert.action, "alerted");
  EXPECT_EQ(alert.object->result, "EROFS");
  EXPECT_EQ(alert.message,
            "busybox (pid 123) in container web tried to write to /etc/x; the kernel refused it "
            "(EROFS).");
}

TEST(Detect, TellsOfAContainerThatNobodyKnows) {
  event::Event event;
  event.class_id = HF_ESCAPE_BPF;
  event.slot = 9;
  const Alert alert = detect(event::Event(event), {}, {});
  EXPECT_EQ(alert.container, nullptr);
  EXPECT_NE(alert.message.find("in container of slot 9"), std::string::npos);
}

TEST(Detect, WhatConfigJsonAsksForIsToldOfTheContainer) {
  Context context;
  context.container = std::make_shared<const Container>(kWeb);
  context.backend = "lsm";
  const Alert told =
      admission_alert({"host_namespaces", "is in the host's pid namespace", false}, 0, context);
  EXPECT_EQ(told.class_name, "admit.host-namespaces");
  EXPECT_EQ(told.severity, Severity::kWarning);
  EXPECT_EQ(told.message,
            "container web is in the host's pid namespace; it was started, as its profile says.");
  EXPECT_EQ(told.container->profile, "default");
}

TEST(Detect, TellsWhoHadAProfileReadAgain) {
  Context context;
  context.container = std::make_shared<const Container>(kWeb);
  const Alert told = reload_alert({12, 0, {}, {}}, 0, context);
  EXPECT_EQ(told.kind, "record");
  EXPECT_EQ(told.class_name, "monitor.reload");
  EXPECT_EQ(told.message,
            "container web has another policy now: its profile was read again, as pid 12 (uid 0) "
            "asked.");
}

TEST(Detect, TellsWhoLostHowManyAndWhy) {
  Container web;
  web.id = "id";
  web.name = "web";
  Context context;
  context.container = std::make_shared<const Container>(web);
  context.backend = "lsm";
  const Alert full = lost_alert({Loss::Cause::kRecordsFull, 3, 12, 0}, context);
  EXPECT_EQ(full.class_name, "monitor.lost");
  EXPECT_EQ(full.count, 12U);
  EXPECT_EQ(full.cause, "records-full");
  EXPECT_EQ(full.container->id, "id");
  EXPECT_NE(full.message.find("12 records of container web"), std::string::npos);
  const Alert former = lost_alert({Loss::Cause::kFormerVersion, 0, 7, 0}, {});
  EXPECT_EQ(former.cause, "former-version");
  EXPECT_EQ(former.message.find("7 events"), 0U);
  const Alert crowded = lost_alert({Loss::Cause::kFileFull, 0, 7, 0}, {});
  EXPECT_EQ(crowded.cause, "file-full");
  const Alert unknown = lost_alert({Loss::Cause::kNoStorage, 3, 1, 0}, {});
  EXPECT_EQ(unknown.container, nullptr);
  EXPECT_NE(unknown.message.find("container of slot 3"), std::string::npos);
}

TEST(Detect, SaysHowOftenItHappened) {
  event::Event event;
  event.class_id = HF_ESCAPE_BPF;
  EXPECT_EQ(detect(event::Event(event), {}, {}).count, 1U);
  event.count = 3;
  const Alert alert = detect(event::Event(event), {}, {});
  EXPECT_EQ(alert.count, 3U);
  EXPECT_NE(alert.message.find("(3 times)"), std::string::npos);
}

TEST(Names, AreThoseOfTheManualPages) {
  EXPECT_EQ(errno_name(EPERM), "EPERM");
  EXPECT_EQ(errno_name(0), "");
  EXPECT_EQ(errno_name(100000), "errno 100000");
  EXPECT_EQ(capability_names((1ULL << 21) | (1ULL << 63)),
            (std::vector<std::string>{"CAP_SYS_ADMIN", "CAP_63"}));
  EXPECT_EQ(filesystem_name(0x01021994), "tmpfs");
  EXPECT_EQ(filesystem_name(1), "");
  EXPECT_EQ(file_type(S_IFBLK | 0600), "block-device");
  EXPECT_EQ(device_name((8U << 20) | 1U), "8:1");
  EXPECT_EQ(syscall_name(~0ULL), "syscall 18446744073709551615");
}

TEST(Rfc3339, HasNineDigitsAndUtc) {
  EXPECT_EQ(base::rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(base::rfc3339(1709251199'000000001), "2024-02-29T23:59:59.000000001Z");
  EXPECT_EQ(base::rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(base::rfc3339(std::numeric_limits<std::int64_t>::min()),
            "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(base::rfc3339(std::numeric_limits<std::int64_t>::max()),
            "2262-04-11T23:47:16.854775807Z");
}

}  // namespace
}  // namespace holdfast::detect
