// Judges an event: how bad it is, what it is called elsewhere, and the sentence that says so. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "src/detect/alert.h"
#include "src/event/event.h"
#include "src/event/process.h"

namespace holdfast::detect {

// What surrounds an event.
struct Context {
  const Container* container = nullptr;  // nullptr: not known (any more)
  std::string backend;                   // "lsm", "modify-return", "tracepoint"
  std::string host;
  std::int64_t boot_to_real_ns = 0;  // base::boot_to_real_ns()
};

Alert detect(const event::Event& event, event::Process process, const Context& context);

// What could not be told, all of it since the last such alert.
struct Loss {
  std::uint64_t ring_full = 0;   // events the kernel could not send
  std::uint64_t unreadable = 0;  // records that did not decode
  std::uint64_t unwritten = 0;   // alerts the sink had no room for
  std::uint64_t untagged = 0;    // tasks the kernel could not tag with their container
  [[nodiscard]] std::uint64_t total() const {
    return ring_full + unreadable + unwritten + untagged;
  }
};

// The alert of class "monitor.lost" about `loss`.
Alert lost_alert(const Loss& loss, std::int64_t real_ns, const std::string& backend,
                 const std::string& host);

}  // namespace holdfast::detect
