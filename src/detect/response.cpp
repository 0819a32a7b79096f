#include "src/detect/response.h"

#include <array>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "src/base/clock.h"

namespace holdfast::detect {

namespace {

struct Result {
  const char* action;
  const char* verb;
  Severity severity;
};
constexpr std::array<Result, 3> kResults = {{
    // by Response::Result
    {"done", "was", Severity::kNotice},
    {"failed", "should have been", Severity::kError},
    {"withheld", "would have been", Severity::kNotice},
}};

// What it is to have had a response.
std::string_view participle(std::string_view name) {
  if (name == "isolate") {
    return "taken off the network";
  }
  if (name == "release") {
    return "given its network back";
  }
  if (name == "freeze") {
    return "frozen";
  }
  return name == "thaw" ? "thawed" : "killed";
}

std::string subject(const Response& response, const Context& context) {
  std::string container = "a container";
  if (context.container != nullptr) {
    const Container& known = *context.container;
    container = fmt::format("container {}", known.name.empty() ? known.id : known.name);
  }
  return response.target_pid == 0 ? container
                                  : fmt::format("process {} of {}", response.target_pid, container);
}

std::string reason(const Asker& by) {
  return by.pid != 0 ? fmt::format("pid {} (uid {}) asked", by.pid, by.uid)
                     : fmt::format("profile {} asks at an alert that is {} ({})", by.profile,
                                   severity_name(by.severity), by.class_name);
}

std::string ending(const Response& response) {
  switch (response.result) {
    case Response::Result::kFailed:
      return ", but: " + response.failure;
    case Response::Result::kWithheld:
      return "; its mode is detect";
    case Response::Result::kDone:
      break;
  }
  if (!response.incident_failure.empty()) {
    return "; what it was doing could not be kept: " + response.incident_failure;
  }
  return response.incident.empty() ? "" : "; what it was doing is kept in " + response.incident;
}

}  // namespace

Alert response_alert(const Response& response, std::uint64_t time_ns, const Context& context) {
  const Result& result = kResults.at(static_cast<std::size_t>(response.result));
  Alert alert = begin_alert(time_ns, context);
  alert.kind = "alert";
  alert.class_name = "respond." + response.name;
  alert.severity = result.severity;
  alert.action = result.action;
  alert.message = fmt::format("{} {} {}, as {}{}.", subject(response, context), result.verb,
                              participle(response.name), reason(response.by), ending(response));
  alert.response = response;
  return alert;
}

}  // namespace holdfast::detect
