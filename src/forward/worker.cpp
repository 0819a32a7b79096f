#include "src/forward/worker.h"

#include <algorithm>

#include <fmt/core.h>

#include "src/base/log.h"

namespace holdfast::forward {

using base::LogLevel;

Worker::Worker(const SinkSettings& sink, const std::string& alerts, State& state, Bell& bell,
               bool once, std::stop_token stop)
    : sink_(sink),
      state_(state),
      bell_(bell),
      once_(once),
      stop_(stop),
      cursor_(state.cursor(sink.name)),
      reader_(alerts, cursor_),
      output_(make_output(sink, stop)),
      counters_(state.counters(sink.name)),
      strange_before_(counters_.strange) {}

bool Worker::run() {
  bool well = true;
  while (!stop_.stop_requested() && !done_) {
    well = step() && well;
  }
  state_.update(sink_.name, counters_);
  return well;
}

bool Worker::step() {
  const std::uint64_t rings = bell_.rings();
  const auto lines = reader_.next(static_cast<std::size_t>(sink_.max_lines),
                                  static_cast<std::size_t>(sink_.max_bytes));
  counters_.strange = strange_before_ + reader_.strange();
  if (!lines.ok()) {
    return failed(lines.error().message);
  }
  if (!lines.value().empty()) {
    return deliver(lines.value());
  }
  if (once_) {
    done_ = true;
    return true;
  }
  state_.update(sink_.name, counters_);
  state_.save();
  bell_.wait(rings, stop_);
  return true;
}

bool Worker::deliver(std::span<const Line> lines) {
  std::vector<Line> wanted;
  for (const Line& line : lines) {
    if (is_wanted(line, sink_)) {
      wanted.push_back(line);
    }
    if (line.lost != 0) {
      base::log(LogLevel::kError,
                fmt::format("sink {}: {}", sink_.name, text_at(line.json, "message")));
    }
  }
  if (wanted.empty()) {
    recovered();
  }
  if (!offer(wanted)) {
    return false;
  }
  if (!stop_.stop_requested() && !(cursor_ == lines.back().end)) {
    reached(lines.back().end);
  }
  return true;
}

// False: `once`, and not all of it was taken.
bool Worker::offer(const std::vector<Line>& wanted) {
  std::span<const Line> rest(wanted);
  while (!rest.empty() && !stop_.stop_requested()) {
    const Answer answer = output_->send(rest);
    const std::size_t settled = answer.taken + answer.refused;
    account(answer, rest);
    rest = rest.subspan(settled);
    if (settled != 0) {
      recovered();
    }
    if (rest.empty() || (settled != 0 && answer.why.empty()) || answer.refused != 0) {
      continue;
    }
    if (!stop_.stop_requested() && !failed(answer.why)) {
      return false;
    }
  }
  return true;
}

void Worker::account(const Answer& answer, std::span<const Line> rest) {
  counters_.sent += answer.taken;
  counters_.dropped += answer.refused;
  if (answer.refused != 0) {
    counters_.error = answer.why;
    base::log(LogLevel::kError, fmt::format("sink {}: {} lines were refused and are not sent "
                                            "again: {}",
                                            sink_.name, answer.refused, answer.why));
  }
  const std::size_t settled = answer.taken + answer.refused;
  for (const Line& line : rest.first(settled)) {
    counters_.lost += line.lost;
  }
  if (settled != 0) {
    reached(rest[settled - 1].end);
  }
}

void Worker::reached(const Cursor& cursor) {
  cursor_ = cursor;
  state_.update(sink_.name, counters_);
  const Status saved = state_.save_cursor(sink_.name, cursor);
  if (!saved.ok()) {
    base::log(LogLevel::kError, saved.error().message);
  }
}

// Waits, longer each time, and never as long as the others do. False: `once`, so there is no other
// try.
bool Worker::failed(const std::string& why) {
  if (!counters_.failing || pause_ms_ == 0) {
    base::log(LogLevel::kError, fmt::format("sink {}: {}{}", sink_.name, why,
                                            once_ ? "" : "; it is tried again until it works"));
  }
  counters_.failing = true;
  counters_.error = why;
  if (once_) {
    done_ = true;
    return false;
  }
  ++counters_.retried;
  state_.update(sink_.name, counters_);
  pause_ms_ = std::clamp(pause_ms_ * 2, sink_.retry_first_ms, sink_.retry_max_ms);
  std::uniform_int_distribution<std::int64_t> jitter(pause_ms_ / 2, pause_ms_);
  bell_.pause(std::chrono::milliseconds(jitter(random_)), stop_);
  return true;
}

void Worker::recovered() {
  if (pause_ms_ != 0) {
    base::log(LogLevel::kNotice, fmt::format("sink {} takes lines again", sink_.name));
  }
  pause_ms_ = 0;
  counters_.failing = false;
}

}  // namespace holdfast::forward
