// The messages of src/monitor/protocol.h, as they are read: what comes over the socket is checked
// here.
#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "src/base/json.h"
#include "src/base/path.h"
#include "src/monitor/protocol.h"
#include "src/monitor/reader.h"
#include "src/oci/state.h"
#include "src/profile/policy_json.h"
#include "src/profile/profile.h"

namespace holdfast::monitor {
namespace {

using Json = nlohmann::json;

// The deepest message is a policy's device: object, object, array, object.
constexpr unsigned kMaxDepth = 8;
constexpr std::size_t kMaxId = oci::kMaxIdBytes;
constexpr std::size_t kMaxPath = HF_PATH_MAX;
// Names, images and annotation values: the packet bounds them all together.
constexpr std::size_t kMaxText = kMaxMessageBytes;
// One for each key of a profile's `admit`, and "mounts" twice.
constexpr std::size_t kMaxAdmissions = 16;
constexpr std::size_t kMaxAdmissionName = 32;

constexpr std::uint64_t kMaxPid = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

Result<std::map<std::string, std::string>> decode_annotations(const Json* json) {
  std::map<std::string, std::string> annotations;
  if (json == nullptr) {
    return annotations;
  }
  if (!json->is_object()) {
    return fail("\"annotations\" is not an object");
  }
  for (const auto& [key, value] : json->items()) {
    if (!value.is_string()) {
      return fail("the annotation \"" + key + "\" is not a string");
    }
    annotations.emplace(key, value.get<std::string>());
  }
  return annotations;
}

Result<Container> decode_container(const Json& json) {
  Reader reader(json, "\"container\"");
  Container container;
  container.id = reader.text("id", kMaxId);
  container.name = reader.text("name", kMaxText, false);
  container.image = reader.text("image", kMaxText, false);
  container.profile = reader.text("profile", kMaxText, false);
  container.mode = reader.text("mode", kMaxText, false);
  container.engine = reader.text("engine", kMaxText, false);
  container.bundle = reader.text("bundle", kMaxPath, false);
  if (!oci::valid_id(container.id)) {
    reader.complain("has an \"id\" that is no container's");
  }
  if (reader.error()) {
    return *reader.error();
  }
  container.annotations = TRY(decode_annotations(reader.find("annotations")));
  return container;
}

profile::Exception decode_exception(Reader& reader) {
  constexpr std::size_t kMax = profile::kMaxExceptionBytes;
  return {reader.text("class", kMax), reader.text("exe", kMax), reader.text("path", kMax),
          reader.text("reason", kMax)};
}

profile::Admission decode_admission(Reader& reader) {
  return {reader.text("what", kMaxAdmissionName), reader.text("asks", kMaxText)};
}

Result<profile::ExecInto> decode_exec_into(const Json* json) {
  profile::ExecInto rule;
  if (json == nullptr) {
    return rule;
  }
  Reader reader(*json, "\"exec_into\"");
  rule.action = profile::action_by_name(reader.text("action", kMaxAdmissionName));
  rule.allow = reader.texts("allow", profile::kMaxRules, kMaxPath);
  if (rule.action < HF_OFF || rule.action > HF_DENY) {
    reader.complain("has an \"action\" that is none of off, record, alert, deny");
  }
  return reader.error() ? Result<profile::ExecInto>(*reader.error()) : std::move(rule);
}

Exec decode_exec(Reader& reader) {
  Exec exec;
  exec.args = reader.texts("args", kMaxExecArgs, kMaxExecArgBytes);
  exec.args_truncated = reader.boolean("args_truncated", false);
  exec.cwd = reader.text("cwd", kMaxPath, false);
  exec.user = reader.text("user", kMaxExecArgBytes, false);
  return exec;
}

// A registration of a version that had none has none.
Result<profile::Responses> decode_responses(const Reader& reader) {
  profile::Responses responses{};
  const Json* list = reader.find("respond");
  if (list == nullptr) {
    return responses;
  }
  if (!list->is_array() || list->size() != responses.size()) {
    return fail(fmt::format("\"respond\" is not an array of {} names", responses.size()));
  }
  for (std::size_t i = 0; i < responses.size(); ++i) {
    const Json& name = (*list)[i];
    const auto response = name.is_string()
                              ? profile::response_by_name(name.get_ref<const std::string&>())
                              : std::nullopt;
    if (!response || *response > profile::Response::kKillContainer) {
      return fail("\"respond\" has an element that is no response of a profile");
    }
    responses.at(i) = *response;
  }
  return responses;
}

Result<Registration> decode_registration(Reader& reader) {
  Registration registration;
  registration.pid = static_cast<std::int32_t>(reader.number("pid", kMaxPid));
  registration.rootfs = reader.text("rootfs", kMaxPath);
  registration.cgroup = reader.text("cgroup", kMaxPath);
  const Json* container = reader.member("container", true);
  const Json* policy = reader.member("policy", true);
  if (registration.pid == 0) {
    reader.complain("has the \"pid\" 0");
  }
  if (!base::is_absolute_clean(registration.rootfs)) {
    reader.complain("has a \"rootfs\" that is not an absolute, clean path");
  }
  if (!registration.cgroup.empty() && !base::is_absolute_clean(registration.cgroup)) {
    reader.complain("has a \"cgroup\" that is not an absolute, clean path");
  }
  if (reader.error()) {
    return *reader.error();
  }
  registration.container = TRY(decode_container(*container));
  registration.policy = TRY(profile::policy_from_json(*policy, "the policy"));
  registration.exceptions =
      TRY(decode_list(reader, "exceptions", profile::kMaxExceptions, decode_exception));
  registration.admissions =
      TRY(decode_list(reader, "admissions", kMaxAdmissions, decode_admission));
  registration.exec_into = TRY(decode_exec_into(reader.find("exec_into")));
  registration.respond = TRY(decode_responses(reader));
  registration.has_deciding = reader.boolean("has_deciding", false);
  return registration;
}

Result<ListedContainer> decode_listed(const Json& json) {
  Reader reader(json, "a listed container");
  ListedContainer listed;
  listed.slot = static_cast<std::uint32_t>(reader.number("slot", kMaxU32));
  listed.pid = static_cast<std::int32_t>(reader.number("pid", kMaxPid));
  listed.cgroup = reader.text("cgroup", kMaxPath);
  listed.user = static_cast<std::uint32_t>(reader.number("user", kMaxU32, false));
  const Json* container = reader.member("container", true);
  if (reader.error()) {
    return *reader.error();
  }
  listed.container = TRY(decode_container(*container));
  return listed;
}

void decode_respond(Reader& reader, Request& request) {
  request.number = reader.number("number", kMaxNumber, false);
  if (request.number != 0) {
    return;
  }
  request.id = reader.text("id", kMaxId);
  request.pid = static_cast<std::int32_t>(reader.number("pid", kMaxPid, false));
  const std::string name = reader.text("response", kMaxAdmissionName);
  const auto response = profile::response_by_name(name);
  if (!response || *response == profile::Response::kAlert) {
    reader.complain("has a \"response\" that is none");
    return;
  }
  request.response = *response;
  if ((request.pid != 0) != (*response == profile::Response::kKillProcess)) {
    reader.complain("has no \"pid\" for kill-process, or one for another response");
  }
}

ToldAlert decode_told(Reader& reader) {
  return {reader.number("number", kMaxNumber), reader.text("line", kMaxMessageBytes)};
}

Result<Responded> decode_responded(const Json& json) {
  Reader reader(json, "the response");
  Responded responded;
  responded.number = reader.number("number", kMaxNumber);
  responded.state = reader.text("state", kMaxAdmissionName);
  responded.failure = reader.text("failure", kMaxText);
  responded.incident = reader.text("incident", kMaxPath);
  responded.incident_failure = reader.text("incident_failure", kMaxText);
  return reader.error() ? Result<Responded>(*reader.error())
                        : Result<Responded>(std::move(responded));
}

// The message as an object of the version we speak.
Result<Json> parse_message(const std::string& bytes) {
  Json json = TRY(base::parse_json(bytes, "the message", {kMaxMessageBytes, kMaxDepth}));
  if (!json.is_object()) {
    return fail("the message is not a JSON object");
  }
  const auto version = json.find("version");
  if (version == json.end() || *version != Json(kProtocolVersion)) {
    return fail(
        fmt::format("the peer speaks another version of the protocol than {}: restart the monitor "
                    "after an upgrade",
                    kProtocolVersion));
  }
  return json;
}

Result<Request::Op> decode_op(const std::string& name) {
  std::string names;
  for (const NamedOp& known : kOps) {
    if (name == known.name) {
      return known.op;
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  return fail(fmt::format("\"{}\" is not an op; there are {}", name, names));
}

}  // namespace

Result<Request> decode_request(const std::string& bytes) {
  const Json json = TRY(parse_message(bytes));
  Reader reader(json, "the request");
  Request request;
  const std::string op = reader.text("op", 32);
  if (reader.error()) {
    return *reader.error();
  }
  request.op = TRY(decode_op(op));
  switch (request.op) {
    case Request::Op::kStatus:
    case Request::Op::kMetrics:
    case Request::Op::kReload:
      break;
    case Request::Op::kRegister:
      request.registration = TRY(decode_registration(reader));
      if (reader.find("rootfs_fd") != nullptr) {
        request.rootfs_fd = static_cast<std::uint32_t>(reader.number("rootfs_fd", kMaxPid));
      }
      break;
    case Request::Op::kUnregister:
      request.id = reader.text("id", kMaxId);
      request.pid = static_cast<std::int32_t>(reader.number("pid", kMaxPid, false));
      break;
    case Request::Op::kExec:
      request.id = reader.text("id", kMaxId);
      request.exec = decode_exec(reader);
      break;
    case Request::Op::kList:
    case Request::Op::kAlerts:
      request.after = reader.number("after", kMaxNumber, false);
      break;
    case Request::Op::kRespond:
      decode_respond(reader, request);
      break;
  }
  if (reader.error()) {
    return *reader.error();
  }
  return request;
}

Result<Reply> decode_reply(const std::string& bytes) {
  const Json json = TRY(parse_message(bytes));
  Reader reader(json, "the monitor's reply");
  Reply reply;
  const bool ok = reader.boolean("ok");
  reply.error = reader.text("error", kMaxText, !ok);
  if (!ok) {
    if (!reader.error() && reply.error.empty()) {
      reader.complain("is a failure that says nothing");
    }
    return reader.error() ? Result<Reply>(*reader.error()) : Result<Reply>(std::move(reply));
  }
  reply.error.clear();
  reply.backend = reader.text("backend", 64, false);
  reply.enforcing = reader.boolean("enforcing", false);
  reply.pid = static_cast<std::int32_t>(reader.number("pid", kMaxPid, false));
  reply.refused = reader.text("refused", kMaxText, false);
  reply.slot = static_cast<std::uint32_t>(reader.number("slot", kMaxU32, false));
  reply.count = static_cast<std::uint32_t>(reader.number("count", kMaxU32, false));
  reply.changed = static_cast<std::uint32_t>(reader.number("changed", kMaxU32, false));
  reply.more = reader.boolean("more", false);
  const Json* list = reader.find("containers");
  if (list != nullptr && !list->is_array()) {
    reader.complain("has \"containers\" that are not an array");
  }
  if (reader.error()) {
    return *reader.error();
  }
  if (const Json* responded = reader.find("response")) {
    reply.responded = TRY(decode_responded(*responded));
  }
  if (const Json* metrics = reader.find("metrics")) {
    reply.metrics = TRY(metrics_from_json(*metrics));
  }
  reply.alerts = TRY(decode_list(reader, "alerts", kMaxMessageBytes, decode_told));
  if (list == nullptr) {
    return reply;
  }
  for (const Json& listed : *list) {
    reply.containers.push_back(TRY(decode_listed(listed)));
  }
  return reply;
}

}  // namespace holdfast::monitor
