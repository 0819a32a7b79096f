// The hook's standard input.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "src/base/result.h"

namespace holdfast::hook {

// Everything that comes from `fd` until its end. What goes beyond `max_bytes` is read all the same
// and makes it an error: crun kills a container whose hook leaves its input unread (EPIPE). A
// writer that keeps the pipe open longer than `timeout` is an error too.
Result<std::string> read_input(int fd, std::size_t max_bytes, std::chrono::milliseconds timeout);

}  // namespace holdfast::hook
