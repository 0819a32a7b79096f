// A thread for what takes its time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace holdfast::base {

// Does one job after the other, in the order in which they came.
class Worker {
 public:
  // `leaving`: nobody waits any more; a job should end as soon as it can.
  using Job = std::function<void(const std::atomic<bool>& leaving)>;

  // At most so many jobs wait. At the end the job under way is waited for so long: one that may be
  // made to wait for ever is then left to the end of the process. What it uses must outlive it.
  explicit Worker(std::size_t most,
                  std::chrono::milliseconds patience = std::chrono::milliseconds::max());
  // Does what is left, each told that we are leaving.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False when as many jobs as there may be are waiting, or there can be no thread. That begins
  // with the first job.
  bool add(Job job);

 private:
  struct Queue;
  static void work(Queue& queue);

  const std::size_t most_;
  const std::chrono::milliseconds patience_;
  std::shared_ptr<Queue> queue_;  // the thread has it too
  std::thread thread_;
};

}  // namespace holdfast::base
