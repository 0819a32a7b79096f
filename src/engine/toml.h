// TOML by toml++, which is told in meson.build to throw nothing. Only few files include this: it
// takes the compiler long.
#pragma once

#include <string>

#include <toml++/toml.h>

#include "src/base/result.h"

namespace holdfast::engine {

// `what` (a path) begins the message.
Result<toml::table> parse_toml(const std::string& text, const std::string& what);

// The texts of an array; what is no text is left out.
std::vector<std::string> strings_of(const toml::array& array);

}  // namespace holdfast::engine
