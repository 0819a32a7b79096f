// Wakes the threads of sinks when the alert file has changed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace holdfast::forward {

class Bell {
 public:
  void ring() {
    {
      const std::lock_guard held(mutex_);
      ++rings_;
    }
    rung_.notify_all();
  }

  [[nodiscard]] std::uint64_t rings() const {
    const std::lock_guard held(mutex_);
    return rings_;
  }

  // Until it has rung more than `rings` times or a stop is asked for.
  void wait(std::uint64_t rings, const std::stop_token& stop) {
    std::unique_lock held(mutex_);
    rung_.wait(held, stop, [&] { return rings_ > rings; });
  }

  // Some time, or until a stop is asked for.
  void pause(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::unique_lock held(mutex_);
    rung_.wait_for(held, stop, time, [] { return false; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any rung_;
  std::uint64_t rings_ = 0;
};

}  // namespace holdfast::forward
