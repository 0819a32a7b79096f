#include "src/forward/settings.h"

#include <gtest/gtest.h>

#include <string>

#include "src/profile/config.h"
#include "src/profile/schema.h"

namespace holdfast::forward {
namespace {

Result<Settings> parse(const std::string& sink) {
  return parse_settings("{\"sinks\":[" + sink + "]}", "holdfast.json");
}

bool fits_schema(const std::string& sink) {
  const auto document = nlohmann::json::parse("{\"sinks\":[" + sink + "]}");
  return profile::check_schema(profile::config_schema(), document, "holdfast.json").empty();
}

TEST(Settings, ReadWhatASinkCanHave) {
  const std::string sink =
      R"({"name":"siem","type":"webhook","url":"https://siem.example/in","format":"ndjson",
          "min_severity":"warning","kinds":["alert"],"headers":{"X-Tenant":"a"},
          "token_file":"/etc/holdfast/token","tls":{"ca":"/ca","cert":"/c","key":"/k"},
          "timeout_ms":1000,"batch":{"max_lines":10,"max_bytes":4096},
          "retry":{"first_ms":10,"max_ms":20}})";
  const auto settings = parse(sink);
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  const SinkSettings& read = settings.value().sinks.at(0);
  EXPECT_EQ(read.format, Format::kNdjson);
  EXPECT_EQ(read.min_severity, detect::Severity::kWarning);
  EXPECT_EQ(read.kinds, std::set<std::string>{"alert"});
  EXPECT_EQ(read.max_lines, 10);
  EXPECT_EQ(read.retry_max_ms, 20);
  EXPECT_TRUE(fits_schema(sink));
}

TEST(Settings, RefuseWhatWouldSilentlyNotHold) {
  for (const char* wrong : {
           R"({"type":"stdout"})",
           R"({"name":"../x","type":"stdout"})",
           R"({"name":"a","type":"carrier-pigeon"})",
           R"({"name":"a","type":"stdout","colour":"red"})",
           R"({"name":"a","type":"webhook"})",
           R"({"name":"a","type":"webhook","url":"ftp://x"})",
           R"({"name":"a","type":"syslog","url":"unix://relative"})",
           R"({"name":"a","type":"syslog","url":"tcp://h","format":"ndjson"})",
           R"({"name":"a","type":"webhook","url":"http://x","tls":{"cert":"/c"}})",
           R"({"name":"a","type":"webhook","url":"http://x","headers":{"A":"b\r\nC: d"}})",
           R"({"name":"a","type":"stdout","min_severity":"bad"})",
           R"({"name":"a","type":"stdout","kinds":["alarm"]})",
           R"({"name":"a","type":"stdout","batch":{"max_lines":0}})",
           R"({"name":"a","type":"stdout"},{"name":"a","type":"stdout"})",
       }) {
    EXPECT_FALSE(parse(wrong).ok()) << wrong;
  }
}

TEST(Settings, OfSinksKeepNoContainerFromStarting) {
  EXPECT_TRUE(profile::parse_config(R"({"sinks":[{"nonsense":1}],"forward":3})", "x").ok());
}

}  // namespace
}  // namespace holdfast::forward
