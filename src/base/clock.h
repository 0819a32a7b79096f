// Clocks, and how a moment is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace holdfast::base {

// Nanoseconds of CLOCK_BOOTTIME: goes on during suspend, never steps. What the kernel stamps events
// with.
std::uint64_t boot_now_ns();

// CLOCK_REALTIME minus CLOCK_BOOTTIME, now. Add it to a boot time to get a date; it moves when
// somebody sets the clock, so take it afresh for every batch.
std::int64_t boot_to_real_ns();

// Nanoseconds since 1970, now.
std::int64_t real_now_ns();

// Nanoseconds since 1970 as RFC 3339 in UTC with nine digits: 2024-02-29T23:59:59.000000001Z. Pure.
std::string rfc3339(std::int64_t real_ns);

inline constexpr std::size_t kRfc3339Bytes = 30;

// The same for many moments, of which most are in the second of the one before.
class TimeWriter {
 public:
  // At `to`, which has room for kRfc3339Bytes; nothing ends it.
  void write(char* to, std::int64_t real_ns);

 private:
  std::int64_t second_ = std::numeric_limits<std::int64_t>::min();
  std::array<char, kRfc3339Bytes> text_{};  // of the last moment
};

// The same for the name of a file, which it sorts by: 20240229T235959.000000001Z. Pure.
std::string time_in_name(std::int64_t real_ns);

}  // namespace holdfast::base
