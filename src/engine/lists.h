// Lists in TOML files that are read one after the other. A file that sets a list replaces it, so
// that a drop-in which adds to one has to repeat what it is without the drop-in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

// What an engine reads before our drop-in, and what after it, in its order.
struct Layers {
  std::vector<std::string> before;
  std::vector<std::string> after;
  bool is_past = false;  // what is added now comes after ours

  [[nodiscard]] std::vector<std::string> all() const;
};
// Adds `file`, then the drop-ins of `folder` that end in `suffix`, of which `ours` may be one.
Status add_layer(const Tree& tree, const std::string& file, const std::string& folder,
                 std::string_view suffix, const std::string& ours, Layers& layers);

// The list `key` (its tables first) as the last of `files` leaves it; `initial` when none sets it.
// Files that are not there set nothing.
Result<std::vector<std::string>> effective_list(const Tree& tree,
                                                const std::vector<std::string>& files,
                                                const std::vector<std::string>& key,
                                                std::vector<std::string> initial);

// A text in the same way; "" when none sets it.
Result<std::string> effective_string(const Tree& tree, const std::vector<std::string>& files,
                                     const std::vector<std::string>& key);

// Notes about files that are read after ours and undo what ours says: they leave `entry` out of
// the list, or set something else than `wanted`.
Status note_list(const Tree& tree, const Layers& layers, const std::vector<std::string>& key,
                 std::vector<std::string> list, const std::string& entry,
                 std::vector<std::string>& notes);
Status note_string(const Tree& tree, const Layers& layers, const std::vector<std::string>& key,
                   const std::string& wanted, std::vector<std::string>& notes);

// Refuses to make ours the default runtime in the place of one that is neither crun nor runc.
Status keep_default(const Options& options, const std::string& before);

// Adds what is not in it yet.
void add_missing(std::vector<std::string>& list, const std::string& entry);

// As TOML: a basic string, and an array of them.
std::string toml_string(const std::string& text);
std::string toml_array(const std::vector<std::string>& list);

// The files of `directory` whose names end in `suffix`, but `except`; sorted, as engines read them.
Result<std::vector<std::string>> drop_ins(const Tree& tree, const std::string& directory,
                                          std::string_view suffix, const std::string& except);

}  // namespace holdfast::engine
