// Files of an image's directory, by the names they have for a container in it.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::base {

class ImageRoot {
 public:
  // `directory` becomes the root: links and ".." never lead out of it (openat2(2),
  // RESOLVE_IN_ROOT).
  static Result<ImageRoot> open(const std::string& directory);

  struct File {
    UniqueFd fd;
    std::string path;  // without links, from the image's root
  };
  // The regular file that `path` leads to.
  [[nodiscard]] Result<File> find(const std::string& path) const;

 private:
  ImageRoot(UniqueFd root, std::string real) : root_(std::move(root)), real_(std::move(real)) {}

  UniqueFd root_;
  std::string real_;  // of the directory, without links
};

}  // namespace holdfast::base
