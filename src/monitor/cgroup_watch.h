// Tells which cgroups have gained their first or lost their last process, without looking again and
// again.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/base/unique_fd.h"

namespace holdfast::monitor {

// inotify(7) on cgroup.events, which the kernel says is modified when what it says changes
// (cgroups(7)). One descriptor for all.
class CgroupWatch {
 public:
  // Of cgroups below `mount`, where cgroup v2 is mounted; "": nothing can be watched.
  explicit CgroupWatch(std::string mount);

  // Readable when take() has something; negative where nothing can be watched.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Watches `cgroup` (a path below the mount) for `id`. False when it cannot: there is none, it is
  // watched for another id, or the user has no watch left (fs.inotify.max_user_watches).
  bool add(const std::string& id, const std::string& cgroup);
  void remove(const std::string& id);
  [[nodiscard]] bool has(const std::string& id) const { return watches_.contains(id); }

  struct Changed {
    std::vector<std::string> ids;  // one may be there twice
    bool lost = false;             // the kernel had no room: others may have changed
  };
  // What has changed since the last call.
  Changed take();

 private:
  std::string mount_;
  base::UniqueFd fd_;
  std::map<int, std::string> ids_;      // by watch
  std::map<std::string, int> watches_;  // by id
};

}  // namespace holdfast::monitor
