#include "src/monitor/protocol.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace holdfast::monitor {
namespace {

using Json = nlohmann::json;

Registration registration() {
  Registration made;
  made.container = {"c1",
                    "web",
                    "docker.io/library/nginx:1",
                    "default",
                    "enforce",
                    "podman",
                    "/b",
                    {{"io.holdfast.profile", "default"}, {"k", "v"}}};
  made.pid = 4711;
  made.rootfs = "/b/rootfs";
  made.cgroup = "/pod/c1";
  made.policy.action[HF_ESCAPE_MOUNT] = HF_DENY;
  made.policy.action[HF_ROOTFS_WRITE] = HF_ALERT;
  made.policy.bounding = 0xffffffffffffffffU;
  made.policy.own_user_namespace = true;
  made.policy.devices = {{true, 8, HF_DEVICE_ANY, HF_DEVICE_READ | HF_DEVICE_MKNOD},
                         {false, HF_DEVICE_ANY, HF_DEVICE_ANY, HF_DEVICE_WRITE}};
  made.policy.writable = {"/run", "/var/cache/nginx"};
  made.exceptions = {{"file.*", "/bin/a", "", "its key"}};
  made.admissions = {{"mounts", "mounts / at /host", false}};
  made.exec_into = {HF_DENY, {"/usr/bin/healthcheck"}};
  made.respond.at(profile::kCriticalNumber) = profile::Response::kFreeze;
  return made;
}

Request request_of(const Registration& made) {
  Request request;
  request.op = Request::Op::kRegister;
  request.registration = made;
  return request;
}

Json register_json() { return Json::parse(encode(request_of(registration()))); }

TEST(Protocol, RegistrationArrivesAsItWasSent) {
  const Registration sent = registration();
  const std::string bytes = encode(request_of(sent));
  const Request got = decode_request(bytes).value();
  EXPECT_EQ(got.op, Request::Op::kRegister);
  EXPECT_EQ(got.registration.container.id, sent.container.id);
  EXPECT_EQ(got.registration.container.image, sent.container.image);
  EXPECT_EQ(got.registration.container.annotations, sent.container.annotations);
  EXPECT_EQ(got.registration.pid, sent.pid);
  EXPECT_EQ(got.registration.rootfs, sent.rootfs);
  EXPECT_EQ(got.registration.cgroup, sent.cgroup);
  EXPECT_EQ(got.registration.policy, sent.policy);
  EXPECT_EQ(got.registration.exceptions, sent.exceptions);
  EXPECT_EQ(got.registration.admissions, sent.admissions);
  EXPECT_EQ(got.registration.exec_into, sent.exec_into);
  EXPECT_EQ(got.registration.respond, sent.respond);
  EXPECT_TRUE(got.registration.has_deciding);
  EXPECT_EQ(encode(got), bytes);
}

TEST(Protocol, OtherRequestsArriveAsTheyWereSent) {
  Request status;
  EXPECT_EQ(decode_request(encode(status)).value().op, Request::Op::kStatus);
  Request unregister;
  unregister.op = Request::Op::kUnregister;
  unregister.id = "c1";
  EXPECT_EQ(decode_request(encode(unregister)).value().id, "c1");
  EXPECT_EQ(decode_request(encode(unregister)).value().pid, 0);
  unregister.pid = 4711;
  EXPECT_EQ(decode_request(encode(unregister)).value().pid, 4711);
  Request exec;
  exec.op = Request::Op::kExec;
  exec.id = "c1";
  exec.exec = {{"/bin/sh", "-c", "id"}, true, "/tmp", "7:8"};
  const Request entered = decode_request(encode(exec)).value();
  EXPECT_EQ(entered.id, "c1");
  EXPECT_EQ(entered.exec.args, exec.exec.args);
  EXPECT_TRUE(entered.exec.args_truncated);
  EXPECT_EQ(entered.exec.cwd, "/tmp");
  EXPECT_EQ(entered.exec.user, "7:8");
  Request list;
  list.op = Request::Op::kList;
  list.after = 17;
  EXPECT_EQ(decode_request(encode(list)).value().after, 17U);
}

TEST(Protocol, ResponsesArriveAsTheyWereAskedFor) {
  Request freeze;
  freeze.op = Request::Op::kRespond;
  freeze.id = "c1";
  freeze.response = profile::Response::kFreeze;
  EXPECT_EQ(decode_request(encode(freeze)).value().id, "c1");
  EXPECT_EQ(decode_request(encode(freeze)).value().response, profile::Response::kFreeze);
  Request kill = freeze;
  kill.response = profile::Response::kKillProcess;
  EXPECT_FALSE(decode_request(encode(kill)).ok()) << "of which process?";
  kill.pid = 4711;
  EXPECT_EQ(decode_request(encode(kill)).value().pid, 4711);
  freeze.pid = 4711;
  EXPECT_FALSE(decode_request(encode(freeze)).ok()) << "a container has many";
  Request standing;
  standing.op = Request::Op::kRespond;
  standing.number = 9;
  EXPECT_EQ(decode_request(encode(standing)).value().number, 9U);
  Request none = freeze;
  none.pid = 0;
  none.response = profile::Response::kAlert;
  EXPECT_FALSE(decode_request(encode(none)).ok());
}

TEST(Protocol, OutcomeOfAResponseArrivesAsItWasSent) {
  Reply reply;
  reply.responded = {9, "failed", "it is gone", "/incidents/1", "disk full"};
  const Responded got = decode_reply(encode(reply)).value().responded;
  EXPECT_EQ(got.number, 9U);
  EXPECT_EQ(got.state, "failed");
  EXPECT_EQ(got.failure, "it is gone");
  EXPECT_EQ(got.incident, "/incidents/1");
  EXPECT_EQ(got.incident_failure, "disk full");
}

// Every member has a value of its own.
Metrics metrics() {
  Metrics made;
  made.started_s = 1;
  made.events = {{{"alerts", ""}, 2}};
  made.ring_bytes = {{{"alerts", ""}, 3}};
  made.ring_used_bytes = {{{"alerts", ""}, 4}};
  made.repeats = 5;
  made.lines = {{{"alert", ""}, 6}};
  made.alerts = {{{"escape.mount", "error"}, 7}, {{"escape.mount", "notice"}, 8}};
  made.held_back = 9;
  made.unwritten = 10;
  made.lost = {{{"no-buffer", ""}, 10}};
  made.lost_ago_s = 0;
  made.responses = {{{"freeze", "done"}, 11}};
  made.registrations.note(12);
  made.registration_failures = 13;
  made.file_failing = true;
  made.reload_failed = true;
  made.waiting_lines = 14;
  made.last_seq = 15;
  return made;
}

Json reply_json() {
  Reply reply;
  reply.metrics = metrics();
  return Json::parse(encode(reply));
}

TEST(Protocol, MetricsArriveAsTheyWereSent) {
  Request request;
  request.op = Request::Op::kMetrics;
  EXPECT_EQ(decode_request(encode(request)).value().op, Request::Op::kMetrics);
  const auto reply = decode_reply(reply_json().dump());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  const Metrics got = reply.value().metrics.value();
  EXPECT_EQ(metrics_to_json(got), metrics_to_json(metrics()));
  EXPECT_EQ(got.alerts, metrics().alerts);
  EXPECT_EQ(got.lost_ago_s, 0U);
  EXPECT_EQ(got.last_seq, 15U);
  EXPECT_FALSE(decode_reply(encode(Reply{})).value().metrics.has_value());
}

TEST(Protocol, AReloadSaysHowManyContainersChanged) {
  Request request;
  request.op = Request::Op::kReload;
  EXPECT_EQ(decode_request(encode(request)).value().op, Request::Op::kReload);
  Reply reply;
  reply.changed = 3;
  EXPECT_EQ(decode_reply(encode(reply)).value().changed, 3U);
}

TEST(Protocol, MetricsOfAnotherShapeAreRefused) {
  for (const char* key :
       {"started_s", "repeats", "held_back", "unwritten", "registration_failures", "waiting_lines",
        "last_seq", "file_failing", "reload_failed", "registrations"}) {
    Json lacking = reply_json();
    lacking["metrics"].erase(key);
    EXPECT_FALSE(decode_reply(lacking.dump()).ok()) << key;
  }
  for (const Json& alerts :
       {Json(7), Json::array({7}), Json::array({{{"of", "a"}, {"count", 1}}}),
        Json::array({{{"of", std::string(kMaxWordBytes + 1, 'a')}, {"and", ""}, {"count", 1}}}),
        Json::array({{{"of", "a"}, {"and", ""}, {"count", -1}}}),
        Json(std::vector<Json>(kMaxCounts + 1, {{"of", "a"}, {"and", ""}, {"count", 1}}))}) {
    Json wrong = reply_json();
    wrong["metrics"]["alerts"] = alerts;
    EXPECT_FALSE(decode_reply(wrong.dump()).ok()) << alerts;
  }
  Json wrong = reply_json();
  wrong["metrics"]["registrations"]["counts"].push_back(1);
  EXPECT_FALSE(decode_reply(wrong.dump()).ok());
  wrong["metrics"] = Json::array();
  EXPECT_FALSE(decode_reply(wrong.dump()).ok());
}

TEST(Protocol, RegistrationWithResponsesOfAnotherShapeIsRefused) {
  const Json good = register_json();
  for (const Json& respond : {Json("freeze"), Json::array({"freeze"}), Json::array(),
                              Json(std::vector<std::string>(8, "thaw"))}) {
    Json bad = good;
    bad["respond"] = respond;
    EXPECT_FALSE(decode_request(bad.dump()).ok()) << respond;
  }
  Json older = good;
  older.erase("respond");
  EXPECT_EQ(decode_request(older.dump()).value().registration.respond, profile::Responses{});
}

TEST(Protocol, ARegistrationWithoutExceptionsIsOneOfAnOlderHook) {
  Json json = register_json();
  json.erase("exceptions");
  json.erase("admissions");
  json.erase("exec_into");
  const auto got = decode_request(json.dump());
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_TRUE(got.value().registration.exceptions.empty());
  json["exceptions"] = {{{"class", "x"}, {"exe", ""}, {"path", ""}}};
  EXPECT_FALSE(decode_request(json.dump()).ok());
  json["exceptions"] = Json::object();
  EXPECT_FALSE(decode_request(json.dump()).ok());
  json.erase("exceptions");
  json["exec_into"] = {{"action", "kill"}, {"allow", Json::array()}};
  EXPECT_FALSE(decode_request(json.dump()).ok());
}

TEST(Protocol, TextThatIsNotUtf8DoesNotStopARegistration) {
  Registration odd = registration();
  odd.container.name = "a\xff";
  const auto got = decode_request(encode(request_of(odd)));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got.value().registration.container.name, "a\xef\xbf\xbd");
}

