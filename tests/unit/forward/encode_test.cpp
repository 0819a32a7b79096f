#include "src/forward/encode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/forward/address.h"
#include "src/forward/http.h"
#include "src/profile/schema.h"
#include "tests/unit/forward/lines.h"

namespace holdfast::forward {
namespace {

using nlohmann::json;

const json kFull = {
    {"container",
     {{"id", "c0ffee"}, {"name", "web"}, {"image", "nginx:1"}, {"profile", "default"}}},
    {"process",
     {{"pid", 42},
      {"ppid", 1},
      {"uid", 0},
      {"comm", "sh"},
      {"exe", "/bin/sh"},
      {"argv", {"sh", "-c"}}}},
    {"object", {{"path", "/proc"}, {"result", "EPERM"}}},
    {"mitre", {"T1611"}},
    {"aliases", {{"falco", "Mount Launched in Privileged Container"}}}};

TEST(Rfc5424, HasAHeaderStructuredDataAndTheLine) {
  const Line full = line(kFull);
  EXPECT_EQ(rfc5424(full, 13, true),
            "<106>1 2024-02-29T23:59:59.123456Z node holdfast - escape.mount "
            "[holdfast@32473 seq=\"7\" kind=\"alert\" class=\"escape.mount\" severity=\"critical\" "
            "action=\"denied\" container=\"c0ffee\" name=\"web\" image=\"nginx:1\" "
            "profile=\"default\" exe=\"/bin/sh\" path=\"/proc\"] " +
                full.text);
}

TEST(Rfc5424, TakesTheSentenceWithAByteOrderMark) {
  EXPECT_TRUE(rfc5424(line(), 1, false).ends_with("] \xef\xbb\xbfsh tried to mount /proc."));
}

TEST(Rfc5424, EscapesWhatWouldEndAValue) {
  const Line hostile = line({{"object", {{"path", "/a\"b]c\\d"}}}});
  EXPECT_NE(rfc5424(hostile, 13, false).find(" path=\"/a\\\"b\\]c\\\\d\"] "), std::string::npos);
}

TEST(Rfc5424, KeepsBlanksAndLongWordsOutOfTheHeader) {
  const Line strange = line({{"host", "a b\nc"}, {"class", std::string(40, 'x')}});
  EXPECT_NE(rfc5424(strange, 13, false).find(" a?b?c holdfast - " + std::string(32, 'x') + " ["),
            std::string::npos);
  EXPECT_NE(rfc5424(line({{"host", ""}}), 13, false).find("Z - holdfast"), std::string::npos);
}

TEST(Falcosidekick, HasWhatItsPayloadNeeds) {
  const json event = json::parse(falcosidekick(line(kFull)));
  EXPECT_EQ(event.at("output"), "sh tried to mount /proc.");
  EXPECT_EQ(event.at("priority"), "Critical");
  EXPECT_EQ(event.at("rule"), "Mount Launched in Privileged Container");
  EXPECT_EQ(event.at("time"), "2024-02-29T23:59:59.123456789Z");
  EXPECT_EQ(event.at("source"), "holdfast");
  EXPECT_EQ(event.at("hostname"), "node");
  EXPECT_EQ(event.at("tags"), json({"container", "holdfast", "T1611"}));
  const json& fields = event.at("output_fields");
  EXPECT_EQ(fields.at("container.id"), "c0ffee");
  EXPECT_EQ(fields.at("proc.cmdline"), "sh -c");
  EXPECT_EQ(fields.at("proc.pid"), 42);
  EXPECT_EQ(fields.at("fd.name"), "/proc");
  EXPECT_EQ(fields.at("holdfast.seq"), 7);
}

TEST(Falcosidekick, NamesItsOwnClassWhereFalcoHasNoRule) {
  EXPECT_EQ(json::parse(falcosidekick(line())).at("rule"), "escape.mount");
}

TEST(Otlp, NumbersSeveritiesAsTheDataModelDoes) {
  const std::vector<int> expected = {21, 19, 18, 17, 13, 10, 9, 5};
  for (int number = 0; number < 8; ++number) {
    EXPECT_EQ(otlp_severity(static_cast<detect::Severity>(number)),
              expected[static_cast<std::size_t>(number)]);
  }
}

TEST(Otlp, MakesOneRequestOfABatch) {
  const std::vector<Line> lines = {line(kFull), line(json::object(), 8)};
  const json request = json::parse(otlp_logs(lines));
  const json& resource = request.at("resourceLogs").at(0);
  EXPECT_EQ(resource.at("resource").at("attributes").at(1),
            json({{"key", "host.name"}, {"value", {{"stringValue", "node"}}}}));
  const json& records = resource.at("scopeLogs").at(0).at("logRecords");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records.at(0).at("timeUnixNano"), "1709251199123456789");
  EXPECT_EQ(records.at(0).at("severityNumber"), 18);
  EXPECT_EQ(records.at(0).at("body").at("stringValue"), "sh tried to mount /proc.");
  EXPECT_EQ(records.at(0).at("attributes").at(1),
            json({{"key", "container.id"}, {"value", {{"stringValue", "c0ffee"}}}}));
  EXPECT_EQ(records.at(0).at("attributes").at(4),
            json({{"key", "process.pid"}, {"value", {{"intValue", "42"}}}}));
}

TEST(Http, KnowsWhichAnswersAreFinal) {
  using Verdict = HttpClient::Response::Verdict;
  for (const long status : {200L, 202L, 204L}) {
    EXPECT_EQ(verdict_of(status), Verdict::kTaken) << status;
  }
  for (const long status : {400L, 404L, 413L, 422L}) {
    EXPECT_EQ(verdict_of(status), Verdict::kRefused) << status;
  }
  for (const long status : {0L, 301L, 401L, 403L, 408L, 429L, 500L, 503L}) {
    EXPECT_EQ(verdict_of(status), Verdict::kAgain) << status;
  }
}

TEST(Address, IsAHostAndAPort) {
  EXPECT_EQ(address_of("tcp://log.example", "514").value().port, "514");
  EXPECT_EQ(address_of("tcp://log.example:6000", "514").value().host, "log.example");
  EXPECT_EQ(address_of("tls://[::1]:6514", "1").value().host, "::1");
  EXPECT_EQ(address_of("tls://[::1]:6514", "1").value().port, "6514");
  for (const char* wrong :
       {"tcp://", "tcp://:5", "tcp://a:", "tcp://a:b", "tcp://a/b", "tcp://[::1"}) {
    EXPECT_FALSE(address_of(wrong, "514").ok()) << wrong;
  }
}

TEST(Lost, IsALineOfThePublishedFormat) {
  const std::string schema = base::read_file(HOLDFAST_ALERT_SCHEMA, 1 << 20).value();
  for (const std::uint64_t expected : {3, 9}) {
    const Line lost = line_of_lost(line(), expected);
    for (const Error& problem : profile::check_schema(schema, lost.json, "lost")) {
      ADD_FAILURE() << problem.message;
    }
    EXPECT_EQ(lost.json.at("class"), "monitor.lost");
    EXPECT_EQ(lost.json.at("count"), expected == 3 ? 4 : 1);
  }
}

}  // namespace
}  // namespace holdfast::forward
