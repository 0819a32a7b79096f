#include "src/base/quote.h"

#include <algorithm>

namespace holdfast::base {
namespace {

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

// A byte of a UTF-8 character that is not its first.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string shown(std::string_view text) {
  std::size_t end = std::min(text.size(), kMaxShownBytes);
  while (end < text.size() && end > 0 && is_continuation(text[end])) {
    --end;
  }
  std::string word(text.substr(0, end));
  std::ranges::replace_if(word, is_control, '?');
  return end < text.size() ? word + "…" : word;
}

}  // namespace holdfast::base
