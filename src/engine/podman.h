// podman's drop-in of containers.conf(5) and its hooks of hooks.d.
#pragma once

#include <vector>

#include "src/engine/configured.h"
#include "src/engine/files.h"

namespace holdfast::engine {

std::vector<File> podman_files(const Owner& owner);
Result<WantedFiles> podman_wanted(const Site& site);
Result<Configured> podman_configured(const Tree& tree, const Owner& owner);

}  // namespace holdfast::engine
