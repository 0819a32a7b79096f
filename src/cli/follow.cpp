#include "src/cli/follow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace holdfast::cli {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
// Ours are below 32 KiB; a longer "line" is another file.
constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

}  // namespace

Result<std::vector<std::string>> LineFollower::next() {
  if (!TRY(read_more()) && was_replaced()) {
    fd_.reset();
    half_.clear();
    offset_ = 0;
    TRY(read_more());
  }
  return take_lines();
}

// Whether there was something to read.
Result<bool> LineFollower::read_more() {
  if (!fd_.valid()) {
    fd_.reset(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd_.valid() && errno != ENOENT) {
      return fail_errno("cannot read alerts from " + path_, errno);
    }
    if (!fd_.valid()) {
      return false;
    }
  }
  std::string chunk(kChunkBytes, '\0');
  const ssize_t got = pread(fd_.get(), chunk.data(), chunk.size(), offset_);
  if (got < 0) {
    return fail_errno("cannot read alerts from " + path_, errno);
  }
  offset_ += got;
  half_.append(chunk, 0, static_cast<std::size_t>(got));
  if (half_.size() > kMaxLineBytes + kChunkBytes && half_.find('\n') == std::string::npos) {
    return fail(path_ + " is not a file of alerts: a line is longer than a megabyte");
  }
  return got > 0;
}

bool LineFollower::was_replaced() const {
  struct stat named {};
  struct stat ours {};
  if (!fd_.valid() || stat(path_.c_str(), &named) != 0 || fstat(fd_.get(), &ours) != 0) {
    return false;
  }
  return named.st_ino != ours.st_ino || named.st_dev != ours.st_dev || ours.st_size < offset_;
}

std::vector<std::string> LineFollower::take_lines() {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = half_.find('\n'); end != std::string::npos;
       end = half_.find('\n', begin)) {
    lines.push_back(half_.substr(begin, end - begin));
    begin = end + 1;
  }
  half_.erase(0, begin);
  return lines;
}

}  // namespace holdfast::cli
