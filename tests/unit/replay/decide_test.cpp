#include "src/replay/decide.h"

#include <gtest/gtest.h>

#include <string>

#include "src/profile/compile.h"
#include "src/profile/profile.h"
#include "src/replay/suite.h"

namespace holdfast::replay {
namespace {

profile::Compiled compiled_of(const std::string& keys) {
  const auto profile = profile::parse_profile(
      R"({"schema": "holdfast.profile/v1", "name": "p")" + keys + "}", "p.json");
  EXPECT_TRUE(profile.ok()) << profile.error().message;
  const auto compiled = profile::compile(profile.value(), ordinary_spec(), true);
  EXPECT_TRUE(compiled.ok());
  return compiled.value();
}

// What comes of the act in `line` under a profile with `keys`: "ANSWER CLASS".
std::string answer(const std::string& keys, const std::string& line) {
  const nlohmann::json document = nlohmann::json::parse(line);
  const auto act = read_act(base::JsonView(document, "line"));
  if (!act.ok()) {
    return act.error().message;
  }
  const Decision decision = decide(compiled_of(keys), act.value(), {});
  return std::string(answer_name(decision.answer)) + " " + decision.alert.class_name;
}

constexpr const char* kGuard = R"(, "rootfs": {"guard": "enforce", "writable": ["/data"]})";
constexpr const char* kTell = R"(, "rootfs": {"guard": "alert"})";
constexpr const char* kRules = R"(, "rootfs": {"guard": "alert"}, "files": [
  {"path": "/etc/passwd", "access": ["read"], "action": "deny"},
  {"path": "/data", "access": ["write"], "action": "deny"},
  {"path": "/data/log", "action": "alert", "severity": "notice"}])";
constexpr const char* kNetwork = R"(, "network": {
  "connect": {"allow": ["10.0.0.0/9:443", "[2001:db8::]/32", "127.0.0.1:80"], "otherwise": "deny"},
  "listen": {"allow": [80], "otherwise": "alert"}, "raw": "kill"})";

TEST(Decide, WhatIsWritableIsNotTold) {
  EXPECT_EQ(answer(kGuard, R"({"class": "rootfs.write", "object": {"path": "/data/x"}})"),
            "nothing rootfs.write");
  EXPECT_EQ(answer(kGuard, R"({"class": "rootfs.write", "object": {"path": "/database"}})"),
            "denied rootfs.write");
  EXPECT_EQ(answer(kGuard, R"({"class": "rootfs.write",
                               "object": {"path": "/data/x", "path_truncated": true}})"),
            "denied rootfs.write");
}

TEST(Decide, TemporaryPlacesAreRecordedWherePolicyWouldAlert) {
  EXPECT_EQ(answer(kTell, R"({"class": "rootfs.create", "object": {"path": "/tmp/x"}})"),
            "recorded rootfs.create");
  EXPECT_EQ(answer(kGuard, R"({"class": "rootfs.create", "object": {"path": "/tmp/x"}})"),
            "denied rootfs.create");
  EXPECT_EQ(answer(kTell, R"({"class": "rootfs.attr", "object": {"operation": "chmod",
                              "path": "/tmp/x", "type": "file", "mode": "4755"}})"),
            "alerted rootfs.attr");
}

TEST(Decide, WhatTheKernelRefusedByItselfStaysToldAsThat) {
  EXPECT_EQ(answer(kGuard, R"({"class": "rootfs.write", "action": "alerted",
                               "object": {"path": "/data/x", "result": "EROFS"}})"),
            "alerted rootfs.write");
}

TEST(Decide, TheLongestRuleAboutAFileCounts) {
  const std::string open = R"({"class": "file.sensitive", "object": {"operation": "open", )";
  EXPECT_EQ(answer(kRules, open + R"("path": "/etc/passwd", "access": ["read"]}})"),
            "denied file.sensitive");
  EXPECT_EQ(answer(kRules, open + R"("path": "/etc/passwd", "access": ["write"]}})"),
            "nothing file.sensitive");
  EXPECT_EQ(answer(kRules, open + R"("path": "/data/x"}})"), "denied file.sensitive");
  EXPECT_EQ(answer(kRules, open + R"("path": "/data/log/x"}})"), "alerted file.sensitive");
  EXPECT_EQ(answer(kRules, open + R"("path": "/data/log/x", "path_truncated": true}})"),
            "denied file.sensitive");
}

TEST(Decide, AChangeOfAFileWithARuleIsJudgedByTheRule) {
  EXPECT_EQ(answer(kRules, R"({"class": "rootfs.write", "object": {"path": "/data/x"}})"),
            "denied file.sensitive");
  EXPECT_EQ(answer(kRules, R"({"class": "rootfs.rename", "object": {"operation": "rename",
                               "path": "/etc/passwd"}})"),
            "denied file.sensitive");
}

