#include "src/base/log.h"

#include <unistd.h>

#include <cstdlib>

#include <fmt/core.h>

namespace holdfast::base {

void log(LogLevel level, std::string_view message) {
  const bool journal = getenv("JOURNAL_STREAM") != nullptr;
  const std::string line = journal ? fmt::format("<{}>{}\n", static_cast<int>(level), message)
                                   : fmt::format("holdfast: {}\n", message);
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace holdfast::base
