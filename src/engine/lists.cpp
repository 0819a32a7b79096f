#include "src/engine/lists.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/engine/toml.h"

namespace holdfast::engine {
namespace {

// "toml::array" of that name, below the tables before it; nullptr when it is not set.
const toml::array* find_array(const toml::table& document, const std::vector<std::string>& key) {
  const toml::table* table = &document;
  for (std::size_t i = 0; i + 1 < key.size() && table != nullptr; ++i) {
    table = (*table)[key[i]].as_table();
  }
  return table != nullptr ? (*table)[key.back()].as_array() : nullptr;
}

// podman 5 takes ["x", {append=true}].
bool appends(const toml::array& array) {
  return std::any_of(array.begin(), array.end(), [](const toml::node& node) {
    const toml::table* table = node.as_table();
    return table != nullptr && (*table)["append"].value_or(false);
  });
}

}  // namespace

Result<toml::table> parse_toml(const std::string& text, const std::string& what) {
  toml::parse_result parsed = toml::parse(text, what);
  if (!parsed) {
    return fail(fmt::format("{}: line {}: {}; the engine cannot read this either: correct it", what,
                            parsed.error().source().begin.line,
                            std::string(parsed.error().description())));
  }
  return std::move(parsed).table();
}

std::vector<std::string> strings_of(const toml::array& array) {
  std::vector<std::string> strings;
  for (const toml::node& node : array) {
    if (const auto* text = node.as_string()) {
      strings.push_back(text->get());
    }
  }
  return strings;
}

Result<std::vector<std::string>> effective_list(const Tree& tree,
                                                const std::vector<std::string>& files,
                                                const std::vector<std::string>& key,
                                                std::vector<std::string> initial) {
  std::vector<std::string> list = std::move(initial);
  for (const std::string& path : files) {
    const auto text = TRY(tree.read_through(path));
    const toml::table document = TRY(parse_toml(text.value_or(""), path));
    const toml::array* array = find_array(document, key);
    if (array == nullptr) {
      continue;
    }
    std::vector<std::string> given = strings_of(*array);
    if (appends(*array)) {
      given.insert(given.begin(), list.begin(), list.end());
    }
    list = std::move(given);
  }
  return list;
}

void add_missing(std::vector<std::string>& list, const std::string& entry) {
  if (std::find(list.begin(), list.end(), entry) == list.end()) {
    list.push_back(entry);
  }
}

// JSON escapes the same characters in the same way.
std::string toml_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string toml_array(const std::vector<std::string>& list) {
  std::vector<std::string> quoted;
  quoted.reserve(list.size());
  for (const std::string& entry : list) {
    quoted.push_back(toml_string(entry));
  }
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

Result<std::vector<std::string>> drop_ins(const Tree& tree, const std::string& directory,
                                          std::string_view suffix, const std::string& except) {
  std::vector<std::string> paths;
  for (const std::string& name : TRY(tree.list(directory))) {
    const std::string path = fmt::format("{}/{}", directory, name);
    if (name.ends_with(suffix) && path != except) {
      paths.push_back(path);
    }
  }
  return paths;
}

}  // namespace holdfast::engine