TEST(Decide, ProgramsAreLookedUpInTheList) {
  constexpr const char* kList =
      R"(, "exec": {"allow": ["/usr/sbin/nginx", "/opt"], "otherwise": "deny"})";
  const std::string exec = R"({"class": "exec.unexpected", "object": {"operation": "exec", )";
  EXPECT_EQ(answer(kList, exec + R"("path": "/usr/sbin/nginx"}})"), "nothing exec.unexpected");
  EXPECT_EQ(answer(kList, exec + R"("path": "/opt/a/b"}})"), "nothing exec.unexpected");
  EXPECT_EQ(answer(kList, exec + R"("path": "/bin/sh"}})"), "denied exec.unexpected");
  EXPECT_EQ(answer(kList, R"({"class": "drift.exec", "object": {"operation": "exec",
                              "path": "/tmp/x"}})"),
            "denied exec.unexpected");
}

TEST(Decide, PeersAreComparedByAddressAndPort) {
  const auto connect = [](const std::string& address, int port) {
    return answer(kNetwork, R"({"class": "network.unexpected", "object": {"operation": "connect",
      "address": ")" + address + R"(", "port": )" +
                                std::to_string(port) + "}}");
  };
  EXPECT_EQ(connect("10.127.0.1", 443), "nothing network.unexpected");
  EXPECT_EQ(connect("10.128.0.1", 443), "denied network.unexpected");
  EXPECT_EQ(connect("10.1.0.1", 80), "denied network.unexpected");
  EXPECT_EQ(connect("2001:db8:1::1", 9), "nothing network.unexpected");
  EXPECT_EQ(connect("2001:db9::1", 9), "denied network.unexpected");
  EXPECT_EQ(connect("0.0.0.0", 80), "nothing network.unexpected");
}

TEST(Decide, ListeningAndRawSocketsHaveActionsOfTheirOwn) {
  const std::string line = R"({"class": "network.unexpected", "object": {"operation": ")";
  EXPECT_EQ(answer(kNetwork, line + R"(listen", "port": 80}})"), "nothing network.unexpected");
  EXPECT_EQ(answer(kNetwork, line + R"(bind", "port": 81}})"), "alerted network.unexpected");
  EXPECT_EQ(answer(kNetwork, line + R"(socket"}})"), "killed network.unexpected");
}

TEST(Decide, ConfigJsonSaysWhichDevicesAndCapabilitiesAreGranted) {
  const std::string device = R"({"class": "escape.device", "object": {"operation": "open", )";
  EXPECT_EQ(answer("", device + R"("type": "character-device", "node": "1:3"}})"),
            "nothing escape.device");
  EXPECT_EQ(answer("", device + R"("type": "block-device", "node": "1:3"}})"),
            "denied escape.device");
  const std::string caps = R"({"class": "escape.credentials", "object": {"capabilities": [")";
  EXPECT_EQ(answer("", caps + R"(CAP_CHOWN"]}})"), "nothing escape.credentials");
  EXPECT_EQ(answer("", caps + R"(CAP_SYS_ADMIN"]}})"), "denied escape.credentials");
}

TEST(Decide, WhoIsOutsideTheContainerIsRefusedAndNeverKilled) {
  const std::string kill = R"(, "escape": {"action": "kill"})";
  EXPECT_EQ(answer(kill, R"({"class": "escape.mount"})"), "killed escape.mount");
  EXPECT_EQ(answer(kill, R"({"class": "escape.host-exec", "object": {"operation": "exec"}})"),
            "denied escape.host-exec");
}

TEST(Decide, LeavingACgroupIsToldWhenItHasHappened) {
  EXPECT_EQ(answer("", R"({"class": "escape.cgroup", "object": {"operation": "cgroup_attach"}})"),
            "alerted escape.cgroup");
}

TEST(ReadAct, SaysWhatIsWrong) {
  EXPECT_EQ(answer("", R"({"class": "escape.mountain"})"),
            "line: /class: \"escape.mountain\" is no class of what containers do");
  EXPECT_EQ(
      answer("", R"({"class": "rootfs.write", "object": {"operation": "overwrite"}})"),
      "line: /object/operation: \"overwrite\" is no operation; see the object of a recorded line");
  EXPECT_EQ(answer("", R"({"class": "network.unexpected", "object": {"address": "example.org"}})"),
            "line: /object/address: \"example.org\" is no IP address in numbers");
  EXPECT_EQ(answer("", R"({"class": "escape.device", "object": {"node": "8"}})"),
            "line: /object/node: must be MAJOR:MINOR of a device, such as 8:0");
}

}  // namespace
}  // namespace holdfast::replay
