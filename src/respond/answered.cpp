#include "src/respond/answered.h"

#include <algorithm>

namespace holdfast::respond {

bool Answered::first(std::uint32_t generation, profile::Response response, const Victim& victim) {
  return response == profile::Response::kKillProcess ? first_kill(victim)
                                                     : had_.insert({generation, response}).second;
}

bool Answered::first_kill(const Victim& victim) {
  const std::pair process(victim.pid, victim.start_ticks);
  if (std::ranges::find(killed_, process) != killed_.end()) {
    return false;
  }
  killed_.push_back(process);
  if (killed_.size() > kMaxKilled) {
    killed_.pop_front();
  }
  return true;
}

void Answered::forget(std::uint32_t generation, profile::Response response) {
  had_.erase({generation, response});
}

void Answered::forget_all(std::uint32_t generation) {
  std::erase_if(had_, [generation](const auto& one) { return one.first == generation; });
  killed_.clear();  // Whose they were is not known; who was killed is killed once more at worst.
}

void Answered::keep_only(const std::set<std::uint32_t>& generations) {
  std::erase_if(had_, [&](const auto& one) { return !generations.contains(one.first); });
}

}  // namespace holdfast::respond
