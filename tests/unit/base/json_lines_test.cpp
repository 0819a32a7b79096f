#include "src/base/json_lines.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::base {
namespace {

TEST(JsonLines, EveryKeyAndElementHasItsLine) {
  const JsonLines lines = json_lines(
      "{\n  \"a\": 1,\n  \"b\": {\n    \"c/d\": [1,\n 2\n, \"x\",\n\n {\"e\": null}]\n  },\n  "
      "\"f\": "
      "true\n}\n");
  EXPECT_EQ(lines.line("/a"), 2U);
  EXPECT_EQ(lines.line("/b"), 3U);
  EXPECT_EQ(lines.line("/b/c~1d"), 4U);
  EXPECT_EQ(lines.line("/b/c~1d/0"), 4U);
  EXPECT_EQ(lines.line("/b/c~1d/1"), 5U);
  EXPECT_EQ(lines.line("/b/c~1d/2"), 6U);
  EXPECT_EQ(lines.line("/b/c~1d/3/e"), 8U);
  EXPECT_EQ(lines.line("/f"), 10U);
}

TEST(JsonLines, WhatIsMissingStandsWhereItsObjectDoes) {
  const JsonLines lines = json_lines("{\n\"a\": {\n\"b\": 1}}");
  EXPECT_EQ(lines.line("/a/x/y"), 2U);
  EXPECT_EQ(lines.line("/z"), 1U);
  EXPECT_EQ(lines.line(""), 1U);
}

TEST(JsonLines, ReadingEndsAtTheFirstMistake) {
  EXPECT_EQ(json_lines("{\n\"a\": 1,\n\"b\" 2\n}\n").last, 3U);
  EXPECT_EQ(json_lines("").last, 1U);
}

TEST(JsonLines, WhatLiesTooDeepStandsWhereTheNearestDoes) {
  const std::string deep = "{\n\"a\":\n" + std::string(200'000, '[');
  EXPECT_EQ(json_lines(deep).line("/a/0/0"), 3U);
  EXPECT_LT(json_lines(deep).of.size(), 70U) << "pointers of all would need 80 GB";
}

TEST(JsonLines, PointersAreBounded) {
  std::string wide = "{\n\"a\":\n{\"" + std::string(100'000, 'k') + "\":[\n0";
  for (int i = 0; i < 50'000; ++i) {
    wide += ",0";
  }
  const JsonLines lines = json_lines(wide + "]}}");
  EXPECT_EQ(lines.line("/a/" + std::string(100'000, 'k') + "/7"), 2U);
  std::size_t bytes = 0;
  for (const auto& [pointer, line] : lines.of) {
    bytes += pointer.size();
  }
  EXPECT_LT(bytes, 1'000'000U) << "pointers of all would need 5 GB";
}

}  // namespace
}  // namespace holdfast::base
