#include "src/forward/line.h"

#include <charconv>

#include <fmt/core.h>

namespace holdfast::forward {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kBeginning = "{\"seq\":";

std::string sentence_of_lost(std::uint64_t expected, std::uint64_t found) {
  if (found <= expected) {
    return fmt::format(
        "The numbers of lines begin anew: {} came where {} was next. What was written between is "
        "not known.",
        found, expected);
  }
  return fmt::format("{} lines, {} to {}, were gone from the alert file before they could be sent.",
                     found - expected, expected, found - 1);
}

}  // namespace

std::optional<std::uint64_t> seq_of(std::string_view text) {
  if (!text.starts_with(kBeginning)) {
    return std::nullopt;
  }
  text.remove_prefix(kBeginning.size());
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  return error == std::errc{} && seq != 0 ? std::optional(seq) : std::nullopt;
}

std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::optional<Line> parse_line(std::string text) {
  const auto seq = seq_of(text);
  if (!seq) {
    return std::nullopt;
  }
  Line line;
  line.json = Json::parse(text, nullptr, false);
  if (!line.json.is_object()) {
    return std::nullopt;
  }
  line.end.seq = *seq;
  line.end.fingerprint = fingerprint(text);
  line.text = std::move(text);
  return line;
}

Line line_of_lost(const Line& next, std::uint64_t expected) {
  const std::uint64_t found = next.end.seq;
  const bool counted = found > expected;
  Line line;
  line.lost = counted ? found - expected : 1;
  nlohmann::ordered_json json = {
      {"seq", counted ? found - 1 : found},
      {"time", text_at(next.json, "time")},
      {"kind", "alert"},
      {"class", "monitor.lost"},
      {"severity", "error"},
      {"action", "alerted"},
      {"count", line.lost},
      {"cause", counted ? "rotated" : "renumbered"},
      {"message", sentence_of_lost(expected, found)},
      {"backend", text_at(next.json, "backend")},
      {"host", text_at(next.json, "host")},
      {"origin", {{"queue", "forward"}, {"epoch", 0}, {"position", expected}}}};
  line.text = json.dump();
  line.json = Json::parse(line.text);
  return line;
}

bool is_wanted(const Line& line, const SinkSettings& sink) {
  return line.lost != 0 || (sink.kinds.contains(text_at(line.json, "kind")) &&
                            severity_of(line) <= sink.min_severity);
}

std::string text_at(const Json& object, const char* key) {
  const Json& found = member(object, key);
  return found.is_string() ? found.get<std::string>() : "";
}

const Json& member(const Json& object, const char* key) {
  static const Json kNone;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kNone;
}

detect::Severity severity_of(const Line& line) {
  return detect::severity_by_name(text_at(line.json, "severity"))
      .value_or(detect::Severity::kNotice);
}

}  // namespace holdfast::forward
