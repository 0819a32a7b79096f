#include "src/respond/worker.h"

#include <utility>

namespace holdfast::respond {

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool Worker::add(Job job) {
  const std::lock_guard lock(mutex_);
  if (jobs_.size() >= most_) {
    return false;
  }
  jobs_.push_back(std::move(job));
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { work(); });
  }
  changed_.notify_one();
  return true;
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return leaving_ || !jobs_.empty(); });
    if (jobs_.empty()) {
      return;
    }
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    const bool leaving = leaving_;
    lock.unlock();
    job(leaving);
    lock.lock();
  }
}

}  // namespace holdfast::respond
