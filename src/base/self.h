// Where this program lies, and where the programs lie that belong to it.
#pragma once

#include <string>

namespace holdfast::base {

// The folder of the running program; "" when /proc does not tell.
std::string own_folder();

// Another program of holdfast: `installed` (an absolute path), or, for a program that runs from
// where it was built, `beside`, relative to its own folder. The one of the build tree comes first:
// what was built together runs together. It must have our owner and not be writable by everybody,
// for a tree may be unpacked anywhere. "" when there is neither.
std::string find_program(const std::string& installed, const std::string& beside);

}  // namespace holdfast::base
