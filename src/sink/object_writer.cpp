#include "src/sink/object_writer.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

namespace holdfast::sink {

namespace {

// Eight bytes at a time, which is most of what a line costs.
constexpr std::uint64_t kEach = 0x0101010101010101;
constexpr std::uint64_t kHighBits = kEach * 0x80;

// Not 0 when a byte of `word` is less than `limit`, which is 128 at most; bytes above 127 do not
// count.
constexpr std::uint64_t less_than(std::uint64_t word, std::uint64_t limit) {
  return (word - kEach * limit) & ~word & kHighBits;
}

constexpr std::uint64_t equal_to(std::uint64_t word, char byte) {
  return less_than(word ^ (kEach * static_cast<std::uint64_t>(byte)), 1);
}

// Whether all bytes of `word` are printable ASCII that JSON takes as it is.
constexpr bool is_plain(std::uint64_t word) {
  return ((word & kHighBits) | less_than(word, ' ') | equal_to(word, '\x7f') | equal_to(word, '"') |
          equal_to(word, '\\')) == 0;
}

// Copies the text as long as it is plain. Whether all of it was.
bool copy_plain(char* to, std::string_view text) {
  std::uint64_t word = 0;
  while (text.size() >= sizeof(word)) {
    std::memcpy(&word, text.data(), sizeof(word));
    if (!is_plain(word)) {
      return false;
    }
    std::memcpy(to, &word, sizeof(word));
    to += sizeof(word);
    text.remove_prefix(sizeof(word));
  }
  word = kEach * ' ';
  std::memcpy(&word, text.data(), text.size());
  std::memcpy(to, text.data(), text.size());
  return is_plain(word);
}

template <typename List>
void append_list(Text& out, const List& texts) {
  ListWriter list(out);
  for (const std::string_view text : texts) {
    append_json(list.next(), text);
  }
}

}  // namespace

// Nearly every text is plain; the library knows what to do with the others.
void append_json(Text& out, std::string_view text) {
  const std::size_t before = out.size();
  char* at = extend(out, text.size() + 2);
  *at = '"';
  at[text.size() + 1] = '"';
  if (!copy_plain(at + 1, text)) {
    out.resize(before);
    append(out,
           nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

void append_json(Text& out, const std::vector<std::string>& texts) { append_list(out, texts); }

void append_json(Text& out, const std::vector<std::string_view>& texts) { append_list(out, texts); }

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
