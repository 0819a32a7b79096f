// Files in a folder that others can write: a bundle's config.json.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::base {

// A regular file and what it should keep when it is replaced.
struct FileContent {
  std::string bytes;
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Reads the regular file `name` of the folder `dir`. `name` is one component and never a link
// (openat2(2)); a FIFO or device is refused rather than waited for, and a FIFO never opened.
Result<FileContent> read_beneath(const std::string& dir, const std::string& name,
                                 std::size_t max_bytes);

// Replaces it by a new file with the mode and owner of `old`, whatever the umask, and renames that
// over it. Nothing is left behind on failure.
Status replace_beneath(const std::string& dir, const std::string& name, std::string_view bytes,
                       const FileContent& old);

}  // namespace holdfast::base