TEST(Protocol, RequestOfAnotherShapeIsRefused) {
  const std::string cases[] = {"",
                               "{",
                               "[]",
                               "null",
                               "{}",
                               R"({"op":"status"})",
                               R"({"version":2,"op":"status"})",
                               R"({"version":"1","op":"status"})",
                               R"({"version":1})",
                               R"({"version":1,"op":7})",
                               R"({"version":1,"op":"reboot"})",
                               R"({"version":1,"op":"unregister"})",
                               R"({"version":1,"op":"unregister","id":7})",
                               R"({"version":1,"op":"unregister","id":"c","pid":-1})",
                               R"({"version":1,"op":"register"})",
                               R"({"version":1,"op":"exec","args":["sh"]})",
                               R"({"version":1,"op":"exec","id":"c","args":"sh"})",
                               R"({"version":1,"op":"exec","id":"c","args":[7]})",
                               R"({"version":1,"op":"list","after":-1})",
                               R"({"version":1,"op":"status"} x)",
                               R"({"version":1,"op":"status","op":"list"})",
                               std::string(kMaxMessageBytes + 1, ' '),
                               "{\"version\":1,\"op\":\"status\",\"x\":" + std::string(100, '[') +
                                   std::string(100, ']') + "}"};
  for (const std::string& bytes : cases) {
    const auto got = decode_request(bytes);
    EXPECT_FALSE(got.ok()) << bytes.substr(0, 80);
  }
}

