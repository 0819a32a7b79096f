// The messages of src/monitor/protocol.h, as they are written.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "src/monitor/protocol.h"
#include "src/profile/policy_json.h"

namespace holdfast::monitor {
namespace {

using Json = nlohmann::json;

// A name that is not UTF-8 must not make a container unguardable: it is told with U+FFFD.
std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json container_json(const Container& container) {
  return {{"id", container.id},         {"name", container.name},
          {"image", container.image},   {"profile", container.profile},
          {"mode", container.mode},     {"engine", container.engine},
          {"bundle", container.bundle}, {"annotations", container.annotations}};
}

Json exceptions_json(const std::vector<profile::Exception>& exceptions) {
  Json list = Json::array();
  for (const profile::Exception& exception : exceptions) {
    list.push_back({{"class", exception.class_name},
                    {"exe", exception.exe},
                    {"path", exception.path},
                    {"reason", exception.reason}});
  }
  return list;
}

Json admissions_json(const std::vector<profile::Admission>& admissions) {
  Json list = Json::array();
  for (const profile::Admission& admission : admissions) {
    list.push_back({{"what", admission.what}, {"asks", admission.asks}});
  }
  return list;
}

Json exec_into_json(const profile::ExecInto& rule) {
  return {{"action", profile::action_name(rule.action)}, {"allow", rule.allow}};
}

void put_exec(const Exec& exec, Json& json) {
  json["args"] = exec.args;
  json["args_truncated"] = exec.args_truncated;
  json["cwd"] = exec.cwd;
  json["user"] = exec.user;
}

Json respond_json(const profile::Responses& respond) {
  Json list = Json::array();
  for (const profile::Response response : respond) {
    list.push_back(profile::response_name(response));
  }
  return list;
}

Json listed_json(const ListedContainer& listed) {
  return {{"container", container_json(listed.container)},
          {"slot", listed.slot},
          {"pid", listed.pid},
          {"cgroup", listed.cgroup},
          {"user", listed.user}};
}

Json responded_json(const Responded& responded) {
  return {{"number", responded.number},
          {"state", responded.state},
          {"failure", responded.failure},
          {"incident", responded.incident},
          {"incident_failure", responded.incident_failure}};
}

const char* name_of(Request::Op op) {
  return std::find_if(kOps.begin(), kOps.end(),
                      [op](const NamedOp& known) { return known.op == op; })
      ->name;
}

// The containers that fit beside `used` bytes of the reply. One whose annotations alone fill a
// packet is listed without them, so that a list always gets on.
void add_containers(const Reply& reply, std::size_t used, Json& json) {
  Json list = Json::array();
  bool more = reply.more;
  for (const ListedContainer& listed : reply.containers) {
    Json entry = listed_json(listed);
    std::size_t size = to_text(entry).size() + 1;
    if (list.empty() && used + size > kMaxMessageBytes) {
      entry["container"]["annotations"] = Json::object();
      size = to_text(entry).size() + 1;
    }
    if (used + size > kMaxMessageBytes) {
      more = true;
      break;
    }
    used += size;
    list.push_back(std::move(entry));
  }
  json["containers"] = std::move(list);
  json["more"] = more;
}

// As many as fit beside `used` bytes, one at least.
void add_told(const Reply& reply, std::size_t used, Json& json) {
  Json list = Json::array();
  for (const ToldAlert& alert : reply.alerts) {
    Json entry = {{"number", alert.number}, {"line", alert.line}};
    used += to_text(entry).size() + 1;
    if (!list.empty() && used > kMaxMessageBytes) {
      json["more"] = true;
      break;
    }
    list.push_back(std::move(entry));
  }
  json["alerts"] = std::move(list);
}

}  // namespace

std::string encode(const Request& request) {
  Json json = {{"version", kProtocolVersion}, {"op", name_of(request.op)}};
  switch (request.op) {
    case Request::Op::kStatus:
    case Request::Op::kMetrics:
    case Request::Op::kReload:
      break;
    case Request::Op::kRegister:
      json["container"] = container_json(request.registration.container);
      json["pid"] = request.registration.pid;
      json["rootfs"] = request.registration.rootfs;
      json["cgroup"] = request.registration.cgroup;
      json["policy"] = profile::policy_to_json(request.registration.policy);
      json["exceptions"] = exceptions_json(request.registration.exceptions);
      json["admissions"] = admissions_json(request.registration.admissions);
      json["exec_into"] = exec_into_json(request.registration.exec_into);
      json["respond"] = respond_json(request.registration.respond);
      json["has_deciding"] = request.registration.has_deciding;
      if (request.rootfs_fd) {
        json["rootfs_fd"] = *request.rootfs_fd;
      }
      break;
    case Request::Op::kUnregister:
      json["id"] = request.id;
      if (request.pid != 0) {
        json["pid"] = request.pid;
      }
      break;
    case Request::Op::kExec:
      json["id"] = request.id;
      put_exec(request.exec, json);
      break;
    case Request::Op::kList:
    case Request::Op::kAlerts:
      json["after"] = request.after;
      break;
    case Request::Op::kRespond:
      if (request.number != 0) {
        json["number"] = request.number;
        break;
      }
      json["id"] = request.id;
      json["response"] = profile::response_name(request.response);
      if (request.pid != 0) {
        json["pid"] = request.pid;
      }
      break;
  }
  return to_text(json);
}

std::string encode(const Reply& reply) {
  if (!reply.error.empty()) {
    return to_text({{"version", kProtocolVersion}, {"ok", false}, {"error", reply.error}});
  }
  Json json = {{"version", kProtocolVersion},  {"ok", true},           {"backend", reply.backend},
               {"enforcing", reply.enforcing}, {"pid", reply.pid},     {"refused", reply.refused},
               {"slot", reply.slot},           {"count", reply.count}, {"changed", reply.changed},
               {"containers", Json::array()},  {"more", reply.more}};
  if (reply.responded.number != 0) {
    json["response"] = responded_json(reply.responded);
  }
  if (reply.metrics) {
    json["metrics"] = metrics_to_json(*reply.metrics);
  }
  add_containers(reply, to_text(json).size(), json);
  if (!reply.alerts.empty()) {
    add_told(reply, to_text(json).size(), json);
  }
  return to_text(json);
}

}  // namespace holdfast::monitor
