#include "src/monitor/allowance.h"

#include <algorithm>

namespace holdfast::monitor {

std::uint64_t Allowance::next_ns(uid_t uid) const {
  const auto found = until_ns_.find(uid);
  return found == until_ns_.end() ? 0 : found->second - std::min(found->second, kUsersAheadNs);
}

void Allowance::charge(uid_t uid, std::uint64_t cost_ns, std::uint64_t now_ns) {
  std::erase_if(until_ns_, [&](const auto& entry) { return entry.second <= now_ns; });
  if (uid != 0) {
    std::uint64_t& until_ns = until_ns_[uid];
    until_ns = std::max(until_ns, now_ns) + cost_ns * kUsersShare;
  }
}

}  // namespace holdfast::monitor
