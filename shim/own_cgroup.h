// A cgroup for containers that their engine gives none.
#pragma once

#include <string>

namespace holdfast::shim {

// linux.cgroupsPath for the container `id`: beside the caller's own cgroup, where the caller may
// make one and move itself there (cgroups(7), delegation containment). Rootless engines without
// systemd leave their containers in the user's own cgroup, with the user's shell and everything
// else: no limit holds there, and a program that `exec` starts in the container is in nothing by
// which the kernel could know it. "" where there is no cgroup v2, or none that the caller may make.
std::string own_cgroup(const std::string& id, const std::string& proc_root = "/proc",
                       const std::string& sysfs_cgroup = "/sys/fs/cgroup");

}  // namespace holdfast::shim
