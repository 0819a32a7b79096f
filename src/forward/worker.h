// One sink: from the file to the other end, in a thread of its own.
#pragma once

#include <memory>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "src/forward/bell.h"
#include "src/forward/output.h"
#include "src/forward/reader.h"
#include "src/forward/state.h"

namespace holdfast::forward {

class Worker {
 public:
  // The references must outlive it. `once`: ends with the file, and at the first failure.
  Worker(const SinkSettings& sink, const std::string& alerts, State& state, Bell& bell, bool once,
         std::stop_token stop);

  // Works until a stop is asked for. What was not acknowledged then is sent by the next run. False:
  // `once`, and something could not be sent.
  bool run();

 private:
  bool step();
  bool deliver(std::span<const Line> lines);
  bool offer(const std::vector<Line>& wanted);
  void account(const Answer& answer, std::span<const Line> rest);
  void reached(const Cursor& cursor);
  bool failed(const std::string& why);
  void recovered();

  SinkSettings sink_;
  State& state_;
  Bell& bell_;
  bool once_;
  std::stop_token stop_;
  Cursor cursor_;  // before reader_, which begins there
  Reader reader_;
  std::unique_ptr<Output> output_;
  Counters counters_;
  std::uint64_t strange_before_;
  bool done_ = false;
  std::int64_t pause_ms_ = 0;  // 0: the last try went well
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace holdfast::forward