TEST(Protocol, RegistrationWithAWrongMemberIsRefused) {
  const std::pair<const char*, Json> cases[] = {
      {"/pid", 0},
      {"/pid", -5},
      {"/pid", 4294967296},
      {"/pid", "7"},
      {"/rootfs", "relative"},
      {"/rootfs", "/a/../b"},
      {"/cgroup", "relative"},
      {"/cgroup", "/a/../../b"},
      {"/container", "c1"},
      {"/container/id", ""},
      {"/container/id", "../x"},
      {"/container/id", std::string("a\0b", 3)},
      {"/container/annotations", Json::array()},
      {"/container/annotations/k", 7},
      {"/policy", Json::array()},
      {"/policy/action", Json::array()},
      {"/policy/action/escape.mount", "maybe"},
      {"/policy/action/escape.unknown", "deny"},
      {"/policy/bounding", -1},
      {"/policy/devices", {{"c", 1}}},
      {"/policy/writable", {"relative"}},
      {"/policy/new_member", true},
  };
  for (const auto& [pointer, value] : cases) {
    Json json = register_json();
    json[Json::json_pointer(pointer)] = value;
    EXPECT_FALSE(decode_request(json.dump()).ok()) << pointer << " " << value;
  }
}

TEST(Protocol, RegistrationThatLacksAMemberIsRefused) {
  for (const char* member : {"pid", "rootfs", "cgroup", "container", "policy"}) {
    Json json = register_json();
    json.erase(member);
    EXPECT_FALSE(decode_request(json.dump()).ok()) << member;
  }
}

