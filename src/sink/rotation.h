// Makes room: a log that has grown or aged gets another name, and the oldest of those go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/result.h"

namespace holdfast::sink {

struct Rotation {
  std::uint64_t max_bytes = std::uint64_t{64} << 20;  // of a file; 0: any size
  std::uint64_t max_age_s = 0;                        // since the file was made; 0: any age
  std::uint64_t keep = 8;                             // renamed files that stay; at least 1
};

// Whether the file behind `fd` has no room for `more` bytes or is too old. `now_ns` and the file's
// age are of CLOCK_REALTIME; a file system that does not know when a file was made has no age.
bool is_due(const Rotation& rotation, int fd, std::size_t more, std::int64_t now_ns);

// Renames `path` to path.20241231T235959.000000001Z (UTC), and removes the oldest of those names
// but `keep`. Others' names (logrotate's) are left alone.
Status rotate(const std::string& path, std::uint64_t keep, std::int64_t now_ns);

}  // namespace holdfast::sink
