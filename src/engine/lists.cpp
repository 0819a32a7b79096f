#include "src/engine/lists.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/engine/toml.h"

namespace holdfast::engine {
namespace {

// podman 5 takes ["x", {append=true}].
bool appends(const toml::array& array) {
  return std::any_of(array.begin(), array.end(), [](const toml::node& node) {
    const toml::table* table = node.as_table();
    return table != nullptr && (*table)["append"].value_or(false);
  });
}

}  // namespace

Result<std::vector<std::string>> effective_list(const Tree& tree,
                                                const std::vector<std::string>& files,
                                                const std::vector<std::string>& key,
                                                std::vector<std::string> initial) {
  std::vector<std::string> list = std::move(initial);
  for (const std::string& path : files) {
    const auto text = TRY(tree.read_through(path));
    const toml::table document = TRY(parse_toml(text.value_or(""), path));
    const toml::node* found = find_node(document, key);
    const toml::array* array = found != nullptr ? found->as_array() : nullptr;
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

Result<std::string> effective_string(const Tree& tree, const std::vector<std::string>& files,
                                     const std::vector<std::string>& key) {
  std::string value;
  for (const std::string& path : files) {
    const auto text = TRY(tree.read_through(path));
    const toml::table document = TRY(parse_toml(text.value_or(""), path));
    const toml::node* found = find_node(document, key);
    value = found != nullptr ? found->value_or(value) : value;
  }
  return value;
}

Status note_list(const Tree& tree, const Layers& layers, const std::vector<std::string>& key,
                 std::vector<std::string> list, const std::string& entry,
                 std::vector<std::string>& notes) {
  for (const std::string& path : layers.after) {
    list = TRY(effective_list(tree, {path}, key, list));
    if (std::find(list.begin(), list.end(), entry) == list.end()) {
      notes.push_back(
          fmt::format("{} is read after holdfast's file, and its {} leaves out {}: add it there",
                      path, key.back(), toml_string(entry)));
    }
  }
  return Ok{};
}

Status note_string(const Tree& tree, const Layers& layers, const std::vector<std::string>& key,
                   const std::string& wanted, std::vector<std::string>& notes) {
  for (const std::string& path : layers.after) {
    const std::string value = TRY(effective_string(tree, {path}, key));
    if (!value.empty() && value != wanted) {
      notes.push_back(
          fmt::format("{} is read after holdfast's file, and its {} is {}, not {}: take it out",
                      path, key.back(), toml_string(value), toml_string(wanted)));
    }
  }
  return Ok{};
}

Status keep_default(const Options& options, const std::string& before) {
  const std::string name = before.substr(before.rfind('/') + 1);
  const bool is_stock = name.empty() || name == "crun" || name == "runc" || name == kRuntimeName;
  if (is_stock || !options.by_default || options.with == With::kHook || options.force) {
    return Ok{};
  }
  return fail(
      fmt::format("there is another default runtime, \"{}\": leave out --default, or give --force "
                  "to put holdfast in its place",
                  before));
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

std::vector<std::string> Layers::all() const {
  std::vector<std::string> files = before;
  files.insert(files.end(), after.begin(), after.end());
  return files;
}

Status add_layer(const Tree& tree, const std::string& file, const std::string& folder,
                 std::string_view suffix, const std::string& ours, Layers& layers) {
  (layers.is_past ? layers.after : layers.before).push_back(file);
  for (const std::string& path : TRY(drop_ins(tree, folder, suffix, ours))) {
    layers.is_past = layers.is_past || (path > ours && ours.starts_with(folder + "/"));
    (layers.is_past ? layers.after : layers.before).push_back(path);
  }
  layers.is_past = layers.is_past || ours.starts_with(folder + "/");
  return Ok{};
}

Result<std::vector<std::string>> drop_ins(const Tree& tree, const std::string& directory,
                                          std::string_view suffix, const std::string& except) {
  std::vector<std::string> paths;
  for (const std::string& name : TRY(tree.list(directory))) {
    const std::string path = fmt::format("{}/{}", directory, name);
    if (name.ends_with(suffix) && !name.ends_with(Tree::kTemporary) && path != except) {
      paths.push_back(path);
    }
  }
  return paths;
}

}  // namespace holdfast::engine