TEST(Protocol, EveryPrefixOfARequestIsRefused) {
  const std::string bytes = encode(request_of(registration()));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_request(bytes.substr(0, length)).ok());
  }
}

TEST(Protocol, RepliesArriveAsTheyWereSent) {
  Reply reply;
  reply.backend = "lsm";
  reply.enforcing = true;
  reply.pid = 12;
  reply.slot = 3;
  reply.count = 2;
  reply.containers = {{registration().container, 3, 4711, "/pod/c1"}};
  const Reply got = decode_reply(encode(reply)).value();
  EXPECT_TRUE(got.error.empty());
  EXPECT_EQ(got.backend, "lsm");
  EXPECT_TRUE(got.enforcing);
  EXPECT_EQ(got.pid, 12);
  EXPECT_EQ(got.slot, 3U);
  EXPECT_EQ(got.count, 2U);
  EXPECT_FALSE(got.more);
  ASSERT_EQ(got.containers.size(), 1U);
  EXPECT_EQ(got.containers[0].container.id, "c1");
  EXPECT_EQ(got.containers[0].slot, 3U);
}

TEST(Protocol, FailureArrivesAsItsSentence) {
  Reply reply;
  reply.error = "the container c1 is registered already";
  EXPECT_EQ(decode_reply(encode(reply)).value().error, reply.error);
}

TEST(Protocol, ReplyOfAnotherShapeIsRefused) {
  for (const char* bytes :
       {"", "{}", R"({"version":1})", R"({"version":1,"ok":false})",
        R"({"version":1,"ok":false,"error":""})", R"({"version":1,"ok":true,"slot":-1})",
        R"({"version":1,"ok":true,"enforcing":"yes"})",
        R"({"version":1,"ok":true,"containers":{}})",
        R"({"version":1,"ok":true,"containers":[{}]})", R"({"version":9,"ok":true})"}) {
    EXPECT_FALSE(decode_reply(bytes).ok()) << bytes;
  }
}

TEST(Protocol, LongListIsCutToAPacketAndSaysSo) {
  Reply reply;
  for (std::uint32_t slot = 1; slot <= 4096; ++slot) {
    reply.containers.push_back({registration().container, slot, 1, "/pod"});
  }
  const std::string bytes = encode(reply);
  EXPECT_LE(bytes.size(), kMaxMessageBytes);
  const Reply got = decode_reply(bytes).value();
  EXPECT_TRUE(got.more);
  EXPECT_GT(got.containers.size(), 100U);
  EXPECT_LT(got.containers.size(), 4096U);
}

TEST(Protocol, ContainerThatFillsAPacketIsListedWithoutItsAnnotations) {
  Reply reply;
  reply.containers.push_back({registration().container, 1, 1, "/pod"});
  reply.containers[0].container.annotations["big"] = std::string(kMaxMessageBytes, 'x');
  const Reply got = decode_reply(encode(reply)).value();
  ASSERT_EQ(got.containers.size(), 1U);
  EXPECT_TRUE(got.containers[0].container.annotations.empty());
  EXPECT_FALSE(got.more);
}

}  // namespace
}  // namespace holdfast::monitor
