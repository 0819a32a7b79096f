// What a scrape finds: the monitor's numbers, by its socket, and how far each sink is, by its
// files.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/forward/state.h"
#include "src/metrics/settings.h"
#include "src/monitor/protocol.h"

namespace holdfast::metrics {

struct Sink {
  std::string name;
  forward::Counters counters;
  std::uint64_t lag = 0;  // lines of the alert file that it has not got
};

struct Scrape {
  std::optional<monitor::Reply> reply;  // with metrics; nothing: the monitor did not answer
  std::string error;                    // why not
  // No monitor runs, and none left a container under guard: there is nothing to watch over, and the
  // next container starts one.
  bool idle = false;
  std::size_t unguarded = 0;  // containers that run without all of their guard
  std::vector<Sink> sinks;
};

// Less than Prometheus waits for a scrape by default (ten seconds).
inline constexpr std::chrono::milliseconds kScrapeTimeout{5000};

// Asks once, and waits at most `timeout`.
Scrape scrape(const Settings& settings, std::chrono::milliseconds timeout = kScrapeTimeout);

}  // namespace holdfast::metrics
