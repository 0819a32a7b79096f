// Where a monitor that was started on demand has its standard error: nobody's terminal or journal.
#pragma once

#include <sys/types.h>

#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::monitor {

// What the monitor says fits many times; when there is more, it begins anew.
inline constexpr off_t kMaxLogBytes = off_t{256} * 1024;

// monitor.log beside the socket.
std::string log_path(const std::string& socket_path);

// Opens it for appending, 0600; makes it, and its directory (0755), where they are not there.
// Empties it when it is too long.
Result<base::UniqueFd> open_log(const std::string& socket_path);

// Empties the log if it is longer than `max_bytes` and what our standard error goes to; otherwise
// standard error is the business of whoever started us.
void trim_log(const std::string& socket_path, off_t max_bytes);

}  // namespace holdfast::monitor
