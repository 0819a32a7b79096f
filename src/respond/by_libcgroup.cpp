#include "src/respond/by_libcgroup.h"

#include <libcgroup.h>

#include <memory>

namespace holdfast::respond {
namespace {

// What cgroups(7) calls the unified layout; a tree of another place is none that libcgroup finds.
constexpr const char* kUnified = "/sys/fs/cgroup";
// libcgroup's word for the files that every cgroup has.
constexpr const char* kCore = "cgroup";

struct Free {
  void operator()(cgroup* group) const { cgroup_free(&group); }
};

bool is_ready() {
  static const bool ready = cgroup_init() == 0;  // reads the mounts, once
  return ready;
}

}  // namespace

bool write_by_libcgroup(const std::string& mount, const std::string& path, const char* file,
                        const char* value) {
  if (mount != kUnified || path.size() < 2 || !is_ready()) {
    return false;
  }
  const std::unique_ptr<cgroup, Free> group(cgroup_new_cgroup(path.c_str() + 1));
  cgroup_controller* core = group ? cgroup_add_controller(group.get(), kCore) : nullptr;
  return core != nullptr && cgroup_set_value_string(core, file, value) == 0 &&
         cgroup_modify_cgroup(group.get()) == 0;
}

}  // namespace holdfast::respond
