// Words of outside input inside our own sentences.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::base {

// What is shown of one word; names and paths that are right are seldom longer.
inline constexpr std::size_t kMaxShownBytes = 256;

// `text` as one word of a sentence: without its control characters (a "?" each), so that it can
// neither begin a new line of a log nor move a terminal's cursor, and with "…" in place of what
// goes beyond kMaxShownBytes, so that the remedy that follows is still read.
std::string shown(std::string_view text);

}  // namespace holdfast::base
