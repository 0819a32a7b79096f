#include "src/metrics/families.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <string>

namespace holdfast::metrics {
namespace {

Scrape answered() {
  Scrape scrape;
  scrape.reply.emplace();
  scrape.reply->backend = "lsm";
  scrape.reply->enforcing = true;
  scrape.reply->count = 2;
  scrape.reply->metrics.emplace();
  return scrape;
}

std::string text_of(const Scrape& scrape) {
  return prometheus::TextSerializer().Serialize(families(scrape));
}

// Whether the text has the line.
bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// The parts that are not whole, or "all" where the whole is said to be.
std::string missing(const Scrape& scrape) {
  const std::string text = text_of(scrape);
  std::string parts;
  for (const char* part : {"containers", "monitor", "enforcing", "events", "alerts", "sinks"}) {
    const std::string name = std::string("holdfast_coverage_part{part=\"") + part + "\"} ";
    EXPECT_NE(has(text, name + "0"), has(text, name + "1")) << part;
    parts += has(text, name + "0") ? std::string(parts.empty() ? "" : " ") + part : "";
  }
  EXPECT_TRUE(has(text, parts.empty() ? "holdfast_coverage 1" : "holdfast_coverage 0"));
  return parts;
}

TEST(Families, TellWhatTheMonitorCounted) {
  Scrape scrape = answered();
  monitor::Metrics& metrics = *scrape.reply->metrics;
  metrics.started_s = 1709251199;
  metrics.events = {{{"alerts", ""}, 5}};
  metrics.ring_used_bytes = {{{"records", ""}, 4096}};
  metrics.alerts = {{{"escape.mount", "error"}, 3}};
  metrics.lost = {{{"no-buffer", ""}, 7}};
  metrics.responses = {{{"freeze", "done"}, 1}};
  const std::string text = text_of(scrape);
  for (const char* line :
       {"holdfast_up 1", "holdfast_monitor_info{backend=\"lsm\"} 1", "holdfast_containers 2",
        "holdfast_enforcing 1", "holdfast_monitor_start_time_seconds 1709251199",
        "holdfast_events_total{ring=\"alerts\"} 5", "# TYPE holdfast_events_total counter",
        "holdfast_ring_used_bytes{ring=\"records\"} 4096", "# TYPE holdfast_ring_used_bytes gauge",
        "holdfast_alerts_total{class=\"escape.mount\",severity=\"error\"} 3",
        "holdfast_events_lost_total{cause=\"no-buffer\"} 7",
        "holdfast_responses_total{response=\"freeze\",result=\"done\"} 1"}) {
    EXPECT_TRUE(has(text, line)) << line << " is not in:\n" << text;
  }
}

TEST(Families, GiveHowLongRegistrationsTookAsOneHistogram) {
  Scrape scrape = answered();
  monitor::Latency& latency = scrape.reply->metrics->registrations;
  latency.note(1'000'000);  // a bound is within its bucket
  latency.note(30'000'000);
  latency.note(60'000'000'000);
  const std::string text = text_of(scrape);
  for (const char* line :
       {"_bucket{le=\"0.001\"} 1", "_bucket{le=\"0.025\"} 1", "_bucket{le=\"0.05\"} 2",
        "_bucket{le=\"10\"} 2", "_bucket{le=\"+Inf\"} 3", "_count 3", "_sum 60.031"}) {
    EXPECT_TRUE(has(text, std::string("holdfast_registration_duration_seconds") + line)) << text;
  }
}

TEST(Families, TellOfSinks) {
  Scrape scrape = answered();
  EXPECT_EQ(text_of(scrape).find("holdfast_sink_"), std::string::npos);
  scrape.sinks = {{"siem", {1, 2, 3, 4, 0, true, "refused"}, 5}, {"page", {}, 0}};
  const std::string text = text_of(scrape);
  for (const char* line :
       {"holdfast_sink_sent_lines_total{sink=\"siem\"} 1",
        "holdfast_sink_retries_total{sink=\"siem\"} 2",
        "holdfast_sink_dropped_lines_total{sink=\"siem\"} 3",
        "holdfast_sink_lost_lines_total{sink=\"siem\"} 4",
        "holdfast_sink_lag_lines{sink=\"siem\"} 5", "holdfast_sink_failing{sink=\"siem\"} 1",
        "holdfast_sink_failing{sink=\"page\"} 0"}) {
    EXPECT_TRUE(has(text, line)) << line << " is not in:\n" << text;
  }
}

TEST(Families, EscapeWhatCouldEndALine) {
  Scrape scrape = answered();
  scrape.reply->metrics->alerts = {{{"a\"} 1\nholdfast_up 0\\", "error"}, 1}};
  const std::string text = text_of(scrape);
  EXPECT_TRUE(
      has(text, R"(holdfast_alerts_total{class="a\"} 1\nholdfast_up 0\\",severity="error"} 1)"))
      << text;
  EXPECT_FALSE(has(text, "holdfast_up 0\\"));
}

TEST(Coverage, FallsWithEachOfItsParts) {
  EXPECT_EQ(missing(answered()), "");
  Scrape scrape = answered();
  scrape.reply->enforcing = false;
  EXPECT_EQ(missing(scrape), "enforcing");
  scrape = answered();
  scrape.reply->metrics->file_failing = true;
  EXPECT_EQ(missing(scrape), "alerts");
  scrape = answered();
  scrape.unguarded = 1;
  EXPECT_EQ(missing(scrape), "containers");
  EXPECT_TRUE(has(text_of(scrape), "holdfast_containers_unguarded 1"));
  scrape = answered();
  scrape.sinks = {{"well", {}, 9}, {"siem", {0, 0, 0, 0, 0, true, "refused"}, 5}};
  EXPECT_EQ(missing(scrape), "sinks");
}

TEST(Coverage, CountsALossForTenMinutes) {
  Scrape scrape = answered();
  scrape.reply->metrics->lost_ago_s = 0;
  EXPECT_EQ(missing(scrape), "events");
  scrape.reply->metrics->lost_ago_s = 599;
  EXPECT_EQ(missing(scrape), "events");
  scrape.reply->metrics->lost_ago_s = 600;
  EXPECT_EQ(missing(scrape), "");
}

TEST(Coverage, IsNothingThatAMonitorThatIsGoneCouldTell) {
  Scrape scrape;
  scrape.error = "cannot reach the monitor";
  EXPECT_EQ(missing(scrape), "monitor enforcing events alerts");
  EXPECT_TRUE(has(text_of(scrape), "holdfast_up 0"));
  EXPECT_EQ(text_of(scrape).find("holdfast_containers "), std::string::npos);
}

TEST(Coverage, IsWholeOnAHostThatHasNothingToWatchOver) {
  Scrape scrape;
  scrape.idle = true;
  EXPECT_EQ(missing(scrape), "");
  EXPECT_TRUE(has(text_of(scrape), "holdfast_up 0"));
  scrape.sinks = {{"siem", {0, 0, 0, 0, 0, true, "refused"}, 5}};
  EXPECT_EQ(missing(scrape), "sinks");
}

}  // namespace
}  // namespace holdfast::metrics
