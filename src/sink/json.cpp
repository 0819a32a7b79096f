#include "src/sink/json.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/detect/names.h"

namespace holdfast::sink {

namespace {

using Json = nlohmann::ordered_json;

// Adds a member unless it is empty, zero or false: an absent member says the same in fewer bytes.
template <typename T>
void put(Json& object, const char* name, const T& value) {
  if (value != T{}) {
    object[name] = value;
  }
}

Json container_json(const detect::Container& container) {
  Json object = {{"id", container.id}};
  put(object, "name", container.name);
  put(object, "image", container.image);
  put(object, "profile", container.profile);
  put(object, "engine", container.engine);
  put(object, "bundle", container.bundle);
  put(object, "annotations", container.annotations);
  return object;
}

Json ancestors_json(const std::vector<event::Ancestor>& ancestors) {
  Json list = Json::array();
  for (const event::Ancestor& ancestor : ancestors) {
    Json object = {{"pid", ancestor.pid}};
    put(object, "comm", ancestor.comm);
    put(object, "exe", ancestor.exe);
    list.push_back(std::move(object));
  }
  return list;
}

Json process_json(const event::Process& process) {
  Json object = {{"pid", process.pid}, {"ppid", process.ppid}};
  put(object, "container_pid", process.container_pid);
  put(object, "comm", process.comm);
  put(object, "exe", process.exe);
  put(object, "argv", process.argv);
  put(object, "argv_truncated", process.argv_truncated);
  put(object, "cwd", process.cwd);
  object["uid"] = process.uid;
  object["gid"] = process.gid;
  if (process.login_uid) {
    object["login_uid"] = *process.login_uid;
  }
  object["caps"] = detect::capability_names(process.caps);
  object["ancestors"] = ancestors_json(process.ancestors);
  object["layer"] = process.upper_layer ? "upper" : "image";
  put(object, "gone", process.gone);
  return object;
}

Json object_json(const detect::Object& target) {
  Json object = Json::object();
  put(object, "operation", target.operation);
  put(object, "path", target.path);
  put(object, "path_truncated", target.path_truncated);
  put(object, "path_as_spelled", target.path_as_spelled);
  put(object, "type", target.type);
  put(object, "mode", target.mode);
  put(object, "device", target.device);
  put(object, "inode", target.inode);
  put(object, "node", target.node);
  put(object, "filesystem", target.filesystem);
  put(object, "syscall", target.syscall);
  put(object, "flags", target.flags);
  put(object, "capabilities", target.capabilities);
  put(object, "target_pid", target.target_pid);
  put(object, "address", target.address);
  put(object, "port", target.port);
  put(object, "protocol", target.protocol);
  put(object, "result", target.result);
  put(object, "argv", target.argv);
  put(object, "user", target.user);
  return object;
}

Json asker_json(const detect::Asker& by) {
  if (by.pid != 0) {
    return {{"pid", by.pid}, {"uid", by.uid}};
  }
  return {{"profile", by.profile},
          {"class", by.class_name},
          {"severity", detect::severity_name(by.severity)}};
}

Json response_json(const detect::Response& response) {
  Json object = {{"name", response.name}, {"by", asker_json(response.by)}};
  put(object, "target_pid", response.target_pid);
  put(object, "failure", response.failure);
  put(object, "incident", response.incident);
  put(object, "incident_failure", response.incident_failure);
  return object;
}

Json aliases_json(const detect::Alert& alert) {
  Json object = Json::object();
  put(object, "falco", alert.falco);
  put(object, "tracee", alert.tracee);
  return object;
}

}  // namespace

std::string to_json(const detect::Alert& alert) {
  Json object = {{"time", alert.time},        {"kind", alert.kind},
                 {"class", alert.class_name}, {"severity", detect::severity_name(alert.severity)},
                 {"action", alert.action},    {"count", alert.count}};
  put(object, "cause", alert.cause);
  object["message"] = alert.message;
  put(object, "exception", alert.exception);
  put(object, "held_back", alert.held_back);
  if (alert.container) {
    object["container"] = container_json(*alert.container);
  }
  if (alert.process) {
    object["process"] = process_json(*alert.process);
  }
  if (alert.object) {
    object["object"] = object_json(*alert.object);
  }
  if (alert.response) {
    object["response"] = response_json(*alert.response);
  }
  put(object, "mitre", alert.mitre);
  if (!alert.falco.empty() || !alert.tracee.empty()) {
    object["aliases"] = aliases_json(alert);
  }
  object["backend"] = alert.backend;
  object["host"] = alert.host;
  object["origin"] = {{"queue", alert.origin.queue},
                      {"epoch", alert.origin.epoch},
                      {"position", alert.origin.position}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_line(std::string_view object, std::uint64_t seq) {
  return fmt::format("{{\"seq\":{},{}\n", seq, object.substr(1));
}

}  // namespace holdfast::sink
