#include "src/monitor/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "src/base/file.h"

namespace holdfast::monitor {

namespace fs = std::filesystem;

std::string log_path(const std::string& socket_path) {
  return fs::path(socket_path).parent_path() / "monitor.log";
}

Result<base::UniqueFd> open_log(const std::string& socket_path) {
  const std::string path = log_path(socket_path);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) {
    return fail_errno("cannot make the directory of " + path, error.value());
  }
  // O_NONBLOCK: a FIFO in its place must not stop a container's start.
  base::UniqueFd fd =
      TRY(base::open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600));
  struct stat file {};
  if (fstat(fd.get(), &file) != 0 || !S_ISREG(file.st_mode)) {
    return fail(path + " is not a file; remove it");
  }
  if (file.st_size > kMaxLogBytes && ftruncate(fd.get(), 0) != 0) {
    return fail_errno("cannot empty " + path, errno);
  }
  return fd;
}

void trim_log(const std::string& socket_path, off_t max_bytes) {
  struct stat ours {};
  struct stat log {};
  const bool is_log = fstat(STDERR_FILENO, &ours) == 0 && S_ISREG(ours.st_mode) &&
                      lstat(log_path(socket_path).c_str(), &log) == 0 &&
                      ours.st_dev == log.st_dev && ours.st_ino == log.st_ino;
  if (is_log && ours.st_size > max_bytes) {
    [[maybe_unused]] const int ignored = ftruncate(STDERR_FILENO, 0);
  }
}

}  // namespace holdfast::monitor
