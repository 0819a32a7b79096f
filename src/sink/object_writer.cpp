#include "src/sink/object_writer.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

#include "src/base/ascii.h"

namespace holdfast::sink {

namespace {

// Copies the text as long as JSON takes it as it is. Whether that was all of it.
bool copy_plain(char* to, std::string_view text) {
  return base::all_parts(text, [to](auto part, std::size_t offset) {
    std::memcpy(to + offset, &part, sizeof(part));
    return base::is_plain_part(part, '"');
  });
}

}  // namespace

// Nearly every text is plain; the library knows what to do with the others.
void append_json(Text& out, std::string_view text) {
  const std::size_t before = out.size();
  if (!copy_plain(quoted(out, text.size()), text)) {
    out.resize(before);
    append(out,
           nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
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
