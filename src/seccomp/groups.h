// Which system calls base "container" refuses, and why.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "src/profile/compile.h"

namespace holdfast::seccomp {

// Flags of clone(2) that make a namespace. CLONE_NEWTIME is not among them: clone(2) reads that bit
// as part of the exit signal.
inline constexpr std::uint64_t kCloneNamespaces = 0x7E020000;

// What the base refuses, as names that libseccomp knows. clone and clone3 are not among them: they
// are narrowed by their arguments, `restrict_clone` says whether.
struct Refused {
  std::set<std::string> names;
  bool restrict_clone = false;
};

Refused refused_calls(const profile::SeccompPlan& plan, bool enforcing);

}  // namespace holdfast::seccomp
