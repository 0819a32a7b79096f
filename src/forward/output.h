// The other end of a sink.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "src/base/result.h"
#include "src/forward/line.h"
#include "src/forward/settings.h"

namespace holdfast::forward {

// What became of a batch: the first `taken` lines have arrived, the `refused` ones after them will
// never be taken, the others should be tried again. `why` says it where not all were taken.
struct Answer {
  std::size_t taken = 0;
  std::size_t refused = 0;
  std::string why;
};

inline Answer again(std::string why) { return {0, 0, std::move(why)}; }

// One thread uses it, and it may block that thread: until its timeout, or soon after a stop is
// asked for.
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;
  virtual Answer send(std::span<const Line> lines) = 0;
};

std::unique_ptr<Output> make_output(const SinkSettings& sink, std::stop_token stop);

// One each type.
std::unique_ptr<Output> make_stdout();
std::unique_ptr<Output> make_journald();
std::unique_ptr<Output> make_datagram_syslog(const SinkSettings& sink);
std::unique_ptr<Output> make_stream_syslog(const SinkSettings& sink, std::stop_token stop);
std::unique_ptr<Output> make_webhook(const SinkSettings& sink, std::stop_token stop);
std::unique_ptr<Output> make_otlp(const SinkSettings& sink, std::stop_token stop);

}  // namespace holdfast::forward
