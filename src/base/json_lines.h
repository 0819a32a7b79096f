// Where in a JSON text a value stands.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace holdfast::base {

struct JsonLines {
  std::map<std::string, std::size_t> of;  // JSON pointer (RFC 6901) → line of its key, or of an
                                          // array's element; the first line is 1
  std::size_t last = 1;                   // where reading ended: the end, or the first mistake

  // Line of the value, or of the nearest one around it that there is; a key that is missing stands
  // where its object does.
  [[nodiscard]] std::size_t line(std::string pointer) const;
};

// Bounded: values more than 64 levels in, and those whose pointer is longer than a KiB, have no
// line of their own.
JsonLines json_lines(std::string_view text);

}  // namespace holdfast::base
