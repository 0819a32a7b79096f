// Puts containers under guard and takes them off: kernel and registry, always in step.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/kernel/former.h"
#include "src/kernel/kernel.h"
#include "src/monitor/cgroup_watch.h"
#include "src/monitor/protocol.h"
#include "src/monitor/registry.h"

namespace holdfast::monitor {

// Both references must outlive it.
class Guard {
 public:
  Guard(kernel::Kernel& kernel, Registry& registry, std::string proc_root = "/proc",
        const std::string& sysfs_cgroup = "/sys/fs/cgroup");

  // After open() of both: takes over what a former monitor guarded, under `others` too, and lets go
  // of slots nobody was told of. Fails where a container's file cannot be read.
  Status take_over(const std::vector<kernel::Former>& others);

  // After that: puts under our guard what is under that of another version.
  Status take_over_from(const kernel::Former& other);

  // Guards a container; its slot. Asking again for the same init is fine (prestart and
  // createRuntime may both ask). Refused: an init that is gone, a cgroup that is not its own, an id
  // that a living container has, and what is not its owner's. `rootfs`: of a user's container.
  Result<std::uint32_t> add(const Registration& registration, const kernel::OpenFile& rootfs = {});

  // Registers containers that are registered already with another policy, all or none of them.
  Status change(const std::vector<Registration>& registrations);

  // Forgets a container on request. Unknown ids are fine, and so is a `pid` that is not the init's:
  // then the id is another container's, which keeps its guard. With the pid 0 (not known) a
  // container whose init lives is not let go. Drain the ring first: the container's last events are
  // still in it.
  Status release(const std::string& key, std::int32_t pid);

  // Removes containers that ended without telling us (no poststop hook, a runtime that was killed).
  void sweep();

  // Whether there are containers whose cgroup has lost its last process. To be called when fd() is
  // readable; it is negative where no cgroup can be watched.
  bool look();
  [[nodiscard]] int fd() const { return cgroups_.fd(); }
  // Removes these. Drain the rings first: their last events are still in them.
  void release_ended();

  // Whether there are containers that only sweep() will find. It finds also those of whose end the
  // kernel did not tell: it merges changes of a cgroup that follow each other at once, and says
  // nothing of the last one when the cgroup is removed then.
  [[nodiscard]] bool needs_sweep() const { return !unwatched_.empty(); }

 private:
  void watch(const Entry& entry);
  void forget(const std::string& key);
  Status remove(const std::string& key);
  Status change_one(const Registration& registration);
  [[nodiscard]] bool init_lives(const Entry& entry) const;
  [[nodiscard]] bool cgroup_populated(const Entry& entry) const;
  [[nodiscard]] bool is_over(const Entry& entry) const;
  [[nodiscard]] Status check_cgroup(const Registration& registration) const;
  [[nodiscard]] Result<kernel::Target> target_of(const Registration& registration,
                                                 const kernel::OpenFile& rootfs) const;

  kernel::Kernel& kernel_;
  Registry& registry_;
  std::string proc_root_;
  std::string cgroup_mount_;
  CgroupWatch cgroups_;
  // Keys of containers whose cgroup is not watched, or was empty while their init was still ending.
  std::set<std::string> unwatched_;
  std::set<std::string> ending_;  // of look(), until release_ended()
};

}  // namespace holdfast::monitor
