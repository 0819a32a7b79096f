// Acts on containers. What is quick is done at once; a freeze is begun at once and ends in a
// thread, with what the container was doing read while it stands still.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/base/worker.h"
#include "src/kernel/isolation.h"
#include "src/respond/cgroup.h"
#include "src/respond/order.h"

namespace holdfast::respond {

// How long a container may take to come to a stop: a process in an uninterruptible call stops when
// that is over.
inline constexpr std::chrono::milliseconds kFreezeTimeout{5000};
// Freezes whose end is waited for.
inline constexpr std::size_t kMostWaiting = 256;

class Responder {
 public:
  // Keeps what a container that has come to a stop was doing; the directory it is in. Called in the
  // thread.
  using Keep = std::function<Result<std::string>(const Order& order, const Cgroup& cgroup)>;

  struct Settings {
    std::string cgroup_mount;  // base::cgroup2_mount()
    std::string pin_dir;       // of kernel::Options
    std::string proc_root = "/proc";
    std::chrono::milliseconds freeze_timeout = kFreezeTimeout;
    Keep keep;  // may be empty
  };

  static Result<Responder> make(Settings settings);

  // Begins to do what is ordered; its number, by which finished() tells the outcome.
  std::uint64_t begin(Order order);

  // Readable when there are outcomes.
  [[nodiscard]] int fd() const { return shared_->event.get(); }

  // Those that were not handed out before, in the order in which they came.
  std::vector<Outcome> finished();

  // Ends the thread, once what it has begun is over; finished() has the rest then.
  void stop() { worker_.reset(); }

  // Lets go of what is in force for containers that have gone: `ids` are the cgroups of those that
  // are there.
  void keep_only(const std::set<std::uint64_t>& ids) const { isolation_.keep_only(ids); }

 private:
  // With the thread.
  struct Shared {
    base::UniqueFd event;
    std::mutex mutex;
    std::vector<Outcome> outcomes;
    void add(Outcome outcome);
  };

  Responder(Settings settings, base::UniqueFd event);
  Status act(const Order& order, std::uint64_t number, bool& waits);
  Status freeze(const Order& order, Cgroup cgroup, std::uint64_t number, bool& waits);

  std::shared_ptr<const Settings> settings_;
  kernel::Isolation isolation_;
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<base::Worker> worker_;
  std::uint64_t last_number_ = 0;
};

}  // namespace holdfast::respond
