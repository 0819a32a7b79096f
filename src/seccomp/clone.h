// Keeps clone(2) from making namespaces and leaves it otherwise as it was.
#pragma once

#include "src/seccomp/filter.h"

namespace holdfast::seccomp {

// clone loses the flags of kCloneNamespaces. clone3(2), whose flags lie in memory where a filter
// cannot look, answers ENOSYS wherever it was open: C libraries then use clone.
void restrict_clone(Filter& filter);

}  // namespace holdfast::seccomp
