// All sinks, until a signal.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/forward/settings.h"

namespace holdfast::forward {

enum class End { kStop, kReload, kIncomplete };

// Blocks SIGTERM, SIGINT and SIGHUP, and works until the first two, or until SIGHUP finds a
// configuration at `config` that is right; a wrong one is logged and changes nothing. With `once`,
// until everything that is there is sent; kIncomplete when a sink did not take it.
// Threads that do not end in time are left behind: the caller must end the process, or put another
// program in its place. What they sent without acknowledgement is sent again by the next one.
Result<End> forward(const Settings& settings, const std::string& config, bool once);

}  // namespace holdfast::forward
