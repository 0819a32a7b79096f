#include "src/base/json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/cpu_time.h"

namespace holdfast::base {
namespace {

std::string error_of(const std::string& text, JsonLimits limits = {}) {
  const auto sorted = parse_json(text, "/f", limits);
  const auto ordered = parse_ordered_json(text, "/f", limits);
  EXPECT_EQ(sorted.ok(), ordered.ok());
  if (sorted.ok() || ordered.ok()) {
    return "";
  }
  EXPECT_EQ(sorted.error().message, ordered.error().message);
  return ordered.error().message;
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

TEST(Json, LimitsAreSaidWithTheFile) {
  const JsonLimits limits{.max_bytes = 100, .max_depth = 3, .max_values = 10};
  EXPECT_EQ(error_of(std::string(101, ' '), limits), "/f is larger than 100 bytes");
  EXPECT_EQ(error_of("[[[[]]]]", limits), "/f nests deeper than 3 levels");
  EXPECT_EQ(error_of(R"({"a":{"a":{"a":{}}}})", limits), "/f nests deeper than 3 levels");
  EXPECT_EQ(error_of("[0,0,0,0,0,0,0,0,0]", limits), "");
  EXPECT_EQ(error_of("[0,0,0,0,0,0,0,0,0,0]", limits), "/f holds more than 10 values");
  EXPECT_EQ(error_of("[[],{},[],{},[],{},[],{},[],{}]", limits), "/f holds more than 10 values");
}

TEST(Json, TenMegabytesAndAThousandLevelsAreRefused) {
  EXPECT_EQ(error_of("[" + std::string(10'000'000, ' ') + "]"), "/f is larger than 4194304 bytes");
  EXPECT_EQ(error_of(std::string(1000, '[') + std::string(1000, ']')),
            "/f nests deeper than 64 levels");
  EXPECT_EQ(error_of(repeated("{\"a\":", 1000) + "1" + std::string(1000, '}')),
            "/f nests deeper than 64 levels");
}

TEST(Json, AKeyGivenTwiceIsRefusedWhereverItIs) {
  const std::string said = "/f gives the key \"a\" twice in one object; remove one";
  EXPECT_EQ(error_of(R"({"a":1,"b":2,"a":3})"), said);
  EXPECT_EQ(error_of(R"([{"x":{"a":[{}],"a":[]}}])"), said);
  EXPECT_EQ(error_of(R"({"a":1,"\u0061":2})"), said);
  EXPECT_EQ(error_of(R"({"a":{"a":{"b":1}},"b":1})"), "");
}

TEST(Json, OrderedMembersKeepTheirOrderAndValues) {
  const std::string text = R"({"z":{"b":[1,{"y":2}],"a":{}},"a":null,"m":"x"})";
  EXPECT_EQ(parse_ordered_json(text, "/f").value().dump(), text);
}

TEST(Json, ManyKeysTakeNotMuchLongerThanFew) {
  std::string text = "{";
  for (int i = 0; i < 99'000; ++i) {
    text += "\"key" + std::to_string(i) + "\":0,";
  }
  const CpuTime time;
  EXPECT_EQ(error_of(text + "\"last\":0}"), "");
  EXPECT_LT(time.seconds(), 2) << "comparing each with all takes a minute";
}

TEST(Json, ErrorsShowOnlyTheBeginningOfWhatIsWrong) {
  const std::string key(10'000, 'k');
  for (const std::string& text : {"{\"" + key + "\":1,\"" + key + "\":2}", "[\"" + key,
                                  "[" + std::string(9000, '1') + "e999]"}) {
    const std::string error = error_of(text);
    EXPECT_EQ(error.find("/f "), 0U) << error;
    EXPECT_LT(error.size(), 400U);
  }
}

TEST(JsonView, PointersAreOneLineAndShort) {
  const auto document = parse_json("{\"a\\n\\u001b[31m" + std::string(10'000, 'b') + "\":1}", "/f");
  const Status status = JsonView(document.value(), "/f").only_keys({"x"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message.find("/f: /a??[31mbbb"), 0U) << status.error().message;
  EXPECT_LT(status.error().message.size(), 400U);
}

}  // namespace
}  // namespace holdfast::base
