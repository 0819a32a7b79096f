#include "src/monitor/counters.h"

#include <gtest/gtest.h>

#include <string>

#include "src/detect/detect.h"
#include "src/detect/response.h"
#include "src/monitor/protocol.h"

namespace holdfast::monitor {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

detect::Alert alert_of(const std::string& class_name, std::string_view kind = "alert") {
  detect::Alert alert;
  alert.kind = kind;
  alert.class_name = class_name;
  alert.severity = detect::Severity::kError;
  return alert;
}

std::uint64_t sum(const Counts& counts) {
  std::uint64_t total = 0;
  for (const auto& [words, count] : counts) {
    total += count;
  }
  return total;
}

TEST(Counters, CountLinesByKindAndAlertsByClassAndSeverity) {
  Counters counters;
  counters.line(alert_of("escape.mount"), 1);
  counters.line(alert_of("escape.mount"), 1);
  counters.line(alert_of("rootfs.write", "record"), 1);
  detect::Alert held = alert_of("rootfs.write", "record");
  held.held_back = "beyond its budget";
  counters.line(held, 1);
  const Metrics metrics = counters.metrics(1);
  EXPECT_EQ(metrics.lines, (Counts{{{"alert", ""}, 2}, {{"record", ""}, 2}}));
  EXPECT_EQ(metrics.alerts, (Counts{{{"escape.mount", "error"}, 2}}));
  EXPECT_EQ(metrics.held_back, 1U);
  counters.unwritten(held);
  EXPECT_EQ(counters.metrics(0).held_back, 2U);
  EXPECT_EQ(counters.metrics(0).unwritten, 1U);
  held.held_back.clear();
  counters.unwritten(held);
  EXPECT_EQ(counters.metrics(0).held_back, 2U);
  EXPECT_EQ(counters.metrics(0).unwritten, 2U);
}

TEST(Counters, BeginAtZeroWithWhatCanBeKnown) {
  const Metrics metrics = Counters().metrics(1);
  EXPECT_EQ(metrics.lines.size(), 2U);
  EXPECT_EQ(metrics.lost.size(), detect::kLossCauses.size());
  EXPECT_EQ(metrics.lost.at({"alerts-full", ""}), 0U);
  EXPECT_EQ(sum(metrics.lost), 0U);
  EXPECT_FALSE(metrics.lost_ago_s.has_value());
  EXPECT_GT(metrics.started_s, 1'700'000'000U);
}

TEST(Counters, CountWhatWasLostAndSayHowLongAgo) {
  Counters counters;
  const detect::Loss loss{detect::Loss::Cause::kNoBuffer, 0, 7, 0};
  counters.line(detect::lost_alert(loss, {}), 10 * kSecondNs);
  counters.line(alert_of("escape.mount"), 50 * kSecondNs);
  const Metrics metrics = counters.metrics(70 * kSecondNs);
  EXPECT_EQ(metrics.lost.at({"no-buffer", ""}), 7U);
  EXPECT_EQ(metrics.lost_ago_s, 60U);
}

TEST(Counters, CountResponsesByWhatCameOfThem) {
  Counters counters;
  detect::Response response;
  response.name = "freeze";
  response.result = detect::Response::Result::kFailed;
  counters.line(detect::response_alert(response, 0, {}), 1);
  EXPECT_EQ(counters.metrics(1).responses, (Counts{{{"freeze", "failed"}, 1}}));
}

TEST(Counters, CountEventsByRingAndRegistrations) {
  Counters counters;
  counters.taken(HF_RING_RECORDS);
  counters.taken(HF_RING_RECORDS);
  counters.registered(true, 2'000'000);
  counters.registered(false, 20 * kSecondNs);
  const Metrics metrics = counters.metrics(1);
  EXPECT_EQ(metrics.events, (Counts{{{"alerts", ""}, 0}, {{"records", ""}, 2}}));
  EXPECT_EQ(metrics.registrations.counts.at(1), 1U);
  EXPECT_EQ(metrics.registrations.counts.back(), 1U);
  EXPECT_EQ(metrics.registrations.sum_ns, 20'002'000'000U);
  EXPECT_EQ(metrics.registration_failures, 1U);
}

TEST(Counters, FitAPacketWhateverIsCounted) {
  Counters counters;
  for (int i = 0; i < 1000; ++i) {
    // A control character takes six bytes in JSON.
    detect::Alert alert = alert_of(std::string(kMaxWordBytes - 4, '\x01') + std::to_string(i));
    alert.severity = static_cast<detect::Severity>(i % 8);
    counters.line(alert, 1);
  }
  counters.line(alert_of(std::string(kMaxWordBytes + 1, 'x')), 1);
  const Metrics metrics = counters.metrics(1);
  EXPECT_LE(metrics.alerts.size(), kMaxCounts);
  EXPECT_EQ(sum(metrics.alerts), 1001U);
  Reply reply;
  reply.metrics = metrics;
  const std::string packet = encode(reply);
  EXPECT_LE(packet.size(), kMaxMessageBytes);
  EXPECT_EQ(decode_reply(packet).value().metrics->alerts, metrics.alerts);
}

}  // namespace
}  // namespace holdfast::monitor
