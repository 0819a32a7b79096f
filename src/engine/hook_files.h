// The files of a hooks directory (oci-hooks(5)) that have holdfast-hook called.
#pragma once

#include <string>
#include <vector>

#include "src/engine/configured.h"
#include "src/engine/files.h"

namespace holdfast::engine {

// For createRuntime and poststop, which every engine with hooks knows.
std::vector<File> hook_files(const std::string& directory);

// For every container when options.by_default, else for those with an annotation of ours.
std::vector<Wanted> wanted_hooks(const std::string& directory, const Site& site);

// The same for podman's own stage "precreate", at which config.json can be rewritten. CRI-O and
// buildah (1.28) start no container when a directory that they read has a hook of it.
File precreate_file(const std::string& directory);
Wanted wanted_precreate(const std::string& directory, const Site& site);

// Finds holdfast-hook in what these directories have called when a container is created. Of files
// of the same name the last counts.
Status find_hook(const Tree& tree, const std::vector<std::string>& directories,
                 Configured& configured);

}  // namespace holdfast::engine
