#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/event/text.h"

namespace holdfast::cli {

namespace {

// Not one of the bytes that continue a UTF-8 sequence.
bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

}  // namespace

int complain(const Error& error) {
  fmt::print(stderr, "holdfast: {}\n", error.message);
  return 1;
}

std::string shown(const std::string& text, std::size_t width) {
  std::string safe = event::printable(text);
  std::size_t characters = 0;
  for (std::size_t i = 0; i < safe.size(); ++i) {
    if (begins_character(safe[i]) && ++characters > width) {
      return safe.substr(0, i);
    }
  }
  return safe;
}

std::string cell(const std::string& text, std::size_t width) {
  const std::string safe = shown(text, width);
  const auto characters =
      static_cast<std::size_t>(std::count_if(safe.begin(), safe.end(), begins_character));
  return safe + std::string(width - characters, ' ');
}

}  // namespace holdfast::cli
