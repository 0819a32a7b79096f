// A profile and a config.json become what is done to one container.
#pragma once

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/oci/spec.h"
#include "src/profile/policy.h"
#include "src/profile/profile.h"

namespace holdfast::profile {

// What seccomp::compose does to linux.seccomp; the mode is already in it.
struct SeccompPlan {
  bool base = false;              // refuse what no ordinary container needs
  std::vector<std::string> deny;  // names of system calls
  std::vector<std::string> log;
  std::vector<std::string> notify;
  std::vector<std::string> allow_only;  // empty: no limit
  bool log_others = false;              // what allow_only does not name is logged, not refused
  int error = EPERM;                    // of the calls that the profile refuses
  // Classes the profile wants refused, by enum hf_class, whether or not the kernel guard can: where
  // it cannot, seccomp does.
  std::array<bool, HF_CLASS_MAX> refuse{};
  bool operator==(const SeccompPlan&) const = default;
};

struct Compiled {
  bool guarded = false;  // false (mode off): leave the container alone, nothing below counts
  Policy policy;
  // Edits of config.json (oci::set_readonly_root, oci::add_tmpfs).
  bool readonly_root = false;
  std::vector<std::string> tmpfs;  // mount points that then need a tmpfs, parents first
  bool tmpfs_noexec = false;       // the profile refuses new executables
  SeccompPlan seccomp;
  Profile::Admit admit;  // what the mode leaves of it
  ExecInto exec_into;    // the same
  Responses respond{};   // whatever the mode: under `detect` they are told, not carried out
  std::vector<Exception> exceptions;
};

// `enforcing` says whether the kernel back end in force can refuse an operation. Where it only
// tells, no action of the policy is stronger than alert, and a guarded rootfs becomes a read-only
// one.
Result<Compiled> compile(const Profile& profile, const oci::Spec& spec, bool enforcing);

// For a container that runs: what its config.json grants is as in its policy so far. What only an
// edit of config.json can do (readonly_root, tmpfs) is left out. With mode off the policy refuses
// and tells nothing, and the container stays known.
Compiled recompile(const Profile& profile, const Policy& before, bool enforcing);

}  // namespace holdfast::profile
