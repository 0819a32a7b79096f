#include "src/monitor/guard.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "src/base/cgroup.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/process.h"
#include "src/monitor/users.h"

namespace holdfast::monitor {

namespace {

using base::LogLevel;

constexpr std::size_t kMaxCgroupEvents = 4096;

void log_failure(const Status& status) {
  if (!status.ok()) {
    base::log(LogLevel::kError, status.error().message);
  }
}

}  // namespace

Guard::Guard(kernel::Kernel& kernel, Registry& registry, std::string proc_root,
             const std::string& sysfs_cgroup)
    : kernel_(kernel),
      registry_(registry),
      proc_root_(std::move(proc_root)),
      cgroup_mount_(base::cgroup2_mount(sysfs_cgroup)),
      cgroups_(cgroup_mount_) {}

Status Guard::take_over(const std::vector<kernel::Former>& others) {
  std::vector<kernel::Slot> slots = kernel_.slots();
  for (const kernel::Former& other : others) {
    const std::vector<kernel::Slot> theirs = other.slots();
    slots.insert(slots.end(), theirs.begin(), theirs.end());
  }
  const Registry::Restored restored = TRY(registry_.restore(slots));
  for (const std::string& problem : restored.problems) {
    base::log(LogLevel::kWarning, problem);
  }
  // The former monitor died between filling a slot and saying so: its caller was told of a failure.
  for (const kernel::Slot& slot : restored.nameless) {
    base::log(LogLevel::kWarning, fmt::format("slot {} has no container; removed", slot.number));
    log_failure(kernel_.remove(slot));
  }
  std::vector<kernel::Inherited> ours;
  const std::vector<kernel::Slot> used = kernel_.slots();
  for (const auto& [id, entry] : registry_.entries()) {
    watch(entry);
    const bool is_ours = std::ranges::any_of(used, [&slot = entry.slot](const kernel::Slot& one) {
      return one.number == slot.number && one.generation == slot.generation;
    });
    if (is_ours) {
      ours.push_back({entry.slot, &entry.registration.policy});
    }
  }
  TRY(kernel_.settle(ours));
  if (!registry_.entries().empty()) {
    base::log(LogLevel::kNotice,
              fmt::format("containers taken over: {}", registry_.entries().size()));
  }
  return Ok{};
}

Status Guard::take_over_from(const kernel::Former& other) {
  std::vector<kernel::Inherited> containers;
  for (const kernel::Slot& slot : other.slots()) {
    if (const Entry* entry = registry_.find_slot(slot.number, slot.generation)) {
      containers.push_back({slot, &entry->registration.policy});
    }
  }
  return containers.empty() ? Status(Ok{}) : kernel_.take_over(other, containers);
}

// A user's is told to the kernel as what the kernel itself knows of it.
Result<kernel::Target> Guard::target_of(const Registration& registration,
                                        const kernel::OpenFile& rootfs) const {
  kernel::Target target;
  target.pid = registration.pid;
  target.rootfs = registration.rootfs;
  target.cgroup = registration.cgroup;
  target.rootfs_file = rootfs;
  if (registration.owner != 0) {
    TRY(check_room(registration, registry_));
    if (rootfs.pid == 0) {
      return fail("the root file system of a user's container must be named by a descriptor");
    }
    target.user = TRY(user_of(registration, proc_root_));
  }
  TRY(check_cgroup(registration));
  if (registration.owner != 0) {
    TRY(check_users_cgroup(registration, *target.user, proc_root_, cgroup_mount_));
  }
  return target;
}

Result<std::uint32_t> Guard::add(const Registration& registration, const kernel::OpenFile& rootfs) {
  const std::string& id = registration.container.id;
  const std::string key = key_of(registration);
  const base::ProcessStat init = TRY(base::process_stat(proc_root_, registration.pid));
  if (const Entry* known = registry_.find(key)) {
    if (known->registration.pid == registration.pid &&
        known->init_start_ticks == init.start_ticks) {
      return known->slot.number;
    }
    if (!is_over(*known)) {
      return fail(
          fmt::format("a container with the id {} runs already, with the init {}; delete it "
                      "or choose another id",
                      id, known->registration.pid));
    }
    TRY(remove(key));
  }
  const kernel::Target target = TRY(target_of(registration, rootfs));
  const kernel::Slot slot = TRY(kernel_.add(target, registration.policy));
  Status added = registry_.add(registration, slot, init.start_ticks);
  if (added.ok()) {
    watch(*registry_.find(key));
  }
  if (added.ok() && !init_lives(*registry_.find(key))) {
    added = fail(
        fmt::format("the init {} of container {} ended during registration", registration.pid, id));
    forget(key);
  }
  if (!added.ok()) {
    log_failure(kernel_.remove(slot));
    return added.error();
  }
  return slot.number;
}

Status Guard::change(const std::vector<Registration>& registrations) {
  std::vector<Registration> before;
  for (const Registration& registration : registrations) {
    Registration former = registry_.find(key_of(registration))->registration;
    const Status changed = change_one(registration);
    if (!changed.ok()) {
      for (const Registration& one : before) {
        log_failure(change_one(one));
      }
      return fail(
          fmt::format("container {}: {}", registration.container.id, changed.error().message));
    }
    before.push_back(std::move(former));
  }
  return Ok{};
}

// The registry replaces the container's file by renaming: from then on no directory counts as one
// that the former policy let be written (Kernel::change()).
Status Guard::change_one(const Registration& registration) {
  const Entry& entry = *registry_.find(key_of(registration));
  const profile::Policy& former = entry.registration.policy;
  TRY(kernel_.change(entry.slot, former, registration.policy));
  const Status changed = registry_.change(registration);
  if (!changed.ok()) {
    log_failure(kernel_.change(entry.slot, registration.policy, former));
  }
  return changed;
}

// The hook read the same file a moment ago: a difference means that a pid was reused, or that the
// init was moved.
Status Guard::check_cgroup(const Registration& registration) const {
  if (registration.cgroup.empty()) {
    return Ok{};
  }
  if (registration.cgroup == "/") {
    return fail(
        fmt::format("the init {} is in the root cgroup, which is every process's; give the "
                    "container a cgroup of its own (linux.cgroupsPath)",
                    registration.pid));
  }
  const std::string cgroup = TRY(base::cgroup_of(proc_root_, registration.pid));
  if (cgroup != registration.cgroup) {
    return fail(fmt::format("the init {} is in the cgroup {}, not in {}", registration.pid, cgroup,
                            registration.cgroup));
  }
  return Ok{};
}

// Ids are unique in one root of one runtime only. The hook of a second container of that id is
// refused, and then asks to have its own forgotten: that must not take the guard off the first.
Status Guard::release(const std::string& key, std::int32_t pid) {
  const Entry* entry = registry_.find(key);
  if (entry == nullptr || (pid != 0 && pid != entry->registration.pid)) {
    return Ok{};
  }
  if (pid == 0 && init_lives(*entry)) {
    return fail(fmt::format("container {} still runs, with the init {}; it stays under guard",
                            entry->told->id, entry->registration.pid));
  }
  return remove(key);
}

Status Guard::remove(const std::string& key) {
  const Entry* entry = registry_.find(key);
  if (entry == nullptr) {
    return Ok{};
  }
  TRY(kernel_.remove(entry->slot));
  forget(key);
  return Ok{};
}

void Guard::forget(const std::string& key) {
  cgroups_.remove(key);
  unwatched_.erase(key);
  ending_.erase(key);
  registry_.remove(key);
}

void Guard::watch(const Entry& entry) {
  if (!cgroups_.add(entry.told->unique(), entry.registration.cgroup) || !cgroup_populated(entry)) {
    unwatched_.insert(entry.told->unique());
  }
}

bool Guard::look() {
  const CgroupWatch::Changed changed = cgroups_.take();
  const auto consider = [this](const Entry& entry) {
    if (!cgroup_populated(entry)) {
      ending_.insert(entry.told->unique());
    }
  };
  for (const std::string& id : changed.ids) {
    if (const Entry* entry = registry_.find(id)) {
      consider(*entry);
    }
  }
  if (changed.lost) {
    for (const auto& [id, entry] : registry_.entries()) {
      consider(entry);
    }
  }
  return !ending_.empty();
}

// The last process leaves its cgroup before it has ended; sweep() looks again.
void Guard::release_ended() {
  for (const std::string& id : std::exchange(ending_, {})) {
    const Entry* entry = registry_.find(id);
    if (entry != nullptr && (init_lives(*entry) || !remove(id).ok())) {
      unwatched_.insert(id);
    }
  }
}

void Guard::sweep() {
  std::vector<std::string> over;
  for (const auto& [id, entry] : registry_.entries()) {
    if (is_over(entry)) {
      over.push_back(id);
    } else if (!cgroup_populated(entry)) {
      unwatched_.insert(id);
    } else if (cgroups_.has(id)) {
      unwatched_.erase(id);
    }
  }
  for (const std::string& id : over) {
    log_failure(remove(id));
  }
}

bool Guard::is_over(const Entry& entry) const {
  return !init_lives(entry) && !cgroup_populated(entry);
}

bool Guard::init_lives(const Entry& entry) const {
  const auto stat = base::process_stat(proc_root_, entry.registration.pid);
  return stat.ok() && stat.value().start_ticks == entry.init_start_ticks &&
         stat.value().state != 'Z' && stat.value().state != 'X';
}

// cgroup.events counts the cgroups below too (cgroups(7)). No such file: the cgroup is gone.
bool Guard::cgroup_populated(const Entry& entry) const {
  if (entry.registration.cgroup.empty() || cgroup_mount_.empty()) {
    return false;
  }
  const Result<std::string> events = base::read_file(
      cgroup_mount_ + entry.registration.cgroup + "/cgroup.events", kMaxCgroupEvents);
  return events.ok() && events.value().find("populated 1") != std::string::npos;
}

}  // namespace holdfast::monitor
