#include "src/monitor/recent.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::monitor {

void Recent::add(std::uint32_t user, std::string line) {
  Kept& kept = kept_[user];
  kept.bytes += line.size();
  kept.alerts.push_back({++last_, std::move(line)});
  while (kept.bytes > kMaxRecentBytes && kept.alerts.size() > 1) {
    kept.bytes -= kept.alerts.front().line.size();
    kept.alerts.pop_front();
  }
  make_room();
}

void Recent::make_room() {
  if (kept_.size() <= kMaxRecentUsers) {
    return;
  }
  kept_.erase(std::ranges::min_element(
      kept_, {}, [](const auto& one) { return one.second.alerts.back().number; }));
}

std::vector<ToldAlert> Recent::of(std::uint32_t user, std::uint64_t after) const {
  std::vector<ToldAlert> found;
  if (const auto kept = kept_.find(user); kept != kept_.end()) {
    std::ranges::copy_if(kept->second.alerts, std::back_inserter(found),
                         [after](const ToldAlert& alert) { return alert.number > after; });
  }
  return found;
}

}  // namespace holdfast::monitor
