#include "src/event/text.h"

#include <cstddef>
#include <cstdint>

#include <fmt/core.h>

#include "src/base/ascii.h"

namespace holdfast::event {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

// What a first byte promises: the length of its sequence and the range of the second byte, which
// excludes overlong forms, surrogates and what lies beyond U+10FFFF (Unicode 15, table 3-7).
struct Lead {
  std::size_t length;
  std::uint8_t low;
  std::uint8_t high;
};

Lead lead_of(std::uint8_t first) {
  if (first >= 0xc2 && first <= 0xdf) {
    // U+0080 to U+009F are the C1 control characters.
    return {2, static_cast<std::uint8_t>(first == 0xc2 ? 0xa0 : 0x80), 0xbf};
  }
  if (first >= 0xe0 && first <= 0xef) {
    return {3, static_cast<std::uint8_t>(first == 0xe0 ? 0xa0 : 0x80),
            static_cast<std::uint8_t>(first == 0xed ? 0x9f : 0xbf)};
  }
  if (first >= 0xf0 && first <= 0xf4) {
    return {4, static_cast<std::uint8_t>(first == 0xf0 ? 0x90 : 0x80),
            static_cast<std::uint8_t>(first == 0xf4 ? 0x8f : 0xbf)};
  }
  return {0, 0, 0};
}

// Length of the printable character that `text` begins with; 0: its first byte has to be escaped.
std::size_t character_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) {
    return first >= 0x20 && first != 0x7f && first != '\\' ? 1 : 0;
  }
  const Lead lead = lead_of(first);
  if (lead.length == 0 || lead.length > text.size() || byte_at(text, 1) < lead.low ||
      byte_at(text, 1) > lead.high) {
    return 0;
  }
  for (std::size_t i = 2; i < lead.length; ++i) {
    if ((byte_at(text, i) & 0xc0) != 0x80) {
      return 0;
    }
  }
  return lead.length;
}

}  // namespace

std::string printable(std::string_view bytes) {
  // Nearly every one.
  if (base::is_plain(bytes)) {
    return std::string(bytes);
  }
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = character_length(bytes);
    if (length == 0) {
      text += fmt::format("\\x{:02x}", byte_at(bytes, 0));
      bytes.remove_prefix(1);
    } else {
      text.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return text;
}

}  // namespace holdfast::event
