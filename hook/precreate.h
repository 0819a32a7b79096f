// podman's hook stage "precreate" (oci-hooks(5)): before podman hands config.json to any runtime,
// it comes on standard input, and what is printed takes its place.
#pragma once

#include <chrono>
#include <string>

#include "hook/options.h"
#include "src/base/result.h"
#include "src/monitor/spawn.h"
#include "src/oci/spec.h"
#include "src/profile/config.h"

namespace holdfast::hook {

// What takes the place of `bytes`: as the shim would rewrite it, and the same where nothing is to
// be changed. An error is a refusal.
Result<std::string> precreate(const std::string& bytes, const Options& options,
                              const profile::Config& config, const monitor::Where& where,
                              std::chrono::steady_clock::time_point deadline);

// `bytes` with a hook that refuses the container, for `why`: runtimes pass on what a hook says at
// createRuntime, podman (4.3) nothing of what it says at this stage.
Result<std::string> refusing(const std::string& bytes, const std::string& why);

// The bundle that podman is about to make, by the paths that it writes into config.json: nobody
// says which one it is at this stage. "" where they do not tell.
std::string bundle_of(const oci::Spec& spec);

}  // namespace holdfast::hook
