#include "shim/own_cgroup.h"

#include <unistd.h>

#include "src/base/cgroup.h"
#include "src/base/file.h"

namespace holdfast::shim {

std::string own_cgroup(const std::string& id, const std::string& proc_root,
                       const std::string& sysfs_cgroup) {
  const std::string mount = base::cgroup2_mount(sysfs_cgroup);
  if (mount.empty() || base::is_hybrid(sysfs_cgroup)) {
    return "";
  }
  constexpr std::size_t kMaxBytes = 65536;
  const auto text = base::read_file(proc_root + "/self/cgroup", kMaxBytes);
  const auto own = text.ok() ? base::parse_cgroup(text.value(), proc_root + "/self/cgroup")
                             : Result<std::string>(text.error());
  if (!own.ok() || own.value().size() <= 1) {
    return "";
  }
  const std::string parent = own.value().substr(0, own.value().rfind('/'));
  const std::string directory = mount + parent;
  const bool may = access(directory.c_str(), W_OK) == 0 &&
                   access((directory + "/cgroup.procs").c_str(), W_OK) == 0;
  return may ? parent + "/holdfast-" + id : "";
}

}  // namespace holdfast::shim
