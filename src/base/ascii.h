// Printable ASCII, many bytes at a time: nearly every text of every event is nothing else, and
// looking at them decides how many events a second the monitor can tell (tests/bench/events).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace holdfast::base {

// Sixteen, eight and four bytes: vectors of g++ and clang++, which become what the processor has.
using Bytes16 = signed char __attribute__((vector_size(16)));
using Bytes8 = signed char __attribute__((vector_size(8)));
using Bytes4 = signed char __attribute__((vector_size(4)));
using Byte = signed char;

// In which bytes there is something else than printable ASCII, or a backslash, or `other`. (What is
// above 127 is negative.)
template <typename Bytes>
Bytes unusual(Bytes bytes, char other) {
  return (bytes < ' ') | (bytes == '\x7f') | (bytes == '\\') | (bytes == other);
}

// Whether there is any.
template <typename Bytes>
bool any(Bytes found) {
  std::uint64_t words[sizeof(found) / 8 + 1] = {};  // NOLINT(*-avoid-c-arrays)
  std::memcpy(words, &found, sizeof(found));
  return (sizeof(found) == 16 ? words[0] | words[1] : words[0]) != 0;
}

// Hands `text` to `take` in parts of one of these types, or of a byte: take(part, offset). Two
// parts may overlap, which saves a call of memcpy(3) for the rest. Whether `take` said true to all.
template <typename Take>
bool all_parts(std::string_view text, Take take) {
  const auto part = [&]<typename Part>(Part bytes, std::size_t offset) {
    std::memcpy(&bytes, text.data() + offset, sizeof(bytes));
    return take(bytes, offset);
  };
  const std::size_t size = text.size();
  if (size >= sizeof(Bytes16)) {
    const std::size_t last = size - sizeof(Bytes16);
    for (std::size_t i = 0; i < last; i += sizeof(Bytes16)) {
      if (!part(Bytes16{}, i)) {
        return false;
      }
    }
    return part(Bytes16{}, last);
  }
  if (size >= sizeof(Bytes8)) {
    return part(Bytes8{}, 0) && part(Bytes8{}, size - sizeof(Bytes8));
  }
  if (size >= sizeof(Bytes4)) {
    return part(Bytes4{}, 0) && part(Bytes4{}, size - sizeof(Bytes4));
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (!part(Byte{}, i)) {
      return false;
    }
  }
  return true;
}

// Whether there is nothing unusual in the part. `other` as above.
template <typename Bytes>
bool is_plain_part(Bytes part, char other) {
  return !any(unusual(part, other));
}
template <>
inline bool is_plain_part(Byte part, char other) {
  return part >= ' ' && part != '\x7f' && part != '\\' && part != other;
}

// Whether all of `text` is printable ASCII other than a backslash.
inline bool is_plain(std::string_view text) {
  return all_parts(text, [](auto part, std::size_t) { return is_plain_part(part, '\\'); });
}

}  // namespace holdfast::base
