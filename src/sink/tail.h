// What a former monitor left at the end of its file: where to go on, and what is told already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/detect/alert.h"

namespace holdfast::sink {

struct Tail {
  std::uint64_t last_seq = 0;        // 0: no line of ours was found
  std::set<detect::Origin> origins;  // of the lines in it
  std::size_t torn_bytes = 0;        // at its end: the beginning of a line of ours
  bool unfinished = false;           // it ends within a line that is not known to be ours
};

// Reads the end of a file. Its first line may be cut, and lines may be anything: what is not ours
// is passed over. Pure.
Tail read_tail(std::string_view bytes);

// The end of the file at `path`, at most `max_bytes` of it; empty where it cannot be read or is no
// regular file.
std::string end_of_file(const std::string& path, std::size_t max_bytes);

// The files beside `path` that have its name and more: what was renamed to make room. In no order.
std::vector<std::string> rotated_files(const std::string& path);

// The end, of `max_bytes`, of the file among those that has the last line of all. By its number:
// times and names are others' choice, and a file that was compressed says nothing.
Tail last_rotated(const std::string& path, std::size_t max_bytes);

}  // namespace holdfast::sink
