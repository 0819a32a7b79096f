// How a refusal reaches the engine: as the runtime's own errors do.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "shim/command_line.h"

namespace holdfast::shim {

// The line for --log: what runc writes with --log-format json, or with text.
std::string log_line(std::string_view message, bool json, std::time_t now);

// Appends the line to --log, when there is one, and tells the same on standard error. Returns the
// exit code, 1.
//
// podman turns the phrases "permission denied" and "operation not permitted" into exit code 126 and
// "executable file not found" and "no such file or directory" into 127, as if the container's own
// program were at fault; messages are reworded not to have them.
int refuse(const CommandLine& line, const std::string& message);

// One line on standard error about a container that starts all the same. Not in --log, which
// engines read as the reason of a failure.
void warn(const std::string& message);

// `message` without the phrases that podman looks for.
std::string reworded(std::string message);

}  // namespace holdfast::shim
