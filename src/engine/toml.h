// TOML by toml++, which is told in meson.build to throw nothing. Only few files include this: it
// takes the compiler long.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "src/base/result.h"

namespace holdfast::engine {

// `what` (a path) begins the message.
Result<toml::table> parse_toml(const std::string& text, const std::string& what);

// The table `name` of another; nullptr when there is none.
const toml::table* find_table(const toml::table* above, std::string_view name);

// What stands under the last name of `key`, below the tables before it; nullptr: nothing.
const toml::node* find_node(const toml::table& document, const std::vector<std::string>& key);

// The lines of a table, but for `except` and for tables in it.
std::string lines_of(const toml::table* table, const std::vector<std::string>& except);

// The texts of an array; what is no text is left out.
std::vector<std::string> strings_of(const toml::array& array);

}  // namespace holdfast::engine
