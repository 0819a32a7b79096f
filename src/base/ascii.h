// Printable ASCII, sixteen bytes at a time: nearly every text of every event is nothing else, and
// looking at them decides how many events a second the monitor can tell (tests/bench/events).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace holdfast::base {

// Vectors of g++ and clang++, which become what the processor has.
using Bytes16 = signed char __attribute__((vector_size(16)));
using Words2 = std::uint64_t __attribute__((vector_size(16)));

// In which bytes there is printable ASCII other than a backslash and `Other`. (What is above 127 is
// negative, and one more than 127 as well.)
template <char Other>
Bytes16 plain(Bytes16 bytes) {
  return (bytes + 1 > ' ') & ~((bytes == '\\') | (bytes == Other));
}

// Whether all of `text` is such bytes. Hands it to `see` on the way, in parts of some type,
// see(part, offset), and goes on to the end whatever it finds. Parts may overlap: that is cheaper
// than a loop for the rest.
template <char Other, typename See>
bool is_plain(std::string_view text, See see) {
  const auto seen = [&]<typename Part>(Part part, std::size_t offset) {
    std::memcpy(&part, text.data() + offset, sizeof(part));
    see(part, offset);
    return part;
  };
  const std::size_t size = text.size();
  Bytes16 found{};
  if (size >= 16) {
    found = plain<Other>(seen(Bytes16{}, size - 16));
    for (std::size_t i = 0; i < size - 16; i += 16) {
      found &= plain<Other>(seen(Bytes16{}, i));
    }
  } else if (size >= 8) {
    const Words2 ends = {seen(std::uint64_t{}, 0), seen(std::uint64_t{}, size - 8)};
    found = plain<Other>(reinterpret_cast<Bytes16>(ends));
  } else if (size >= 4) {
    const std::uint64_t last = seen(std::uint32_t{}, size - 4);
    const std::uint64_t ends = seen(std::uint32_t{}, 0) | last << 32;
    found = plain<Other>(reinterpret_cast<Bytes16>(Words2{ends, ends}));
  } else if (size > 0) {
    const std::uint64_t first = seen(std::uint8_t{}, 0);
    const std::uint64_t ends = first | std::uint64_t{seen(std::uint8_t{}, size / 2)} << 8 |
                               std::uint64_t{seen(std::uint8_t{}, size - 1)} << 16 | first << 24;
    const std::uint64_t twice = ends | ends << 32;
    found = plain<Other>(reinterpret_cast<Bytes16>(Words2{twice, twice}));
  } else {
    return true;
  }
  const auto halves = reinterpret_cast<Words2>(found);
  return (halves[0] & halves[1]) == ~std::uint64_t{0};
}

// Whether all of `text` is printable ASCII other than a backslash.
inline bool is_plain(std::string_view text) {
  return is_plain<'\\'>(text, [](auto, std::size_t) {});
}

// Copies `text`. Whether all of it is printable ASCII other than a backslash and a quotation mark.
inline bool copy_plain(char* to, std::string_view text) {
  return is_plain<'"'>(
      text, [to](auto part, std::size_t offset) { std::memcpy(to + offset, &part, sizeof(part)); });
}

}  // namespace holdfast::base
