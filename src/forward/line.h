// A line of the alert file, as sinks get it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "src/detect/severity.h"
#include "src/forward/settings.h"

namespace holdfast::forward {

// How far somebody has read: up to and including the line numbered `seq`.
struct Cursor {
  std::uint64_t seq = 0;          // 0: nothing was read
  std::uint64_t fingerprint = 0;  // of that line: its number may be given again to another one
  std::uint64_t device = 0;       // of the file it was in
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;  // where the line ends in it
  bool operator==(const Cursor&) const = default;
};

struct Line {
  std::string text;  // without line feed
  nlohmann::json json;
  Cursor end;
  std::uint64_t lost = 0;  // how many lines this one stands for that could not be read
};

// The number with which every line of ours begins; nothing: it is not one.
std::optional<std::uint64_t> seq_of(std::string_view text);

// FNV-1a: tells lines apart; nobody gains by making two that are alike.
std::uint64_t fingerprint(std::string_view text);

// Empty for what is no JSON object with a number.
std::optional<Line> parse_line(std::string text);

// Takes the place of lines that nobody can read any more, before `next`: of the class monitor.lost.
// `expected` is the number that should have followed.
Line line_of_lost(const Line& next, std::uint64_t expected);

// Whether the sink asks for it. What was lost is everybody's.
bool is_wanted(const Line& line, const SinkSettings& sink);

// Members of lines; what is not there or of another type is empty.
std::string text_at(const nlohmann::json& object, const char* key);
const nlohmann::json& member(const nlohmann::json& object, const char* key);
detect::Severity severity_of(const Line& line);

}  // namespace holdfast::forward
