// The profiles of containers that run, as they are on disk now.
#pragma once

#include <vector>

#include "src/base/result.h"
#include "src/monitor/protocol.h"
#include "src/monitor/registry.h"
#include "src/profile/config.h"

namespace holdfast::monitor {

// What the containers would be registered with if they were created now, of those for which that is
// something else than before. Their annotations and what config.json grants are as they were; what
// only an edit of config.json can do (its seccomp filter, a read-only root) and what is judged
// before a container starts (admit) waits for the next start. An error names the container.
Result<std::vector<Registration>> read_profiles_again(const Registry& registry,
                                                      const profile::Config& config,
                                                      bool enforcing);

}  // namespace holdfast::monitor
