#include "src/metrics/families.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace holdfast::metrics {

namespace {

using monitor::Counts;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

// Doubles hold these exactly up to 2^53.
double value_of(std::uint64_t number) { return static_cast<double>(number); }

void add_sample(MetricFamily& family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

void add(Families& all, MetricType type, const char* name, const char* help, double value) {
  MetricFamily family{name, help, type, {}};
  add_sample(family, {}, value);
  all.push_back(std::move(family));
}

void gauge(Families& all, const char* name, const char* help, double value) {
  add(all, MetricType::Gauge, name, help, value);
}

void counter(Families& all, const char* name, const char* help, std::uint64_t value) {
  add(all, MetricType::Counter, name, help, value_of(value));
}

// Labels are named as the words of the counts stand for; an empty name for a word that is none.
void add_counts(Families& all, MetricFamily family, std::array<const char*, 2> names,
                const Counts& counts) {
  for (const auto& [words, count] : counts) {
    Labels labels = {{names[0], words.first}};
    if (*names[1] != '\0') {
      labels.push_back({names[1], words.second});
    }
    add_sample(family, std::move(labels), value_of(count));
  }
  all.push_back(std::move(family));
}

void add_coverage(Families& all, const Scrape& scrape) {
  const bool idle = scrape.idle;
  const auto& reply = scrape.reply;
  const bool lost =
      reply && reply->metrics->lost_ago_s.value_or(kLossCountsForSeconds) < kLossCountsForSeconds;
  const bool failing =
      std::ranges::any_of(scrape.sinks, [](const Sink& sink) { return sink.counters.failing; });
  const std::array<std::pair<const char*, bool>, 6> parts = {
      {{"containers", scrape.unguarded == 0},
       {"monitor", idle || reply},
       {"enforcing", idle || (reply && reply->enforcing)},
       {"events", idle || (reply && !lost)},
       {"alerts", idle || (reply && !reply->metrics->file_failing)},
       {"sinks", !failing}}};
  MetricFamily family{
      "holdfast_coverage_part",
      "1 while this part is whole. containers: none was started without all of its guard; "
      "monitor: it answers; enforcing: its back end can "
      "refuse; events: none was lost in the last ten minutes; alerts: the alert "
      "file took the last lines; sinks: the last try of none has failed. What "
      "nobody can tell is 0; a host without containers, where no monitor is "
      "needed, is whole.",
      MetricType::Gauge,
      {}};
  bool whole = true;
  for (const auto& [part, covered] : parts) {
    add_sample(family, {{"part", part}}, covered ? 1 : 0);
    whole = whole && covered;
  }
  gauge(all, "holdfast_coverage",
        "1 while everything is guarded, enforced and told: the least of holdfast_coverage_part.",
        whole ? 1 : 0);
  all.push_back(std::move(family));
}

void add_status(Families& all, const monitor::Reply& reply) {
  MetricFamily info{"holdfast_monitor_info", "The back end in force.", MetricType::Gauge, {}};
  add_sample(info, {{"backend", reply.backend}}, 1);
  all.push_back(std::move(info));
  gauge(all, "holdfast_enforcing", "1 when the back end can refuse an operation.",
        reply.enforcing ? 1 : 0);
  gauge(all, "holdfast_containers", "Containers under guard.", reply.count);
  gauge(all, "holdfast_monitor_start_time_seconds",
        "When the monitor started, since 1970. Its counters begin at 0 then.",
        value_of(reply.metrics->started_s));
}

void add_events(Families& all, const monitor::Metrics& metrics) {
  constexpr auto kCounter = MetricType::Counter;
  constexpr auto kGauge = MetricType::Gauge;
  add_counts(all, {"holdfast_events_total", "Events taken from the kernel's rings.", kCounter, {}},
             {"ring", ""}, metrics.events);
  counter(all, "holdfast_events_repeated_total",
          "Events that the kernel counted, because one like them had just been sent.",
          metrics.repeats);
  add_counts(all,
             {"holdfast_events_lost_total",
              "Events that could not be told, by the cause that monitor.lost names.",
              kCounter,
              {}},
             {"cause", ""}, metrics.lost);
  add_counts(all, {"holdfast_ring_size_bytes", "Size of a ring.", kGauge, {}}, {"ring", ""},
             metrics.ring_bytes);
  add_counts(all,
             {"holdfast_ring_used_bytes",
              "Bytes of a ring with events whose lines are not in the alert file yet.",
              kGauge,
              {}},
             {"ring", ""}, metrics.ring_used_bytes);
}

void add_lines(Families& all, const monitor::Metrics& metrics) {
  constexpr auto kCounter = MetricType::Counter;
  add_counts(all,
             {"holdfast_lines_total",
              "Lines for the alert file, those that it has not taken yet among them.",
              kCounter,
              {}},
             {"kind", ""}, metrics.lines);
  add_counts(all, {"holdfast_alerts_total", "Lines of the kind alert.", kCounter, {}},
             {"class", "severity"}, metrics.alerts);
  counter(all, "holdfast_alerts_held_back_total",
          "Alerts that became records: their container was beyond its budget, or their process had "
          "been told of.",
          metrics.held_back);
  counter(all, "holdfast_records_unwritten_total",
          "Records that were only counted: their container was beyond its budget.",
          metrics.unwritten);
  add_counts(all,
             {"holdfast_executables_unhashed_total",
              "Executables that got no SHA-256, by the reason; none where monitor.hash_executables "
              "is off.",
              kCounter,
              {}},
             {"reason", ""}, metrics.unhashed);
  add_counts(all,
             {"holdfast_responses_total",
              "What was done about containers: done, failed or withheld.",
              kCounter,
              {}},
             {"response", "result"}, metrics.responses);
  gauge(all, "holdfast_alert_file_failing", "1 when the last write to the alert file failed.",
        metrics.file_failing ? 1 : 0);
  gauge(all, "holdfast_config_last_reload_successful",
        "0 when configuration or profiles had a mistake when they were last read again.",
        metrics.reload_failed ? 0 : 1);
  gauge(all, "holdfast_alert_file_waiting_lines", "Lines that the alert file has not taken yet.",
        value_of(metrics.waiting_lines));
  gauge(all, "holdfast_alert_file_last_seq", "The number of the last line of the alert file.",
        value_of(metrics.last_seq));
}

void add_registrations(Families& all, const monitor::Metrics& metrics) {
  const monitor::Latency& latency = metrics.registrations;
  MetricFamily family{
      "holdfast_registration_duration_seconds",
      "What the monitor spent on putting a container under guard, or on failing to.",
      MetricType::Histogram,
      {}};
  ClientMetric metric;
  auto& histogram = metric.histogram;
  for (std::size_t i = 0; i < latency.counts.size(); ++i) {
    histogram.sample_count += latency.counts.at(i);
    if (i < monitor::kLatencyBounds.size()) {
      histogram.bucket.push_back({histogram.sample_count, monitor::kLatencyBounds.at(i)});
    }
  }
  histogram.sample_sum = value_of(latency.sum_ns) / 1e9;
  family.metric.push_back(std::move(metric));
  all.push_back(std::move(family));
  counter(all, "holdfast_registration_failures_total",
          "Containers that could not be put under guard.", metrics.registration_failures);
}

// One family about all sinks.
template <typename Value>
void add_of_sinks(Families& all, MetricFamily family, const Scrape& scrape, Value value) {
  for (const Sink& sink : scrape.sinks) {
    add_sample(family, {{"sink", sink.name}}, value_of(value(sink)));
  }
  all.push_back(std::move(family));
}

void add_sinks(Families& all, const Scrape& scrape) {
  constexpr auto kCounter = MetricType::Counter;
  constexpr auto kGauge = MetricType::Gauge;
  add_of_sinks(all,
               {"holdfast_sink_sent_lines_total", "Lines that the sink has taken.", kCounter, {}},
               scrape, [](const Sink& sink) { return sink.counters.sent; });
  add_of_sinks(
      all, {"holdfast_sink_retries_total", "Tries that failed and were repeated.", kCounter, {}},
      scrape, [](const Sink& sink) { return sink.counters.retried; });
  add_of_sinks(
      all,
      {"holdfast_sink_dropped_lines_total", "Lines that the sink refused for good.", kCounter, {}},
      scrape, [](const Sink& sink) { return sink.counters.dropped; });
  add_of_sinks(all,
               {"holdfast_sink_lost_lines_total",
                "Lines that were rotated away before the sink had them.",
                kCounter,
                {}},
               scrape, [](const Sink& sink) { return sink.counters.lost; });
  add_of_sinks(all,
               {"holdfast_sink_lag_lines",
                "Lines of the alert file that the sink has not got to. It grows while no `holdfast "
                "forward` runs.",
                kGauge,
                {}},
               scrape, [](const Sink& sink) { return sink.lag; });
  add_of_sinks(all, {"holdfast_sink_failing", "1 when the last try to send failed.", kGauge, {}},
               scrape, [](const Sink& sink) { return std::uint64_t{sink.counters.failing}; });
}

}  // namespace

Families families(const Scrape& scrape) {
  Families all;
  gauge(all, "holdfast_up",
        "1 when the monitor answered. 0 is no fault where there are no containers: see "
        "holdfast_coverage.",
        scrape.reply ? 1 : 0);
  add_coverage(all, scrape);
  gauge(all, "holdfast_containers_unguarded",
        "Containers that were started without all of their guard, as their profile allows "
        "(on_failure: warn).",
        static_cast<double>(scrape.unguarded));
  if (scrape.reply) {
    add_status(all, *scrape.reply);
    add_events(all, *scrape.reply->metrics);
    add_lines(all, *scrape.reply->metrics);
    add_registrations(all, *scrape.reply->metrics);
  }
  if (!scrape.sinks.empty()) {
    add_sinks(all, scrape);
  }
  return all;
}

}  // namespace holdfast::metrics
