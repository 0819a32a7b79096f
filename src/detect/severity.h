// How bad it is, in syslog's words.
#pragma once

#include <optional>
#include <string_view>

namespace holdfast::detect {

// Numbers of RFC 5424, section 6.2.1: the smaller, the worse.
enum class Severity {
  kEmergency = 0,
  kAlert = 1,
  kCritical = 2,
  kError = 3,
  kWarning = 4,
  kNotice = 5,
  kInformational = 6,
  kDebug = 7,
};

// "critical" and back; nothing for what is no severity.
const char* severity_name(Severity severity);
std::optional<Severity> severity_by_name(std::string_view name);

}  // namespace holdfast::detect
