#include "src/base/clock.h"

#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <string_view>

namespace holdfast::base {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * kSecond + now.tv_nsec;
}

// Writes the digits of `number` up to the place before `end`, as many as it takes to reach `begin`.
void put_digits(char* text, std::size_t begin, std::size_t end, std::uint64_t number) {
  while (end > begin) {
    text[--end] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

void put_second(char* to, std::int64_t since_1970) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds moment{chrono::seconds(since_1970)};
  const auto day = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss<chrono::seconds> time(moment - day);
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000000000Z";
  static_assert(kForm.size() == kRfc3339Bytes);
  kForm.copy(to, kForm.size());
  const auto put = [to](std::size_t begin, std::size_t end, auto number) {
    put_digits(to, begin, end, static_cast<std::uint64_t>(number));
  };
  put(0, 4, static_cast<int>(date.year()));
  put(5, 7, static_cast<unsigned>(date.month()));
  put(8, 10, static_cast<unsigned>(date.day()));
  put(11, 13, time.hours().count());
  put(14, 16, time.minutes().count());
  put(17, 19, time.seconds().count());
}

}  // namespace

std::uint64_t boot_now_ns() { return static_cast<std::uint64_t>(now_ns(CLOCK_BOOTTIME)); }

std::int64_t boot_to_real_ns() { return now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME); }

std::int64_t real_now_ns() { return now_ns(CLOCK_REALTIME); }

// Every line has one, so it is not left to a formatter: that takes forty times as long. 64 bits of
// nanoseconds end in the year 2262.
void TimeWriter::write(char* to, std::int64_t real_ns) {
  // By hand: a day before the first moment that 64 bits can hold does not fit them.
  std::int64_t whole = real_ns / kSecond;
  std::int64_t rest = real_ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --whole;
  }
  if (whole != second_) {
    second_ = whole;
    put_second(text_.data(), whole);
  }
  put_digits(text_.data(), 20, 29, static_cast<std::uint64_t>(rest));
  std::memcpy(to, text_.data(), text_.size());
}

std::string rfc3339(std::int64_t real_ns) {
  std::string text(kRfc3339Bytes, '\0');
  TimeWriter().write(text.data(), real_ns);
  return text;
}

std::string time_in_name(std::int64_t real_ns) {
  std::string text = rfc3339(real_ns);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace holdfast::base
