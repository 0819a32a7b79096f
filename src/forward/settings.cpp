#include "src/forward/settings.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/base/file.h"
#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/profile/config.h"

namespace holdfast::forward {
namespace {

using base::JsonView;

template <typename T>
using Words = std::vector<std::pair<const char*, T>>;

template <typename T>
Status read_word(const JsonView& view, const char* key, const Words<T>& words, T& out) {
  std::string given;
  TRY(view.read(key, given));
  std::string known;
  for (const auto& [word, value] : words) {
    if (given == word) {
      out = value;
      return Ok{};
    }
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  return given.empty() ? Status(Ok{})
                       : view.error_at(key, fmt::format("\"{}\" is not one of {}",
                                                        base::shown(given), known));
}

Status read_number(const JsonView& view, const char* key, std::int64_t least, std::int64_t most,
                   std::int64_t& out) {
  TRY(view.read(key, out));
  if (out < least || out > most) {
    return view.error_at(key, fmt::format("must be {} to {}", least, most));
  }
  return Ok{};
}

Status read_path(const JsonView& view, const char* key, std::string& out) {
  TRY(view.read(key, out));
  if (!out.empty() && !base::is_absolute_clean(out)) {
    return view.error_at(key,
                         fmt::format("\"{}\" is not an absolute, clean path", base::shown(out)));
  }
  return Ok{};
}

Status read_name(const JsonView& view, std::string& out) {
  out = TRY(view.need_string("name", "give the sink a name; its cursor is kept under it"));
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (out.empty() || out.size() > 64 || !std::all_of(out.begin(), out.end(), fits)) {
    return view.error_at("name", "must be 1 to 64 of the characters a-z, 0-9, - and _");
  }
  return Ok{};
}

Status read_filter(const JsonView& view, SinkSettings& sink) {
  Words<detect::Severity> severities;
  for (int number = 0; number <= static_cast<int>(detect::Severity::kDebug); ++number) {
    const auto severity = static_cast<detect::Severity>(number);
    severities.emplace_back(detect::severity_name(severity), severity);
  }
  TRY(read_word(view, "min_severity", severities, sink.min_severity));
  std::vector<std::string> kinds(sink.kinds.begin(), sink.kinds.end());
  TRY(view.read("kinds", kinds));
  for (const std::string& kind : kinds) {
    if (kind != "alert" && kind != "record") {
      return view.error_at("kinds",
                           fmt::format("\"{}\" is not one of alert, record", base::shown(kind)));
    }
  }
  sink.kinds = {kinds.begin(), kinds.end()};
  return Ok{};
}

Status read_limits(const JsonView& view, SinkSettings& sink) {
  TRY(read_number(view, "timeout_ms", 10, 300'000, sink.timeout_ms));
  if (const auto batch = view.find("batch")) {
    TRY(batch->only_keys({"max_lines", "max_bytes"}));
    TRY(read_number(*batch, "max_lines", 1, 10'000, sink.max_lines));
    TRY(read_number(*batch, "max_bytes", 1024, 16 << 20, sink.max_bytes));
  }
  if (const auto retry = view.find("retry")) {
    TRY(retry->only_keys({"first_ms", "max_ms"}));
    TRY(read_number(*retry, "first_ms", 1, 3'600'000, sink.retry_first_ms));
    TRY(read_number(*retry, "max_ms", sink.retry_first_ms, 3'600'000, sink.retry_max_ms));
  }
  return Ok{};
}

Status read_tls(const JsonView& view, Tls& tls) {
  const auto member = view.find("tls");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"ca", "cert", "key"}));
  TRY(read_path(*member, "ca", tls.ca));
  TRY(read_path(*member, "cert", tls.cert));
  TRY(read_path(*member, "key", tls.key));
  if (tls.cert.empty() != tls.key.empty()) {
    return member->error("has a certificate without its key or a key without its certificate");
  }
  return Ok{};
}

Status read_url(const JsonView& view, std::vector<const char*> schemes, std::string& out) {
  out = TRY(view.need_string("url", "say where the other end is"));
  std::string known;
  for (const char* scheme : schemes) {
    if (out.starts_with(scheme) && out.size() > std::string_view(scheme).size()) {
      return Ok{};
    }
    known += (known.empty() ? "" : ", ") + std::string(scheme);
  }
  return view.error_at("url",
                       fmt::format("\"{}\" begins with none of {}", base::shown(out), known));
}

Status read_headers(const JsonView& view, std::map<std::string, std::string>& headers) {
  TRY(view.read("headers", headers));
  for (const auto& [name, value] : headers) {
    const std::string both = name + value;
    const bool controls = std::any_of(both.begin(), both.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (controls || name.empty() || name.find_first_of(": ") != std::string::npos) {
      return view.error_at("headers",
                           fmt::format("\"{}\" is no header's name and value", base::shown(name)));
    }
  }
  return Ok{};
}

// The keys that only HTTP has.
Status read_http(const JsonView& view, SinkSettings& sink) {
  TRY(read_url(view, {"http://", "https://"}, sink.url));
  TRY(read_headers(view, sink.headers));
  TRY(read_path(view, "token_file", sink.token_file));
  return read_tls(view, sink.tls);
}

// Beside `own`, the keys that every sink has.
Status only_keys(const JsonView& view, std::vector<const char*> own) {
  own.insert(own.end(), {"name", "type", "min_severity", "kinds", "batch", "retry", "timeout_ms"});
  for (const auto& [key, value] : view.raw().items()) {
    if (std::find(own.begin(), own.end(), key) == own.end()) {
      return view.error_at(
          key, fmt::format("is not a key of this type of sink; known: {}", fmt::join(own, ", ")));
    }
  }
  return Ok{};
}

Status read_by_type(const JsonView& view, SinkSettings& sink) {
  switch (sink.type) {
    case SinkType::kWebhook:
      TRY(only_keys(view, {"url", "headers", "token_file", "tls", "format"}));
      TRY(read_word<Format>(view, "format",
                            {{"json", Format::kJson},
                             {"ndjson", Format::kNdjson},
                             {"falcosidekick", Format::kFalcosidekick}},
                            sink.format));
      return read_http(view, sink);
    case SinkType::kOtlp:
      TRY(only_keys(view, {"url", "headers", "token_file", "tls"}));
      return read_http(view, sink);
    case SinkType::kSyslog:
      TRY(only_keys(view, {"url", "tls", "format", "facility"}));
      TRY(read_word<Format>(view, "format", {{"json", Format::kJson}, {"text", Format::kText}},
                            sink.format));
      TRY(read_number(view, "facility", 0, 23, sink.facility));
      TRY(read_url(view, {"unix:///", "udp://", "tcp://", "tls://"}, sink.url));
      return read_tls(view, sink.tls);
    default:
      return only_keys(view, {});
  }
}

Result<SinkSettings> read_sink(const JsonView& view) {
  SinkSettings sink;
  TRY(view.must_be_object());
  TRY(read_name(view, sink.name));
  TRY(view.need_string("type", "say what it is: stdout, journald, syslog, webhook or otlp"));
  TRY(read_word<SinkType>(view, "type",
                          {{"stdout", SinkType::kStdout},
                           {"journald", SinkType::kJournald},
                           {"syslog", SinkType::kSyslog},
                           {"webhook", SinkType::kWebhook},
                           {"otlp", SinkType::kOtlp}},
                          sink.type));
  TRY(read_by_type(view, sink));
  TRY(read_filter(view, sink));
  TRY(read_limits(view, sink));
  return sink;
}

Status read_sinks(const JsonView& view, std::vector<SinkSettings>& sinks) {
  const auto list = view.find("sinks");
  if (!list) {
    return Ok{};
  }
  const std::vector<JsonView> items = TRY(list->items());
  for (const JsonView& item : items) {
    SinkSettings sink = TRY(read_sink(item));
    const bool taken = std::any_of(sinks.begin(), sinks.end(), [&](const SinkSettings& other) {
      return other.name == sink.name;
    });
    if (taken) {
      return item.error_at("name", fmt::format("\"{}\" is another sink's already", sink.name));
    }
    sinks.push_back(std::move(sink));
  }
  return Ok{};
}

}  // namespace

Result<Settings> parse_settings(std::string_view bytes, const std::string& what) {
  const profile::Config config = TRY(profile::parse_config(bytes, what));
  const nlohmann::json document = TRY(base::parse_json(bytes, what, profile::kConfigLimits));
  const JsonView view(document, what, JsonView::Null::kIsError);
  Settings settings;
  settings.alerts = config.monitor.alerts;
  if (const auto forward = view.find("forward")) {
    TRY(forward->only_keys({"state_dir"}));
    TRY(read_path(*forward, "state_dir", settings.state_dir));
  }
  TRY(read_sinks(view, settings.sinks));
  return settings;
}

Result<Settings> load_settings(const std::string& path) {
  const std::string bytes = TRY(base::read_file(path, profile::kConfigLimits.max_bytes));
  Settings settings = TRY(parse_settings(bytes, path));
  if (settings.sinks.empty()) {
    return fail(path + " names no sinks; add them as \"sinks\": [{…}]");
  }
  return settings;
}

}  // namespace holdfast::forward
