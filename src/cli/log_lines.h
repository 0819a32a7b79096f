// The lines of a log that a command is given: a file, or "-" for standard input.
#pragma once

#include <functional>
#include <string>

#include "src/base/result.h"

namespace holdfast::cli {

// `take` gets each line that is not empty, and its place, "NAME:NUMBER".
using TakeLine = std::function<void(const std::string& text, const std::string& place)>;
Status read_log_lines(const std::string& name, const TakeLine& take);

}  // namespace holdfast::cli
