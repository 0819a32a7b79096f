// Tells when the alert file, or one beside it, has changed, without looking again and again.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::forward {

// inotify(7) on the file's directory; while that is not there, on the nearest one above it.
class Watch {
 public:
  static Result<Watch> on(const std::string& path);

  // Readable when something happened.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Forgets what happened, and follows a directory that came or went.
  Status take();

 private:
  Watch(base::UniqueFd fd, std::string directory)
      : fd_(std::move(fd)), directory_(std::move(directory)) {}
  Status follow();

  base::UniqueFd fd_;
  std::string directory_;
  int watch_ = -1;
};

}  // namespace holdfast::forward
