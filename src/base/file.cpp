#include "src/base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/core.h>

namespace holdfast::base {

Result<std::string> read_all(int fd, std::size_t max_bytes, const std::string& what) {
  std::string content;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got == 0) {
      return content;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("cannot read " + what, errno);
    }
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return fail(fmt::format("{} is larger than {} bytes", what, max_bytes));
    }
  }
}

Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode) {
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd.valid()) {
    return fail_errno("cannot open " + path, errno);
  }
  return fd;
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd = TRY(open_file(path, O_RDONLY));
  return read_all(fd.get(), max_bytes, path);
}

Status write_all(int fd, std::string_view data, const std::string& what) {
  while (!data.empty()) {
    const ssize_t put = write(fd, data.data(), data.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return fail_errno("cannot write " + what, errno);
    }
    data.remove_prefix(static_cast<std::size_t>(put));
  }
  return Ok{};
}

Status replace_file(const std::string& path, std::string_view data, unsigned mode) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  unlink(temporary.c_str());
  const UniqueFd fd = TRY(open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  const Status written = write_all(fd.get(), data, temporary);
  if (!written.ok()) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    unlink(temporary.c_str());
    return fail_errno("cannot replace " + path, error_number);
  }
  return Ok{};
}

}  // namespace holdfast::base
