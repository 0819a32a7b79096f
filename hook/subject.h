// The container that the hook was called for, from its state, its config.json and its profile.
#pragma once

#include <string>

#include "hook/options.h"
#include "src/base/result.h"
#include "src/monitor/protocol.h"
#include "src/oci/spec.h"
#include "src/oci/state.h"
#include "src/profile/compile.h"
#include "src/profile/config.h"
#include "src/profile/resolve.h"

namespace holdfast::hook {

struct Subject {
  oci::State state;
  oci::Spec spec;
  std::string engine;  // oci::engine_of()
  std::string name;    // in the engine
  profile::Resolved resolved;
};

// An error is always a refusal: what cannot be understood cannot be guarded.
Result<Subject> read_subject(const oci::State& state, const Options& options,
                             const profile::Config& config);

// Why the container would not have what its profile promises, although nothing else failed: the
// kernel's back end cannot refuse, and config.json does not either. "" when all is well.
Result<std::string> missing_prevention(const Subject& subject, const profile::Compiled& compiled,
                                       bool enforcing);

// The cgroup (v2) of the container's init, "" where there is none of its own to be had. An error
// when it is shared with others, who would be taken for the container. `proc_root` and
// `sysfs_cgroup` are normally /proc and /sys/fs/cgroup.
Result<std::string> find_cgroup(pid_t init, const std::string& proc_root,
                                const std::string& sysfs_cgroup);

monitor::Container describe(const Subject& subject);

// The container's root directory on the host.
std::string rootfs_of(const Subject& subject);

}  // namespace holdfast::hook
