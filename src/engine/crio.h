// CRI-O's drop-in of crio.conf.d(5) and a hooks directory of its own.
#pragma once

#include <vector>

#include "src/engine/configured.h"
#include "src/engine/files.h"

namespace holdfast::engine {

std::vector<File> crio_files();
Result<WantedFiles> crio_wanted(const Site& site);
Result<Configured> crio_configured(const Tree& tree);

}  // namespace holdfast::engine
