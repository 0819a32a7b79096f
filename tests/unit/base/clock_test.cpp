#include "src/base/clock.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace holdfast::base {
namespace {

constexpr std::int64_t kLeapDay = 1'709'251'199'000'000'001;  // date -ud 2024-02-29T23:59:59 +%s

TEST(Rfc3339, HasNineDigits) {
  EXPECT_EQ(rfc3339(kLeapDay), "2024-02-29T23:59:59.000000001Z");
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(rfc3339(std::numeric_limits<std::int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(rfc3339(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
}

TEST(Rfc3339, SortsAsANameOfAFile) {
  EXPECT_EQ(time_in_name(kLeapDay), "20240229T235959.000000001Z");
}

TEST(TimeWriter, IsRightInTheSameSecondAndInTheNext) {
  TimeWriter writer;
  for (const std::int64_t moment :
       {kLeapDay, kLeapDay + 999'999'998, kLeapDay + 999'999'999, kLeapDay, std::int64_t{-1},
        std::int64_t{-2}, std::int64_t{0}, std::int64_t{1}}) {
    std::array<char, kRfc3339Bytes> text{};
    writer.write(text.data(), moment);
    EXPECT_EQ(std::string(text.data(), text.size()), rfc3339(moment));
  }
}

}  // namespace
}  // namespace holdfast::base
