// CRI-O's drop-in of crio.conf.d(5) and a hooks directory of its own.
#pragma once

#include <vector>

#include "src/engine/files.h"

namespace holdfast::engine {

std::vector<File> crio_files();
Result<WantedFiles> crio_wanted(const Site& site);

}  // namespace holdfast::engine
