// Asking a program for its version.
#pragma once

#include <string>

#include "src/engine/tree.h"

namespace holdfast::engine {

// What `program` of the running system says to --version, its first line; "" when it says nothing
// within five seconds. As root, what others could change is not executed, and little of the
// environment is handed on.
std::string version_of(const Tree& tree, const std::string& program);

}  // namespace holdfast::engine
