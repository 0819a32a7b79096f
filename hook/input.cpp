#include "hook/input.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/core.h>

namespace holdfast::hook {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// False when nothing came until the deadline.
bool wait_until(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    const int ready = poll(&waiting, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

}  // namespace

Result<std::string> read_input(int fd, std::size_t max_bytes, milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::string input;
  std::size_t total = 0;
  std::array<char, 65536> buffer;
  for (;;) {
    if (!wait_until(fd, deadline)) {
      return fail("standard input does not end");
    }
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("cannot read standard input", errno);
    }
    if (got == 0) {
      break;
    }
    total += static_cast<std::size_t>(got);
    if (total <= max_bytes) {
      input.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  if (total > max_bytes) {
    return fail(fmt::format(
        "standard input is larger than {} bytes; shorten the container's annotations", max_bytes));
  }
  return input;
}

}  // namespace holdfast::hook
