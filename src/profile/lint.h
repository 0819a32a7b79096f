// Everything that is wrong with a profile, for the person who writes it. Apart from load.h, so that
// hook and shim carry no schema validator.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/profile/load.h"

namespace holdfast::profile {

// Says whether a system call's name is known; the seccomp library has the answer
// (seccomp::is_syscall).
using KnownSyscall = std::function<bool(const std::string&)>;

// Everything wrong with the profile in the file `path`: against the JSON schema, in its meaning,
// and along `extends`. The file may lie anywhere; what it extends is looked for in `source`.
std::vector<Error> lint(const Source& source, const std::string& path, const KnownSyscall& known);

}  // namespace holdfast::profile
