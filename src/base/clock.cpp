#include "src/base/clock.h"

#include <chrono>
#include <ctime>

#include <fmt/core.h>

namespace holdfast::base {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * kSecond + now.tv_nsec;
}

}  // namespace

std::uint64_t boot_now_ns() { return static_cast<std::uint64_t>(now_ns(CLOCK_BOOTTIME)); }

std::int64_t boot_to_real_ns() { return now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME); }

std::string rfc3339(std::int64_t real_ns) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::nanoseconds> moment{chrono::nanoseconds(real_ns)};
  const auto day = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss<chrono::nanoseconds> time(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace holdfast::base
