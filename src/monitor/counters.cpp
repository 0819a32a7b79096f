#include "src/monitor/counters.h"

#include <utility>

#include "src/base/clock.h"
#include "src/detect/detect.h"
#include "src/detect/severity.h"

namespace holdfast::monitor {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
// For "other", in each severity.
constexpr std::size_t kReserved = 8;

void add(Counts& counts, std::pair<std::string, std::string> words, std::uint64_t count) {
  if (const auto known = counts.find(words); known != counts.end()) {
    known->second += count;
    return;
  }
  if (words.first.size() > kMaxWordBytes || counts.size() >= kMaxCounts - kReserved) {
    words.first = "other";
  }
  counts[std::move(words)] += count;
}

}  // namespace

Counters::Counters() {
  const std::int64_t now_ns = base::real_now_ns();
  metrics_.started_s = static_cast<std::uint64_t>(now_ns / kSecondNs);
  for (const detect::Loss::Cause cause : detect::kLossCauses) {
    metrics_.lost[{detect::cause_name(cause), ""}] = 0;
  }
}

void Counters::line(const detect::Alert& alert, std::uint64_t now_ns) {
  if (alert.kind != "alert") {
    ++records_;
  } else {
    ++alerts_;
    add(metrics_.alerts, {alert.class_name, detect::severity_name(alert.severity)}, 1);
  }
  if (!alert.held_back.empty()) {
    ++metrics_.held_back;
  }
  if (!alert.cause.empty()) {
    add(metrics_.lost, {std::string(alert.cause), ""}, alert.count);
    lost_at_ns_ = now_ns;
  }
  if (alert.response) {
    add(metrics_.responses, {alert.response->name, std::string(alert.action)}, 1);
  }
}

void Counters::unwritten(const detect::Alert& alert) {
  ++metrics_.unwritten;
  metrics_.held_back += alert.held_back.empty() ? 0 : 1;
}

void Counters::unhashed(const digest::Digester::Counts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    metrics_.unhashed[{digest::unhashed_name(static_cast<digest::Unhashed>(i)), ""}] = counts.at(i);
  }
}

void Counters::registered(bool well, std::uint64_t took_ns) {
  metrics_.registrations.note(took_ns);
  metrics_.registration_failures += well ? 0 : 1;
}

Metrics Counters::metrics(std::uint64_t now_ns) const {
  Metrics metrics = metrics_;
  metrics.lines = {{{"alert", ""}, alerts_}, {{"record", ""}, records_}};
  for (std::size_t ring = 0; ring < taken_.size(); ++ring) {
    metrics.events[{kRingNames.at(ring), ""}] = taken_.at(ring);
  }
  if (lost_at_ns_ != 0) {
    metrics.lost_ago_s = (now_ns - lost_at_ns_) / static_cast<std::uint64_t>(kSecondNs);
  }
  return metrics;
}

}  // namespace holdfast::monitor
