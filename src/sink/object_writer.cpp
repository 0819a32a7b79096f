#include "src/sink/object_writer.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

#include "src/base/ascii.h"

namespace holdfast::sink {

namespace {

// By the library, which knows what to do with every text.
[[gnu::noinline]] void append_escaped(Text& out, std::string_view text) {
  append(out, nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

// Nearly every text is plain.
void append_json(Text& out, std::string_view text) {
  const std::size_t before = out.size();
  if (!base::copy_plain(quoted(out, text.size()), text)) {
    out.resize(before);
    append_escaped(out, text);
  }
}

void append_json(Text& out, const std::vector<std::string>& texts) {
  ListWriter list(out);
  for (const std::string_view text : texts) {
    append_json(list.next(), text);
  }
}

// Its keys are others' choice.
void append_json(Text& out, const std::map<std::string, std::string>& object) {
  out.push_back('{');
  bool first = true;
  for (const auto& [name, value] : object) {
    if (!std::exchange(first, false)) {
      out.push_back(',');
    }
    append_json(out, std::string_view(name));
    out.push_back(':');
    append_json(out, std::string_view(value));
  }
  out.push_back('}');
}

}  // namespace holdfast::sink
