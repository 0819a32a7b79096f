// Counts what the monitor does, for whoever asks for metrics.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bpf/abi/events.h"
#include "src/detect/alert.h"
#include "src/digest/digester.h"
#include "src/monitor/metrics.h"

namespace holdfast::monitor {

// A ring's name, in origins and metrics.
inline constexpr std::array<const char*, HF_RING_COUNT> kRingNames = {"alerts", "records"};

// Takes no memory without a bound: what has a word that is too long, or is a new one beyond
// kMaxCounts, is counted as "other". Times are base::boot_now_ns().
class Counters {
 public:
  // What can be known beforehand is counted from zero on, so that the first one is a rise.
  Counters();

  // An event was taken from a ring.
  void taken(hf_ring ring) { ++taken_.at(ring); }
  // The kernel has counted events instead of sending them.
  void repeated(std::uint64_t count) { metrics_.repeats += count; }
  // A line goes to the alert file.
  void line(const detect::Alert& alert, std::uint64_t now_ns);
  // It got no line: its container was beyond its budget of records.
  void unwritten(const detect::Alert& alert);
  // So many executables got no digest since the monitor started.
  void unhashed(const digest::Digester::Counts& counts);
  // Configuration and profiles were read again.
  void reloaded(bool well) { metrics_.reload_failed = !well; }
  void registered(bool well, std::uint64_t took_ns);

  // All of it; rings and file are the caller's to add.
  [[nodiscard]] Metrics metrics(std::uint64_t now_ns) const;

 private:
  std::array<std::uint64_t, HF_RING_COUNT> taken_{};
  std::uint64_t alerts_ = 0;      // lines of this kind
  std::uint64_t records_ = 0;     // and of this one
  std::uint64_t lost_at_ns_ = 0;  // 0: never
  Metrics metrics_;
};

}  // namespace holdfast::monitor
