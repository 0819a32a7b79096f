// The two files of a hooks directory (oci-hooks(5)) that have holdfast-hook called.
#pragma once

#include <string>
#include <vector>

#include "src/engine/files.h"

namespace holdfast::engine {

std::vector<File> hook_files(const std::string& directory);

// For every container when options.by_default, else for those with an annotation of ours.
std::vector<Wanted> wanted_hooks(const std::string& directory, const Site& site);

}  // namespace holdfast::engine
