#include "src/base/worker.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

namespace holdfast::base {

struct Worker::Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  std::atomic<bool> leaving = false;
  bool ended = false;
};

Worker::Worker(std::size_t most, std::chrono::milliseconds patience)
    : most_(most), patience_(patience), queue_(std::make_shared<Queue>()) {}

Worker::~Worker() {
  if (!thread_.joinable()) {
    return;
  }
  bool ended = true;
  {
    std::unique_lock lock(queue_->mutex);
    queue_->leaving = true;
    queue_->changed.notify_all();
    if (patience_ != std::chrono::milliseconds::max()) {
      ended = queue_->changed.wait_for(lock, patience_, [this] { return queue_->ended; });
    }
  }
  ended ? thread_.join() : thread_.detach();
}

bool Worker::add(Job job) {
  const std::lock_guard lock(queue_->mutex);
  if (queue_->jobs.size() >= most_) {
    return false;
  }
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([queue = queue_] { work(*queue); });
    } catch (const std::system_error&) {
      return false;
    }
  }
  queue_->jobs.push_back(std::move(job));
  queue_->changed.notify_all();
  return true;
}

void Worker::work(Queue& queue) {
  std::unique_lock lock(queue.mutex);
  for (;;) {
    queue.changed.wait(lock, [&queue] { return queue.leaving || !queue.jobs.empty(); });
    if (queue.jobs.empty()) {
      queue.ended = true;
      queue.changed.notify_all();
      return;
    }
    const Job job = std::move(queue.jobs.front());
    queue.jobs.pop_front();
    lock.unlock();
    job(queue.leaving);
    lock.lock();
  }
}

}  // namespace holdfast::base
