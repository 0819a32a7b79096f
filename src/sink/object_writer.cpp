#include "src/sink/object_writer.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <nlohmann/json.hpp>

namespace holdfast::sink {

namespace {

// Eight bytes at a time, which is most of what a line costs.
constexpr std::uint64_t kEach = 0x0101010101010101;
constexpr std::uint64_t kHighBits = kEach * 0x80;

// Not 0 when a byte of `word` is less than `limit`, which is 128 at most; bytes above 127 do not
// count.
constexpr std::uint64_t less_than(std::uint64_t word, std::uint64_t limit) {
  return (word - kEach * limit) & ~word & kHighBits;
}

constexpr std::uint64_t equal_to(std::uint64_t word, char byte) {
  return less_than(word ^ (kEach * static_cast<std::uint64_t>(byte)), 1);
}

// Whether all bytes of `word` are printable ASCII that JSON takes as it is.
constexpr bool is_plain(std::uint64_t word) {
  return ((word & kHighBits) | less_than(word, ' ') | equal_to(word, '\x7f') | equal_to(word, '"') |
          equal_to(word, '\\')) == 0;
}

bool is_plain(std::string_view text) {
  while (!text.empty()) {
    std::uint64_t word = kEach * ' ';
    const std::size_t bytes = std::min(text.size(), sizeof(word));
    std::memcpy(&word, text.data(), bytes);
    if (!is_plain(word)) {
      return false;
    }
    text.remove_prefix(bytes);
  }
  return true;
}

}  // namespace

// Nearly every text is plain; the library knows what to do with the others.
void append_json(std::string& out, std::string_view text) {
  if (!is_plain(text)) {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  append_quoted(out, text);
}

void append_json(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& text : texts) {
    append_json(out, std::string_view(text));
    out += ',';
  }
  if (texts.empty()) {
    out += ']';
  } else {
    out.back() = ']';
  }
}

void append_json(std::string& out, const std::map<std::string, std::string>& object) {
  out += '{';
  for (const auto& [name, value] : object) {
    append_json(out, std::string_view(name));
    out += ':';
    append_json(out, std::string_view(value));
    out += ',';
  }
  if (object.empty()) {
    out += '}';
  } else {
    out.back() = '}';
  }
}

}  // namespace holdfast::sink
