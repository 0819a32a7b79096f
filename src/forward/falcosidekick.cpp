#include <cctype>

#include <fmt/core.h>
#include <fmt/format.h>

#include "src/forward/encode.h"

namespace holdfast::forward {

namespace {

using Json = nlohmann::ordered_json;

// Falco's words are syslog's with a capital.
std::string priority(const Line& line) {
  std::string word = detect::severity_name(severity_of(line));
  word[0] = static_cast<char>(std::toupper(word[0]));
  return word;
}

// The rule of Falco's that tells the same, so that what was made for it goes on working.
std::string rule(const nlohmann::json& json) {
  const std::string falco = text_at(member(json, "aliases"), "falco");
  return falco.empty() ? text_at(json, "class") : falco;
}

void put(Json& fields, const char* name, const nlohmann::json& value) {
  if (!value.is_null()) {
    fields[name] = value;
  }
}

std::string command_line(const nlohmann::json& argv) {
  std::string line;
  for (const nlohmann::json& word : argv) {
    line += (line.empty() ? "" : " ") + (word.is_string() ? word.get<std::string>() : "?");
  }
  return line;
}

// By Falco's names where it has one.
Json output_fields(const Line& line) {
  const nlohmann::json& json = line.json;
  const nlohmann::json& container = member(json, "container");
  const nlohmann::json& process = member(json, "process");
  const nlohmann::json& object = member(json, "object");
  Json fields = {{"holdfast.seq", line.end.seq}};
  put(fields, "holdfast.class", member(json, "class"));
  put(fields, "holdfast.kind", member(json, "kind"));
  put(fields, "holdfast.action", member(json, "action"));
  put(fields, "holdfast.count", member(json, "count"));
  put(fields, "holdfast.profile", member(container, "profile"));
  put(fields, "container.id", member(container, "id"));
  put(fields, "container.name", member(container, "name"));
  put(fields, "container.image", member(container, "image"));
  put(fields, "proc.pid", member(process, "pid"));
  put(fields, "proc.ppid", member(process, "ppid"));
  put(fields, "proc.name", member(process, "comm"));
  put(fields, "proc.exepath", member(process, "exe"));
  put(fields, "proc.cwd", member(process, "cwd"));
  put(fields, "user.uid", member(process, "uid"));
  put(fields, "group.gid", member(process, "gid"));
  put(fields, "fd.name", member(object, "path"));
  put(fields, "evt.type", member(object, "syscall"));
  put(fields, "evt.res", member(object, "result"));
  if (member(process, "argv").is_array()) {
    fields["proc.cmdline"] = command_line(member(process, "argv"));
  }
  return fields;
}

}  // namespace

std::string falcosidekick(const Line& line) {
  const nlohmann::json& json = line.json;
  Json tags = Json::array({"container", "holdfast"});
  for (const nlohmann::json& technique : member(json, "mitre")) {
    tags.push_back(technique);
  }
  const Json event = {{"output", text_at(json, "message")},
                      {"priority", priority(line)},
                      {"rule", rule(json)},
                      {"time", text_at(json, "time")},
                      {"output_fields", output_fields(line)},
                      {"source", "holdfast"},
                      {"tags", tags},
                      {"hostname", text_at(json, "host")}};
  return event.dump();
}

}  // namespace holdfast::forward
