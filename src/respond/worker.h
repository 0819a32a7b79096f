// A thread for what takes its time: waiting until a container has come to a stop, and reading what
// it was doing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace holdfast::respond {

// Does one job after the other, in the order in which they came.
class Worker {
 public:
  // `leaving`: nobody waits any more; a job should end as soon as it can.
  using Job = std::function<void(bool leaving)>;

  explicit Worker(std::size_t most) : most_(most) {}
  // Does what is left, each told that we are leaving.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False when as many jobs as there may be are waiting. The thread begins with the first job.
  bool add(Job job);

 private:
  void work();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool leaving_ = false;
  std::thread thread_;
};

}  // namespace holdfast::respond
