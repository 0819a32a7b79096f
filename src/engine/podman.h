// podman's drop-in of containers.conf(5) and its hooks of hooks.d.
#pragma once

#include <vector>

#include "src/engine/files.h"

namespace holdfast::engine {

std::vector<File> podman_files(const Owner& owner);
Result<WantedFiles> podman_wanted(const Site& site);

}  // namespace holdfast::engine
