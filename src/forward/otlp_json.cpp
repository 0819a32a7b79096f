#include <cstdio>
#include <ctime>

#include <fmt/core.h>

#include "src/forward/encode.h"

namespace holdfast::forward {

namespace {

using Json = nlohmann::ordered_json;

Json any_value(const nlohmann::json& value);

Json key_values(const nlohmann::json& object) {
  Json list = Json::array();
  for (const auto& [key, value] : object.items()) {
    list.push_back({{"key", key}, {"value", any_value(value)}});
  }
  return list;
}

// 64-bit integers are strings in the JSON encoding of Protobuf. A line is as deep as the monitor
// makes it: three levels.
Json any_value(const nlohmann::json& value) {
  if (value.is_object()) {
    return {{"kvlistValue", {{"values", key_values(value)}}}};
  }
  if (value.is_array()) {
    Json values = Json::array();
    for (const nlohmann::json& item : value) {
      values.push_back(any_value(item));
    }
    return {{"arrayValue", {{"values", values}}}};
  }
  if (value.is_boolean()) {
    return {{"boolValue", value.get<bool>()}};
  }
  if (value.is_number_integer()) {
    return {{"intValue", value.dump()}};
  }
  if (value.is_number()) {
    return {{"doubleValue", value.get<double>()}};
  }
  return {{"stringValue", value.is_string() ? value.get<std::string>() : ""}};
}

// Nanoseconds since 1970 of 2024-02-29T23:59:59.000000001Z, as text; "0", which is "unknown", for
// anything else.
std::string unix_nanoseconds(const std::string& rfc3339) {
  std::tm date{};
  long nanoseconds = 0;
  if (rfc3339.size() != 30 ||
      std::sscanf(rfc3339.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%9ldZ", &date.tm_year, &date.tm_mon,
                  &date.tm_mday, &date.tm_hour, &date.tm_min, &date.tm_sec, &nanoseconds) != 7) {
    return "0";
  }
  date.tm_year -= 1900;
  date.tm_mon -= 1;
  return fmt::format("{}{:09}", timegm(&date), nanoseconds);
}

void attribute(Json& list, const char* key, const nlohmann::json& value) {
  if (!value.is_null()) {
    list.push_back({{"key", key}, {"value", any_value(value)}});
  }
}

// By OpenTelemetry's names where it has one; the whole line is "holdfast".
Json attributes(const Line& line) {
  const nlohmann::json& container = member(line.json, "container");
  const nlohmann::json& process = member(line.json, "process");
  Json list = Json::array();
  attribute(list, "event.name", member(line.json, "class"));
  attribute(list, "container.id", member(container, "id"));
  attribute(list, "container.name", member(container, "name"));
  attribute(list, "container.image.name", member(container, "image"));
  attribute(list, "process.pid", member(process, "pid"));
  attribute(list, "process.executable.path", member(process, "exe"));
  attribute(list, "holdfast", line.json);
  return list;
}

Json record(const Line& line) {
  const std::string time = unix_nanoseconds(text_at(line.json, "time"));
  return {{"timeUnixNano", time},
          {"observedTimeUnixNano", time},
          {"severityNumber", otlp_severity(severity_of(line))},
          {"severityText", detect::severity_name(severity_of(line))},
          {"body", {{"stringValue", text_at(line.json, "message")}}},
          {"attributes", attributes(line)}};
}

}  // namespace

int otlp_severity(detect::Severity severity) {
  switch (severity) {
    case detect::Severity::kEmergency:
      return 21;  // FATAL
    case detect::Severity::kAlert:
      return 19;  // ERROR3
    case detect::Severity::kCritical:
      return 18;  // ERROR2
    case detect::Severity::kError:
      return 17;
    case detect::Severity::kWarning:
      return 13;
    case detect::Severity::kNotice:
      return 10;  // INFO2
    case detect::Severity::kInformational:
      return 9;
    default:
      return 5;
  }
}

std::string otlp_logs(std::span<const Line> lines) {
  Json resource = Json::array();
  attribute(resource, "service.name", "holdfast");
  attribute(resource, "host.name", member(lines.front().json, "host"));
  Json records = Json::array();
  for (const Line& line : lines) {
    records.push_back(record(line));
  }
  const Json scope = {{"name", "holdfast"}, {"version", HOLDFAST_VERSION}};
  const Json scopes = Json::array({{{"scope", scope}, {"logRecords", records}}});
  const Json request = {{"resourceLogs", Json::array({{{"resource", {{"attributes", resource}}},
                                                       {"scopeLogs", scopes}}})}};
  return request.dump();
}

}  // namespace holdfast::forward
