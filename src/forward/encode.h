// Lines in the words of others. Pure.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "src/forward/line.h"

namespace holdfast::forward {

// RFC 5424, section 6, without framing. `whole`: the message is the line itself rather than its
// sentence.
std::string rfc5424(const Line& line, int facility, bool whole);

// What Falcosidekick takes, as Falco's http_output sends it: one event.
std::string falcosidekick(const Line& line);

// An ExportLogsServiceRequest as JSON (OTLP 1.0, JSON Protobuf encoding). Not empty.
std::string otlp_logs(std::span<const Line> lines);

// SeverityNumber of OpenTelemetry's log data model, appendix B, column Syslog.
int otlp_severity(detect::Severity severity);

}  // namespace holdfast::forward
