// The newest alerts of ordinary users' containers, for these users: the log is root's to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/monitor/protocol.h"

namespace holdfast::monitor {

// Bytes of lines kept for a user: some dozens. Older ones make room.
inline constexpr std::size_t kMaxRecentBytes = std::size_t{64} * 1024;
// Users that something is kept for. Those who have waited longest for an alert make room.
inline constexpr std::size_t kMaxRecentUsers = 64;

class Recent {
 public:
  // `line`: as in the log, but without "seq".
  void add(std::uint32_t user, std::string line);

  // Those of `user` above the number `after`, the oldest first.
  [[nodiscard]] std::vector<ToldAlert> of(std::uint32_t user, std::uint64_t after) const;

 private:
  struct Kept {
    std::deque<ToldAlert> alerts;
    std::size_t bytes = 0;
  };
  void make_room();

  std::map<std::uint32_t, Kept> kept_;
  // Begins with the time: whoever follows has numbers of a former monitor, which must be below.
  std::uint64_t last_ = static_cast<std::uint64_t>(base::real_now_ns()) / 1000;
};

}  // namespace holdfast::monitor
