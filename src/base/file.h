// Reading and writing whole files, bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::base {

// Everything that can be read from `fd` until its end. Fails when there are more than `max_bytes`,
// naming `what` (a path, or "standard input").
Result<std::string> read_all(int fd, std::size_t max_bytes, const std::string& what);

// The content of the file at `path`, at most `max_bytes` long. Opened O_CLOEXEC.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

// Opens `path`, O_CLOEXEC added to `flags` (open(2)). The error names the path.
Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode = 0);

// Writes all of `data`, continuing after short writes and EINTR.
Status write_all(int fd, std::string_view data, const std::string& what);

// Replaces `path` by `data`: a new file in the same directory, O_EXCL|O_NOFOLLOW, of `mode`,
// renamed over the old one. Nothing is left behind on failure.
Status replace_file(const std::string& path, std::string_view data, unsigned mode);

}  // namespace holdfast::base
