#include "src/monitor/metrics.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "src/monitor/reader.h"

namespace holdfast::monitor {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::uint64_t>::max();

// What a member is called, for both directions.
struct NamedCounts {
  const char* name;
  Counts Metrics::*counts;
};
constexpr std::array<NamedCounts, 8> kCounts = {{{"events", &Metrics::events},
                                                 {"ring_bytes", &Metrics::ring_bytes},
                                                 {"ring_used_bytes", &Metrics::ring_used_bytes},
                                                 {"lines", &Metrics::lines},
                                                 {"alerts", &Metrics::alerts},
                                                 {"unhashed", &Metrics::unhashed},
                                                 {"lost", &Metrics::lost},
                                                 {"responses", &Metrics::responses}}};
struct NamedNumber {
  const char* name;
  std::uint64_t Metrics::*number;
};
constexpr std::array<NamedNumber, 7> kNumbers = {
    {{"started_s", &Metrics::started_s},
     {"repeats", &Metrics::repeats},
     {"held_back", &Metrics::held_back},
     {"unwritten", &Metrics::unwritten},
     {"registration_failures", &Metrics::registration_failures},
     {"waiting_lines", &Metrics::waiting_lines},
     {"last_seq", &Metrics::last_seq}}};

Json counts_json(const Counts& counts) {
  Json list = Json::array();
  for (const auto& [words, count] : counts) {
    list.push_back({{"of", words.first}, {"and", words.second}, {"count", count}});
  }
  return list;
}

struct Count {
  std::pair<std::string, std::string> words;
  std::uint64_t count = 0;
};

Count decode_count(Reader& reader) {
  return {{reader.text("of", kMaxWordBytes), reader.text("and", kMaxWordBytes)},
          reader.number("count", kMaxNumber)};
}

Result<Counts> decode_counts(const Reader& reader, const char* key) {
  Counts counts;
  for (Count& one : TRY(decode_list(reader, key, kMaxCounts, decode_count))) {
    counts[std::move(one.words)] = one.count;
  }
  return counts;
}

Result<Latency> decode_latency(const Json& json) {
  Reader reader(json, "\"registrations\"");
  Latency latency;
  latency.sum_ns = reader.number("sum_ns", kMaxNumber);
  const Json* counts = reader.member("counts", true);
  if (counts == nullptr || !counts->is_array() || counts->size() != latency.counts.size()) {
    reader.complain("has no \"counts\", or not one for each bound");
    return *reader.error();
  }
  for (std::size_t i = 0; i < latency.counts.size(); ++i) {
    const Json& count = (*counts)[i];
    if (!count.is_number_unsigned()) {
      reader.complain("has \"counts\" that are no numbers");
      break;
    }
    latency.counts.at(i) = count.get<std::uint64_t>();
  }
  return reader.error() ? Result<Latency>(*reader.error()) : Result<Latency>(latency);
}

}  // namespace

void Latency::note(std::uint64_t took_ns) {
  const double seconds = static_cast<double>(took_ns) / 1e9;
  const auto* bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), seconds);
  ++counts.at(static_cast<std::size_t>(bound - kLatencyBounds.begin()));
  sum_ns += took_ns;
}

Json metrics_to_json(const Metrics& metrics) {
  Json json = {
      {"file_failing", metrics.file_failing},
      {"reload_failed", metrics.reload_failed},
      {"registrations",
       {{"counts", metrics.registrations.counts}, {"sum_ns", metrics.registrations.sum_ns}}}};
  for (const auto& [name, counts] : kCounts) {
    json[name] = counts_json(metrics.*counts);
  }
  for (const auto& [name, number] : kNumbers) {
    json[name] = metrics.*number;
  }
  if (metrics.lost_ago_s) {
    json["lost_ago_s"] = *metrics.lost_ago_s;
  }
  return json;
}

Result<Metrics> metrics_from_json(const Json& json) {
  Reader reader(json, "\"metrics\"");
  Metrics metrics;
  metrics.file_failing = reader.boolean("file_failing");
  metrics.reload_failed = reader.boolean("reload_failed");
  for (const auto& [name, number] : kNumbers) {
    metrics.*number = reader.number(name, kMaxNumber);
  }
  if (reader.find("lost_ago_s") != nullptr) {
    metrics.lost_ago_s = reader.number("lost_ago_s", kMaxNumber);
  }
  const Json* registrations = reader.member("registrations", true);
  if (reader.error()) {
    return *reader.error();
  }
  metrics.registrations = TRY(decode_latency(*registrations));
  for (const auto& [name, counts] : kCounts) {
    metrics.*counts = TRY(decode_counts(reader, name));
  }
  return metrics;
}

}  // namespace holdfast::monitor
