// The monitor in numbers: how it stands, and what it has counted since it started.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "src/base/result.h"

namespace holdfast::monitor {

// What is counted, in one or two words, such as class and severity; the second may be "".
using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

// Of one Counts, and of a word in it: so many always fit a packet (see Counters).
inline constexpr std::size_t kMaxCounts = 256;
inline constexpr std::size_t kMaxWordBytes = 48;

// How long something took: how often up to each bound, in seconds, and not up to the one before it;
// the last place is for what took longer.
inline constexpr std::array kLatencyBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                              0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
struct Latency {
  std::array<std::uint64_t, kLatencyBounds.size() + 1> counts{};
  std::uint64_t sum_ns = 0;

  void note(std::uint64_t took_ns);
};

struct Metrics {
  std::uint64_t started_s = 0;              // since 1970
  Counts events;                            // by ring: "alerts", "records"
  Counts ring_bytes;                        // by ring: its size
  Counts ring_used_bytes;                   // by ring: of what was not given back
  std::uint64_t repeats = 0;                // events that the kernel counted instead of sending
  Counts lines;                             // by kind
  Counts alerts;                            // by class and severity
  std::uint64_t held_back = 0;              // alerts
  std::uint64_t unwritten = 0;              // records, held back or not, that got no line
  Counts unhashed;                          // executables without a digest, by the reason
  Counts lost;                              // by cause
  std::optional<std::uint64_t> lost_ago_s;  // the last time; nothing: never
  Counts responses;                         // by name and result
  Latency registrations;                    // failures too
  std::uint64_t registration_failures = 0;
  bool reload_failed = false;       // the last time that the configuration was read again
  bool file_failing = false;        // the last write to the alert file failed
  std::uint64_t waiting_lines = 0;  // that the alert file has not taken yet
  std::uint64_t last_seq = 0;       // of the lines it has
};

nlohmann::json metrics_to_json(const Metrics& metrics);
Result<Metrics> metrics_from_json(const nlohmann::json& json);

}  // namespace holdfast::monitor
