#include "src/metrics/settings.h"

#include <gtest/gtest.h>

#include <string>

#include "src/profile/config.h"
#include "src/profile/schema.h"

namespace holdfast::metrics {
namespace {

bool fits_schema(const std::string& text) {
  return profile::check_schema(profile::config_schema(), nlohmann::json::parse(text), "x").empty();
}

std::string listening_at(const std::string& listen) {
  return R"({"metrics":{"listen":")" + listen + "\"}}";
}

std::string complaint(const std::string& listen) {
  const auto parsed = parse_settings(listening_at(listen), "holdfast.json");
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(MetricsSettings, AreOffUnlessSomebodySaysWhere) {
  EXPECT_EQ(parse_settings("{}", "x").value().listen, "");
  EXPECT_EQ(load_settings("/nonexistent/holdfast.json").value().listen, "");
}

TEST(MetricsSettings, NameThePlaceTheMonitorAndTheSinks) {
  const std::string text =
      R"({"metrics":{"listen":"127.0.0.1:9465"},"monitor":{"socket":"/run/m.sock"},
          "forward":{"state_dir":"/s"},"sinks":[{"name":"a","type":"stdout"}]})";
  const auto parsed = parse_settings(text, "holdfast.json");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed.value().listen, "127.0.0.1:9465");
  EXPECT_EQ(parsed.value().socket, "/run/m.sock");
  EXPECT_EQ(parsed.value().forward.state_dir, "/s");
  EXPECT_EQ(parsed.value().forward.sinks.at(0).name, "a");
  EXPECT_TRUE(fits_schema(text));
}

TEST(MetricsSettings, TakeEveryAddressOfTheLoopback) {
  for (const char* listen : {"127.0.0.1:1", "127.1.2.3:65535"}) {
    EXPECT_EQ(complaint(listen), "");
    EXPECT_TRUE(fits_schema(listening_at(listen)));
  }
}

TEST(MetricsSettings, RefuseWhatOthersCanReach) {
  for (const char* listen :
       {"0.0.0.0:9465", "10.0.0.1:9465", "128.0.0.1:9465", "localhost:9465",
        "127.0.0.1.evil.example:9465", ":9465", "9465", "127.0.0.1", "127.0.0.1:0",
        "127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:", "127.0.0.1:9465s", "+127.0.0.1:9465",
        "127.0.0.1:80,0.0.0.0:81", "0.0.0.0:81,127.0.0.1:80"}) {
    EXPECT_NE(complaint(listen).find("reverse proxy"), std::string::npos) << listen;
  }
  EXPECT_FALSE(fits_schema(listening_at("0.0.0.0:9465")));
}

TEST(MetricsSettings, SayWhatTheLibraryLacks) {
  EXPECT_NE(complaint("unix:/run/holdfast/metrics.sock").find("no unix sockets"),
            std::string::npos);
  EXPECT_NE(complaint("[::1]:9465").find("no IPv6"), std::string::npos);
}

TEST(MetricsSettings, RefuseWhatWouldSilentlyNotHold) {
  for (const char* text : {R"({"metrics":{}})", R"({"metrics":{"listen":9465}})",
                           R"({"metrics":{"listen":"127.0.0.1:1","tls":true}})",
                           R"({"metrics":"127.0.0.1:9465"})", R"({"metrics":{"listen":""}})"}) {
    EXPECT_FALSE(parse_settings(text, "x").ok()) << text;
    EXPECT_FALSE(fits_schema(text)) << text;
  }
}

TEST(MetricsSettings, KeepNoContainerFromStarting) {
  EXPECT_TRUE(profile::parse_config(R"({"metrics":{"listen":"nonsense"}})", "x").ok());
  EXPECT_TRUE(profile::parse_config(R"({"metrics":3})", "x").ok());
}

}  // namespace
}  // namespace holdfast::metrics
