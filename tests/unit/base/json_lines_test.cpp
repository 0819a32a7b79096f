#include "src/base/json_lines.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace holdfast::base
