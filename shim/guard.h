// Makes sure that the container which the real runtime is about to start is a guarded one.
#pragma once

#include "shim/command_line.h"
#include "src/base/result.h"
#include "src/profile/config.h"

namespace holdfast::shim {

// Rewrites the container's config.json. An error is a refusal: the container must not start.
// Precondition: line.starts_container.
Status guard_container(const CommandLine& line, const profile::Config& config);

}  // namespace holdfast::shim
