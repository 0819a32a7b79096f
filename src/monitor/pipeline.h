// From the ring to the file: decode, enrich, detect, write; and an account of what got lost on the
// way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "src/base/result.h"
#include "src/detect/detect.h"
#include "src/event/process.h"
#include "src/kernel/kernel.h"
#include "src/monitor/registry.h"
#include "src/sink/file.h"

namespace holdfast::monitor {

// The references must outlive it.
class Pipeline {
 public:
  Pipeline(kernel::Kernel& kernel, const Registry& registry, sink::FileSink& sink,
           std::string host);

  // Takes events out of the ring (at most kernel::kMaxDrain) and writes what can be written. False
  // when it stopped before the ring was empty.
  bool drain();

  // When to call drain() though the ring is quiet: the disk was full, or a loss is to be told.
  [[nodiscard]] std::optional<std::uint64_t> deadline_ns() const;

 private:
  void handle(const void* bytes, std::size_t size);
  bool stands(event::Event& event, pid_t init, const Entry* entry) const;
  void count_losses();
  void tell_losses(std::uint64_t now_ns);

  kernel::Kernel& kernel_;
  const Registry& registry_;
  sink::FileSink& sink_;
  event::ProcessReader processes_;
  std::string host_;
  std::string backend_;
  std::int64_t boot_to_real_ns_ = 0;  // taken afresh at each drain()
  kernel::Counters told_;             // the part of the kernel's counters that alerts have told
  detect::Loss loss_;                 // not told yet
  std::uint64_t last_told_ns_ = 0;
};

}  // namespace holdfast::monitor
