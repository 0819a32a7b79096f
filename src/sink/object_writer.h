// Writes one JSON object at the end of a string, without a tree of it in between: what a line costs
// decides how many events a second the monitor can tell (tests/bench/events).
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace holdfast::sink {

// What is written to: grows like a string, and costs less to append to.
using Text = fmt::memory_buffer;

// Room for `bytes` more; the caller writes them all.
inline char* extend(Text& out, std::size_t bytes) {
  const std::size_t end = out.size();
  out.resize(end + bytes);
  return out.data() + end;
}

inline void append(Text& out, std::string_view text) {
  text.copy(extend(out, text.size()), text.size());
}

// Room for a text of `bytes` between quotation marks; the caller writes it.
inline char* quoted(Text& out, std::size_t bytes) {
  char* at = extend(out, bytes + 2);
  at[0] = at[bytes + 1] = '"';
  return at + 1;
}

// `text`, which needs no escapes, in quotation marks.
inline void append_quoted(Text& out, std::string_view text) {
  text.copy(quoted(out, text.size()), text.size());
}

// The value as JSON. Bytes that are no UTF-8 become U+FFFD.
void append_json(Text& out, std::string_view text);
void append_json(Text& out, const std::vector<std::string>& texts);
void append_json(Text& out, const std::map<std::string, std::string>& object);

inline void append_json(Text& out, const std::string& text) {
  append_json(out, std::string_view(text));
}
inline void append_json(Text& out, const char* text) { append_json(out, std::string_view(text)); }
// A template, for any pointer would convert to bool.
template <std::same_as<bool> T>
void append_json(Text& out, T value) {
  append(out, value ? "true" : "false");
}
template <std::integral T>
requires(!std::same_as<T, bool>) void append_json(Text& out, T number) {
  constexpr std::size_t kMostDigits = 20;  // of 64 bits; or 19 and a sign
  char* at = extend(out, kMostDigits);
  out.resize(
      static_cast<std::size_t>(std::to_chars(at, at + kMostDigits, number).ptr - out.data()));
}

// Values in the order they are given; closed when it goes out of scope.
class ListWriter {
 public:
  explicit ListWriter(Text& out) : out_(out) { out_.push_back('['); }
  ListWriter(const ListWriter&) = delete;
  ListWriter& operator=(const ListWriter&) = delete;
  ~ListWriter() { out_.push_back(']'); }

  // The value is what is appended to the result next.
  Text& next() {
    if (!empty_) {
      out_.push_back(',');
    }
    empty_ = false;
    return out_;
  }

 private:
  Text& out_;
  bool empty_ = true;
};

// Members in the order they are given; closed when it goes out of scope. Keys are words of ours,
// which need no escapes.
class ObjectWriter {
 public:
  explicit ObjectWriter(Text& out) : out_(out) { out_.push_back('{'); }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  ~ObjectWriter() { out_.push_back('}'); }

  // The value is what is appended to the result next.
  [[gnu::always_inline]] Text& key(std::string_view name) {
    (void)begin(name, 0);
    return out_;
  }

  template <typename T>
  void set(std::string_view name, const T& value) {
    append_json(key(name), value);
  }

  // A word of ours, which needs no escapes either.
  [[gnu::always_inline]] void set_word(std::string_view name, std::string_view text) {
    char* at = begin(name, text.size() + 2);
    *at++ = '"';
    at += text.copy(at, text.size());
    *at = '"';
  }

  // Unless it is empty, zero or false: an absent member says the same in fewer bytes.
  template <typename T>
  void put(std::string_view name, const T& value) {
    if (!is_nothing(value)) {
      set(name, value);
    }
  }
  [[gnu::always_inline]] void put_word(std::string_view name, std::string_view text) {
    if (!text.empty()) {
      set_word(name, text);
    }
  }

 private:
  template <typename T>
  static bool is_nothing(const T& value) {
    if constexpr (requires { value.empty(); }) {
      return value.empty();
    } else {
      return value == T{};
    }
  }

  // Writes the name, and makes room for `bytes` more. Inlined, for then its length is known.
  [[gnu::always_inline]] char* begin(std::string_view name, std::size_t bytes) {
    char* at = extend(out_, name.size() + (empty_ ? 3 : 4) + bytes);
    if (!empty_) {
      *at++ = ',';
    }
    empty_ = false;
    *at++ = '"';
    at += name.copy(at, name.size());
    *at++ = '"';
    *at++ = ':';
    return at;
  }

  Text& out_;
  bool empty_ = true;
};

}  // namespace holdfast::sink
