// Writes one JSON object at the end of a string, without a tree of it in between: what a line costs
// decides how many events a second the monitor can tell (tests/bench/events).
#pragma once

#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace holdfast::sink {

// `text`, which needs no escapes, in quotation marks.
inline void append_quoted(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  out.append(text.size() + 2, '"');
  text.copy(out.data() + begin + 1, text.size());
}

// The value as JSON. Bytes that are no UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, const std::vector<std::string>& texts);
void append_json(std::string& out, const std::map<std::string, std::string>& object);

inline void append_json(std::string& out, const std::string& text) {
  append_json(out, std::string_view(text));
}
inline void append_json(std::string& out, const char* text) {
  append_json(out, std::string_view(text));
}
// A template, for any pointer would convert to bool.
template <std::same_as<bool> T>
void append_json(std::string& out, T value) {
  out += value ? "true" : "false";
}
template <std::integral T>
requires(!std::same_as<T, bool>) void append_json(std::string& out, T number) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

// Members in the order they are given; closed when it goes out of scope. Keys are words of ours,
// which need no escapes.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  ~ObjectWriter() { out_ += '}'; }

  // The value is what is appended to the result next.
  std::string& key(std::string_view name) {
    if (!empty_) {
      out_ += ',';
    }
    empty_ = false;
    append_quoted(out_, name);
    out_ += ':';
    return out_;
  }

  template <typename T>
  void set(std::string_view name, const T& value) {
    append_json(key(name), value);
  }

  // Unless it is empty, zero or false: an absent member says the same in fewer bytes.
  template <typename T>
  void put(std::string_view name, const T& value) {
    if (value != T{}) {
      set(name, value);
    }
  }

 private:
  std::string& out_;
  bool empty_ = true;
};

}  // namespace holdfast::sink
