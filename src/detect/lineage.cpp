#include "src/detect/lineage.h"

#include <algorithm>
#include <vector>

namespace holdfast::detect {
namespace {

// A tree that makes more processes than this is not followed further: its alerts are told.
constexpr std::size_t kMostTold = 1024;

bool changes_image(const Alert& alert) {
  const bool change =
      alert.class_name.starts_with("rootfs.") || alert.class_name.starts_with("drift.");
  return change && alert.action == "alerted" && alert.severity > Severity::kCritical;
}

// The process, then those above it.
std::vector<pid_t> line_of(const event::Process& process, pid_t init) {
  std::vector<pid_t> pids = {process.pid};
  if (process.ancestors.empty()) {
    pids.push_back(process.ppid);
  }
  for (const event::Ancestor& ancestor : process.ancestors) {
    pids.push_back(ancestor.pid);
  }
  pids.erase(std::remove(pids.begin() + 1, pids.end(), init), pids.end());
  return pids;
}

}  // namespace

bool Lineage::goes_on(const Alert& alert, pid_t init, std::uint64_t now_ns) {
  if (!alert.process || !changes_image(alert)) {
    return false;
  }
  const std::vector<pid_t> line = line_of(*alert.process, init);
  std::vector<pid_t> known;
  for (const pid_t pid : line) {
    const auto found = told_.find(pid);
    if (found == told_.end() || now_ns >= found->second.since_ns + kToldForNs) {
      continue;
    }
    if (found->second.severity <= alert.severity) {
      remember(line.front(), Told(found->second), now_ns);
      return true;
    }
    known.push_back(pid);
  }
  known.push_back(line.front());
  for (const pid_t pid : known) {
    remember(pid, {alert.severity, now_ns}, now_ns);
  }
  return false;
}

void Lineage::remember(pid_t pid, const Told& told, std::uint64_t now_ns) {
  if (told_.size() >= kMostTold) {
    std::erase_if(told_, [now_ns](const auto& entry) {
      return now_ns >= entry.second.since_ns + kToldForNs;
    });
  }
  if (told_.size() < kMostTold || told_.contains(pid)) {
    told_.insert_or_assign(pid, told);
  }
}

}  // namespace holdfast::detect
