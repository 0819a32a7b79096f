#include "src/detect/lineage.h"

#include <algorithm>
#include <iterator>

namespace holdfast::detect {
namespace {

// A container that has more processes told of than this has its further changes told.
constexpr std::size_t kMostTold = 1024;

template <typename Key, typename Value>
void remember(std::map<Key, Value>& memory, const Key& key, const Value& value,
              std::uint64_t now_ns) {
  if (memory.size() >= kMostTold) {
    std::erase_if(memory, [now_ns](const auto& entry) {
      return now_ns >= entry.second.since_ns + kToldForNs;
    });
  }
  if (memory.size() < kMostTold || memory.contains(key)) {
    memory.insert_or_assign(key, value);
  }
}

}  // namespace

Lineage::Id Lineage::id_of(const event::Process& process) {
  return {process.pid, process.start_ns, process.exec_id};
}

// The process, then those above it that the kernel has told of.
Lineage::Ids Lineage::line_of(const event::Process& process, pid_t init) const {
  Ids ids = {id_of(process)};
  if (is_foreign(ids.front())) {
    return ids;
  }
  for (const event::Ancestor& ancestor : process.ancestors) {
    const Id id = {ancestor.pid, ancestor.start_ns, ancestor.exec_id};
    if (ancestor.pid == init || ancestor.start_ns == 0 || is_foreign(id)) {
      break;
    }
    ids.push_back(id);
  }
  return ids;
}

// Whatever it has executed since.
bool Lineage::is_foreign(const Id& id) const {
  const auto after = foreign_.upper_bound(id);
  if (after == foreign_.begin()) {
    return false;
  }
  const Id& last = std::prev(after)->first;
  return last.pid == id.pid && last.start_ns == id.start_ns;
}

// Nothing where the parent is the init or outside of the container: they start whatever comes, and
// who has lost his parent becomes theirs.
std::optional<Lineage::Child> Lineage::child_of(const event::Process& process, pid_t init) {
  const auto& ancestors = process.ancestors;
  const bool below_init =
      init != 0 && std::ranges::any_of(ancestors, [init](const event::Ancestor& ancestor) {
        return ancestor.pid == init;
      });
  if (process.exe_ino == 0 || !below_init || ancestors.front().pid == init ||
      ancestors.front().start_ns == 0) {
    return std::nullopt;
  }
  const event::Ancestor& parent = ancestors.front();
  return Child{{parent.pid, parent.start_ns, parent.exec_id},
               process.exec_id,
               process.exe_dev,
               process.exe_ino};
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
  if (const auto child = child_of(process, init)) {
    consider(children_, *child);
  }
  return worst;
}

bool Lineage::covers(const Alert& alert, pid_t init, std::uint64_t now_ns) {
  // Where not all that is foreign could be noted, nobody is covered.
  if (!alert.process || !alert.changes_image || foreign_.size() >= kMostTold) {
    return false;
  }
  const auto worst = find(*alert.process, init, now_ns);
  if (!worst || worst->severity > alert.severity) {
    return false;
  }
  // Those below it are covered as well when their parent is not, but one like that.
  remember(processes_, id_of(*alert.process), *worst, now_ns);
  return true;
}

void Lineage::told(const Alert& alert, pid_t init, std::uint64_t now_ns) {
  if (!alert.process || !alert.changes_image) {
    return;
  }
  const Told told = {alert.severity, now_ns};
  remember(processes_, id_of(*alert.process), told, now_ns);
  if (const auto child = child_of(*alert.process, init)) {
    remember(children_, *child, told, now_ns);
  }
}

void Lineage::note(const Alert& alert, std::uint64_t now_ns) {
  if (!alert.process) {
    return;
  }
  Id id = id_of(*alert.process);
  if (!alert.process->upper_layer) {
    const bool executes = alert.object && alert.object->operation == "exec" &&
                          (alert.class_name == "drift.exec" || alert.class_name == "fileless.exec");
    if (!executes) {
      return;
    }
    ++id.exec_id;  // It is told of the process as it was before.
  }
  remember(foreign_, id, Told{alert.severity, now_ns}, now_ns);
}

}  // namespace holdfast::detect
