// The two files of a hooks directory (oci-hooks(5)) that have holdfast-hook called.
#pragma once

#include <string>
#include <vector>

#include "src/engine/configured.h"
#include "src/engine/files.h"

namespace holdfast::engine {

std::vector<File> hook_files(const std::string& directory);

// For every container when options.by_default, else for those with an annotation of ours.
std::vector<Wanted> wanted_hooks(const std::string& directory, const Site& site);

// Finds holdfast-hook in what these directories have called when a container is created. Of files
// of the same name the last counts.
Status find_hook(const Tree& tree, const std::vector<std::string>& directories,
                 Configured& configured);

}  // namespace holdfast::engine
