// Which cgroup a process is in, and what else is there. Reads files only; roots are parameters so
// that tests can hand in a fake tree.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace holdfast::base {

// The cgroup v2 path in the text of /proc/PID/cgroup (cgroups(7)): what follows "0::". Empty when
// the host has no cgroup v2 hierarchy.
Result<std::string> parse_cgroup(std::string_view text, const std::string& what);

// parse_cgroup of `proc_root`/PID/cgroup.
Result<std::string> cgroup_of(const std::string& proc_root, pid_t pid);

// Where cgroup v2 is mounted below `sysfs_cgroup` (normally /sys/fs/cgroup): itself, its "unified"
// folder on hybrid hosts, or "" where there is none.
std::string cgroup2_mount(const std::string& sysfs_cgroup);

// Whether the v1 controllers are in use beside v2 (systemd's "hybrid" layout).
bool is_hybrid(const std::string& sysfs_cgroup);

// The numbers in the text of a cgroup.procs file.
Result<std::vector<pid_t>> parse_procs(std::string_view text, const std::string& what);

// Members of `cgroup_dir`/cgroup.procs that are neither `init` nor descend from it. A process that
// ends while we look is none.
// Fails where there are more than `most`.
Result<std::vector<pid_t>> foreign_members(
    const std::string& proc_root, const std::string& cgroup_dir, pid_t init,
    std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace holdfast::base
