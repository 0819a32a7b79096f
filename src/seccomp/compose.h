// The seccomp filter of a container: what its engine asked for, narrowed by the profile.
//
// JSON in, JSON out: the runtime builds the filter from linux.seccomp (OCI runtime spec,
// config-linux.md, "Seccomp").
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "src/base/result.h"
#include "src/profile/compile.h"

namespace holdfast::seccomp {

// The linux.seccomp to put into config.json; none where there was none and the plan adds nothing.
// `engine` is what config.json has. No call becomes wider than the engine made it, and the
// strictest of two answers for a call wins. The result is the same when it is composed again, and
// depends on nothing but the arguments (a checkpoint must match its restore).
//
// `enforcing`: the kernel back end in force can refuse. Calls that its guard judges with better
// knowledge (which namespace, which mount, which file) then stay open, so that an attempt is seen
// and alerted; where it cannot, they are refused here.
Result<std::optional<nlohmann::json>> compose(const std::optional<nlohmann::json>& engine,
                                              const profile::SeccompPlan& plan, bool enforcing);

// Whether libseccomp knows a system call of this name on any architecture.
bool is_syscall(const std::string& name);

}  // namespace holdfast::seccomp
