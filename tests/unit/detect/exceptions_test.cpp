#include "src/detect/exceptions.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::detect {
namespace {

Alert alert(const std::string& class_name, const std::string& exe, const std::string& path) {
  Alert alert;
  alert.kind = "alert";
  alert.action = "alerted";
  alert.class_name = class_name;
  alert.process.emplace().exe = exe;
  alert.object.emplace().path = path;
  return alert;
}

const profile::Exception kKey{"file.*", "/usr/sbin/nginx", "/etc/ssl/private/*", "its TLS key"};

// "alert", or "record: REASON".
std::string kind_of(Alert alert, const profile::Exception& exception = kKey) {
  apply_exceptions({{"network.*", "", "", "another"}, exception}, alert);
  return std::string(alert.kind) + (alert.exception.empty() ? "" : ": " + alert.exception);
}

TEST(Exceptions, AnAlertThatFitsInEveryPartBecomesARecordWithTheReason) {
  EXPECT_EQ(kind_of(alert("file.sensitive", "/usr/sbin/nginx", "/etc/ssl/private/a.key")),
            "record: its TLS key");
}

TEST(Exceptions, OneThatDiffersInAnyPartStays) {
  EXPECT_EQ(kind_of(alert("rootfs.write", "/usr/sbin/nginx", "/etc/ssl/private/a.key")), "alert");
  EXPECT_EQ(kind_of(alert("file.sensitive", "/usr/bin/sh", "/etc/ssl/private/a.key")), "alert");
  EXPECT_EQ(kind_of(alert("file.sensitive", "/usr/sbin/nginx", "/etc/shadow")), "alert");
}

TEST(Exceptions, APartThatIsNotGivenFitsEverything) {
  const profile::Exception shell{"", "/bin/sh", "", "scripts"};
  EXPECT_EQ(kind_of(alert("rootfs.write", "/bin/sh", "/x"), shell), "record: scripts");
  Alert without_process = alert("rootfs.write", "", "/x");
  without_process.process.reset();
  EXPECT_EQ(kind_of(without_process, shell), "alert");
}

TEST(Exceptions, WhatWasRefusedStaysAnAlert) {
  for (const char* action : {"denied", "killed"}) {
    Alert refused = alert("file.sensitive", "/usr/sbin/nginx", "/etc/ssl/private/a.key");
    refused.action = action;
    EXPECT_EQ(kind_of(refused), "alert") << action;
  }
}

TEST(Exceptions, APathThatTheProcessSpelledOrThatIsNotWholeFitsNoGlob) {
  Alert spelled = alert("file.sensitive", "/usr/sbin/nginx", "/etc/ssl/private/../../shadow");
  spelled.object->path_as_spelled = true;
  EXPECT_EQ(kind_of(spelled), "alert");
  Alert beheaded = alert("file.sensitive", "/usr/sbin/nginx", "/etc/ssl/private/a");
  beheaded.object->path_truncated = true;
  EXPECT_EQ(kind_of(beheaded), "alert");
  EXPECT_EQ(kind_of(beheaded, {"file.*", "", "", "any file"}), "record: any file");
}

}  // namespace
}  // namespace holdfast::detect
