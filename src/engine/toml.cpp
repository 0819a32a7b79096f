#include "src/engine/toml.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "src/engine/lists.h"

namespace holdfast::engine {
namespace {

std::string written(const toml::node& node) {
  std::ostringstream out;
  node.visit([&out](const auto& value) { out << value; });
  return out.str();
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

const toml::table* find_table(const toml::table* above, std::string_view name) {
  return above == nullptr ? nullptr : (*above)[name].as_table();
}

const toml::node* find_node(const toml::table& document, const std::vector<std::string>& key) {
  const toml::table* table = &document;
  for (std::size_t i = 0; i + 1 < key.size() && table != nullptr; ++i) {
    table = (*table)[key[i]].as_table();
  }
  return table != nullptr ? table->get(key.back()) : nullptr;
}

std::string lines_of(const toml::table* table, const std::vector<std::string>& except) {
  std::string lines;
  if (table == nullptr) {
    return lines;
  }
  for (const auto& [key, node] : *table) {
    const std::string name(key.str());
    const bool is_left_out =
        node.is_table() || std::find(except.begin(), except.end(), name) != except.end();
    lines += is_left_out ? "" : fmt::format("{} = {}\n", toml_string(name), written(node));
  }
  return lines;
}

}  // namespace holdfast::engine
