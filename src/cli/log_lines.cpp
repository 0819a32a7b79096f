#include "src/cli/log_lines.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iostream>

#include <fmt/core.h>

namespace holdfast::cli {

namespace {

Status read_stream(std::istream& log, const std::string& name, const TakeLine& take) {
  std::string text;
  for (std::uint64_t number = 1; std::getline(log, text); ++number) {
    if (!text.empty()) {
      take(text, fmt::format("{}:{}", name, number));
    }
  }
  return log.bad() ? Status(fail("cannot read " + name)) : Status(Ok{});
}

}  // namespace

Status read_log_lines(const std::string& name, const TakeLine& take) {
  if (name == "-") {
    return read_stream(std::cin, name, take);
  }
  std::ifstream log(name);
  return log ? read_stream(log, name, take) : Status(fail_errno("cannot open " + name, errno));
}

}  // namespace holdfast::cli
