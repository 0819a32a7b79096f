// Lists in TOML files that are read one after the other. A file that sets a list replaces it, so
// that a drop-in which adds to one has to repeat what it is without the drop-in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

// The list `key` (its tables first) as the last of `files` leaves it; `initial` when none sets it.
// Files that are not there set nothing.
Result<std::vector<std::string>> effective_list(const Tree& tree,
                                                const std::vector<std::string>& files,
                                                const std::vector<std::string>& key,
                                                std::vector<std::string> initial);

// Adds what is not in it yet.
void add_missing(std::vector<std::string>& list, const std::string& entry);

// As TOML: a basic string, and an array of them.
std::string toml_string(const std::string& text);
std::string toml_array(const std::vector<std::string>& list);

// The files of `directory` whose names end in `suffix`, but `except`; sorted, as engines read them.
Result<std::vector<std::string>> drop_ins(const Tree& tree, const std::string& directory,
                                          std::string_view suffix, const std::string& except);

}  // namespace holdfast::engine
