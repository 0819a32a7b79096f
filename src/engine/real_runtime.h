// The runtime that holdfast-runtime executes, beside the one that an engine would.
#pragma once

#include <string>
#include <vector>

#include "src/engine/files.h"

namespace holdfast::engine {

// `theirs` is what `whose` has configured; "": nothing, or the usual. A note when holdfast would
// execute another one; as the default runtime, without --force, it is refused.
Status note_other_runtime(const Site& site, const std::string& whose, const std::string& theirs,
                          std::vector<std::string>& notes);

}  // namespace holdfast::engine
