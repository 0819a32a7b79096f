// Which responses a container has had already: a flood of alerts is answered once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <utility>

#include "src/profile/respond.h"
#include "src/respond/process.h"

namespace holdfast::respond {

// Processes that are remembered as killed: their last alerts are in the rings still.
inline constexpr std::size_t kMaxKilled = 256;

class Answered {
 public:
  // Whether the container of that generation has not had `response` before; of kill-process,
  // whether `victim` has not. From now on it has.
  bool first(std::uint32_t generation, profile::Response response, const Victim& victim);

  // It was undone: the next alert gets it again.
  void forget(std::uint32_t generation, profile::Response response);

  // Its mode or its profile is another one now: whatever was withheld is due with the next alert.
  void forget_all(std::uint32_t generation);

  // Forgets the containers that have gone.
  void keep_only(const std::set<std::uint32_t>& generations);

 private:
  bool first_kill(const Victim& victim);

  std::set<std::pair<std::uint32_t, profile::Response>> had_;
  std::deque<std::pair<pid_t, std::uint64_t>> killed_;
};

}  // namespace holdfast::respond
