// Writing a cgroup's file by way of libcgroup.
#pragma once

#include <string>

namespace holdfast::respond {

// True when libcgroup wrote `value` into `file` of the cgroup `path` below `mount`. It can where
// all controllers are in one cgroup v2 hierarchy and that is `mount`; beside v1 hierarchies its
// version 2.0 does not know cgroup v2's own files. Only from one thread.
bool write_by_libcgroup(const std::string& mount, const std::string& path, const char* file,
                        const char* value);

}  // namespace holdfast::respond
