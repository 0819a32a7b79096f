#include "src/base/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

#include "src/base/file.h"

namespace holdfast::base {
namespace {

Result<UniqueFd> open_folder(const std::string& dir) {
  return open_file(dir, O_RDONLY | O_DIRECTORY);
}

// openat2 is there since 5.6; where a seccomp filter of the host hides it, O_NOFOLLOW on a single
// component says the same.
int open_component(int dir, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = syscall(SYS_openat2, dir, name.c_str(), &how, sizeof(how));
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
    return static_cast<int>(fd);
  }
  return openat(dir, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

Status fill(int fd, std::string_view bytes, const FileContent& old, const std::string& path) {
  // The owner first: chown clears set-id bits of the mode.
  if (fchown(fd, old.uid, old.gid) != 0 || fchmod(fd, old.mode) != 0) {
    return fail_errno("cannot keep owner and mode of " + path, errno);
  }
  return write_all(fd, bytes, path);
}

}  // namespace

Result<FileContent> read_beneath(const std::string& dir, const std::string& name,
                                 std::size_t max_bytes) {
  const std::string path = dir + "/" + name;
  if (name.empty() || name == ".." || name.find('/') != std::string::npos) {
    return fail(path + " is not a file of that folder");
  }
  const UniqueFd folder = TRY(open_folder(dir));
  struct stat status {};
  // Opening a FIFO wakes its writer, who then writes to nobody: the runtime, which reads it after
  // us, would wait for ever.
  if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISFIFO(status.st_mode)) {
    return fail(path + " is not a regular file");
  }
  const UniqueFd fd(open_component(folder.get(), name));
  if (!fd.valid() && errno == ENOENT) {
    return fail(fmt::format("{} has no {}", dir, name));
  }
  if (!fd.valid() && errno == ELOOP) {
    return fail(path + " is a symbolic link; put the file itself there");
  }
  if (!fd.valid() || fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot open " + path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(path + " is not a regular file");
  }
  FileContent content{"", status.st_mode & 07777U, status.st_uid, status.st_gid};
  content.bytes = TRY(read_all(fd.get(), max_bytes, path));
  return content;
}

Status replace_beneath(const std::string& dir, const std::string& name, std::string_view bytes,
                       const FileContent& old) {
  const std::string path = dir + "/" + name;
  const std::string temporary = fmt::format(".{}.holdfast.{}", name, getpid());
  const UniqueFd folder = TRY(open_folder(dir));
  unlinkat(folder.get(), temporary.c_str(), 0);
  const UniqueFd fd(openat(folder.get(), temporary.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    return fail_errno("cannot make a new " + path, errno);
  }
  Status status = fill(fd.get(), bytes, old, path);
  if (status.ok() && renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) != 0) {
    status = fail_errno("cannot replace " + path, errno);
  }
  if (!status.ok()) {
    unlinkat(folder.get(), temporary.c_str(), 0);
  }
  return status;
}

}  // namespace holdfast::base
