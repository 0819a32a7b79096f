#include "src/detect/severity.h"

#include <array>
#include <cstddef>

namespace holdfast::detect {

namespace {

constexpr std::array<const char*, 8> kNames = {"emergency", "alert",  "critical",      "error",
                                               "warning",   "notice", "informational", "debug"};

}  // namespace

const char* severity_name(Severity severity) {
  return kNames.at(static_cast<std::size_t>(severity));
}

std::optional<Severity> severity_by_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames.at(i)) {
      return static_cast<Severity>(i);
    }
  }
  return std::nullopt;
}

}  // namespace holdfast::detect
