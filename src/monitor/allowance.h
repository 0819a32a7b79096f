// How much of the monitor's time each ordinary user may have.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

namespace holdfast::monitor {

// One part in so many of the time, for one user, in the long run.
inline constexpr std::uint64_t kUsersShare = 10;
// What a user may have had too much: half a second of the monitor's time at once, far more than it
// takes to start as many containers as one user may have.
inline constexpr std::uint64_t kUsersAheadNs = 5'000'000'000;

// Whoever asks for more waits, and makes nobody else wait.
class Allowance {
 public:
  // When the next request of `uid` may be answered: a time of base::boot_now_ns(), or 0.
  [[nodiscard]] std::uint64_t next_ns(uid_t uid) const;

  // `cost_ns` of the monitor's time went to `uid`, until `now_ns`. Root's are not counted.
  void charge(uid_t uid, std::uint64_t cost_ns, std::uint64_t now_ns);

  // Users who are remembered: those who have not yet waited for what they had.
  [[nodiscard]] std::size_t size() const { return until_ns_.size(); }

 private:
  std::map<uid_t, std::uint64_t> until_ns_;  // when what a user had is the user's share
};

}  // namespace holdfast::monitor
