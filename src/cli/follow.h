// Lines of a file that others append to and rotate.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::cli {

// Reads whole lines; a half one waits for its rest. When the file at the path becomes another one
// (logrotate) or shorter (copytruncate), what is left of the old one comes first, then the new one
// from its beginning.
class LineFollower {
 public:
  // A file that is not there yet is an empty one.
  explicit LineFollower(std::string path) : path_(std::move(path)) {}

  // At most a few thousand lines, without their line feeds; none when there is nothing new.
  Result<std::vector<std::string>> next();

 private:
  Result<bool> read_more();
  bool was_replaced() const;
  std::vector<std::string> take_lines();

  std::string path_;
  base::UniqueFd fd_;
  off_t offset_ = 0;
  std::string half_;
};

}  // namespace holdfast::cli
