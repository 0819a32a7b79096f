#include "src/detect/lineage.h"

#include <algorithm>
#include <utility>

namespace holdfast::detect {
namespace {

// A container that has more processes told of than this has its further changes told.
constexpr std::size_t kMostTold = 1024;

template <typename Key, typename Told>
void keep(std::map<Key, Told>& memory, const Key& key, const Told& told, std::uint64_t now_ns) {
  if (memory.size() >= kMostTold) {
    std::erase_if(memory, [now_ns](const auto& entry) {
      return now_ns >= entry.second.since_ns + kToldForNs;
    });
  }
  if (memory.size() < kMostTold || memory.contains(key)) {
    memory.insert_or_assign(key, told);
  }
}

}  // namespace

// The process, then those above it that the kernel has told of.
Lineage::Ids Lineage::line_of(const event::Process& process, pid_t init) {
  Ids ids = {{process.pid, process.start_ns, process.exec_id}};
  for (const event::Ancestor& ancestor : process.ancestors) {
    if (ancestor.pid == init || ancestor.start_ns == 0) {
      break;
    }
    ids.push_back({ancestor.pid, ancestor.start_ns, ancestor.exec_id});
  }
  return ids;
}

std::optional<Lineage::Child> Lineage::child_of(const event::Process& process) {
  if (process.exe_ino == 0 || process.ancestors.empty() ||
      process.ancestors.front().start_ns == 0) {
    return std::nullopt;
  }
  const event::Ancestor& parent = process.ancestors.front();
  return Child{{parent.pid, parent.start_ns, parent.exec_id}, process.exe_dev, process.exe_ino};
}

// The worst that is still told.
std::optional<Lineage::Told> Lineage::find(const event::Process& process, pid_t init,
                                           std::uint64_t now_ns) const {
  std::optional<Told> worst;
  const auto consider = [&worst, now_ns](const auto& memory, const auto& key) {
    const auto found = memory.find(key);
    if (found != memory.end() && now_ns < found->second.since_ns + kToldForNs &&
        (!worst || found->second.severity < worst->severity)) {
      worst = found->second;
    }
  };
  for (const Id& id : line_of(process, init)) {
    consider(processes_, id);
  }
  if (const auto child = child_of(process)) {
    consider(children_, *child);
  }
  return worst;
}

bool Lineage::covers(const Alert& alert, pid_t init, std::uint64_t now_ns) {
  if (!alert.process || !alert.changes_image) {
    return false;
  }
  const auto worst = find(*alert.process, init, now_ns);
  if (!worst || worst->severity > alert.severity) {
    return false;
  }
  // Those below it are covered as well when their parent is not, but one like that.
  keep(processes_, line_of(*alert.process, init).front(), *worst, now_ns);
  return true;
}

void Lineage::told(const Alert& alert, std::uint64_t now_ns) {
  if (!alert.process || !alert.changes_image) {
    return;
  }
  const Told told = {alert.severity, now_ns};
  keep(processes_, line_of(*alert.process, 0).front(), told, now_ns);
  if (const auto child = child_of(*alert.process)) {
    keep(children_, *child, told, now_ns);
  }
}

}  // namespace holdfast::detect
