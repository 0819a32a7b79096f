// One line on standard error for a person: what a service manager or a terminal shows.
#pragma once

#include <string_view>

namespace holdfast::base {

enum class LogLevel { kError = 3, kWarning = 4, kNotice = 5 };  // syslog(3)'s numbers

// Writes "holdfast: MESSAGE", or "<N>MESSAGE" (sd-daemon(3)) where the journal reads standard
// error. One write(2), so that lines of several processes do not mix. A failure is ignored: there
// is nobody to tell.
void log(LogLevel level, std::string_view message);

}  // namespace holdfast::base
