// What holdfast.json says about sinks: its members "sinks" and "forward".
//
// They are read here and not in profile::parse_config(): a mistake in them is for whoever runs
// `holdfast forward` to hear of, and must not keep a container from starting.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/detect/severity.h"

namespace holdfast::forward {

enum class SinkType { kStdout, kJournald, kSyslog, kWebhook, kOtlp };
enum class Format { kJson, kNdjson, kFalcosidekick, kText };

struct Tls {
  std::string ca;    // "": the system's
  std::string cert;  // "": none is shown
  std::string key;
};

struct SinkSettings {
  std::string name;
  SinkType type = SinkType::kStdout;
  detect::Severity min_severity = detect::Severity::kDebug;
  std::set<std::string> kinds = {"alert", "record"};
  std::string url;  // of syslog: unix:///dev/log, udp://, tcp:// or tls://HOST:PORT
  Format format = Format::kJson;
  std::map<std::string, std::string> headers;
  std::string token_file;  // its first line is sent as bearer token
  Tls tls;
  std::int64_t facility = 13;  // RFC 5424, table 1: log audit
  std::int64_t timeout_ms = 10'000;
  std::int64_t max_lines = 500;
  std::int64_t max_bytes = std::int64_t{512} << 10;
  std::int64_t retry_first_ms = 500;
  std::int64_t retry_max_ms = 60'000;
};

struct Settings {
  std::string alerts;
  std::string state_dir = "/var/lib/holdfast/forward";
  std::vector<SinkSettings> sinks;
};

// Of a whole holdfast.json; what else is in it must be right as well. `what` names it in messages.
Result<Settings> parse_settings(std::string_view bytes, const std::string& what);

// Of a file that names at least one sink.
Result<Settings> load_settings(const std::string& path);

}  // namespace holdfast::forward
