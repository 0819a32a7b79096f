#include "src/base/image_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include <fmt/core.h>

#include "src/base/file.h"

namespace holdfast::base {
namespace {

Result<std::string> path_of(int fd) {
  std::array<char, PATH_MAX> path{};
  const ssize_t length =
      readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path.data(), path.size());
  if (length < 0) {
    return fail_errno("cannot look at an open file", errno);
  }
  return std::string(path.data(), static_cast<std::size_t>(length));
}

}  // namespace

Result<ImageRoot> ImageRoot::open(const std::string& directory) {
  UniqueFd root = TRY(open_file(directory, O_PATH | O_DIRECTORY));
  const std::string real = TRY(path_of(root.get()));
  return ImageRoot(std::move(root), real.size() == 1 ? "" : real);  // "/"
}

Result<ImageRoot::File> ImageRoot::find(const std::string& path) const {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof(how))));
  if (!fd.valid()) {
    return fail_errno(fmt::format("cannot open {} of the image", path), errno);
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(fmt::format("{} of the image is no file", path));
  }
  const std::string real = TRY(path_of(fd.get()));
  return File{std::move(fd), real.substr(real_.size())};
}

}  // namespace holdfast::base
