#include "src/engine/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "src/base/file.h"

namespace holdfast::engine {
namespace {

using base::UniqueFd;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of a configuration file
constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
// Ten seconds for another install to end. Whoever can read the directory can hold the lock, so
// that it is not waited for without end.
constexpr int kLockTries = 100;
constexpr std::chrono::milliseconds kLockPause{100};

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name_in_folder(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Mode and owner are those of the file that is replaced, whatever the umask.
Status make_like(int fd, const struct stat* old, const std::string& path) {
  if (old != nullptr && fchown(fd, old->st_uid, old->st_gid) != 0) {
    return fail_errno("cannot keep the owner of " + path, errno);
  }
  if (fchmod(fd, old != nullptr ? old->st_mode & 07777 : kFileMode) != 0) {
    return fail_errno("cannot set the mode of " + path, errno);
  }
  return Ok{};
}

Status fill(int fd, const std::string& path, const struct stat* old, const std::string& text) {
  TRY(make_like(fd, old, path));
  TRY(base::write_all(fd, text, path));
  return fsync(fd) == 0 ? Status(Ok{}) : fail_errno("cannot write " + path, errno);
}

// A file `temporary` that says all of `text`. It gets its name when it is complete: CRI-O reads
// whatever is in crio.conf.d, also what a killed holdfast left there.
Status make_temporary(int folder, const std::string& temporary, const std::string& path,
                      const struct stat* old, const std::string& text) {
  unlinkat(folder, temporary.c_str(), 0);
  UniqueFd fd(openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  const bool is_named = !fd.valid() && errno == EOPNOTSUPP;  // NFS
  if (is_named) {
    fd = UniqueFd(openat(folder, temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  }
  if (!fd.valid()) {
    return fail_errno("cannot write beside " + path, errno);
  }
  TRY(fill(fd.get(), path, old, text));
  const std::string link = fmt::format("/proc/self/fd/{}", fd.get());
  if (!is_named &&
      linkat(AT_FDCWD, link.c_str(), folder, temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return fail_errno("cannot write beside " + path, errno);
  }
  return Ok{};
}

bool writable_by_others(const struct stat& status) {
  // In a sticky directory only the owner of an entry can exchange it.
  const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  return (status.st_mode & (S_IWOTH | S_IWGRP)) != 0 && !sticky;
}

// `fd` is fresh from an open: when it is not valid, errno says why.
Result<std::optional<std::string>> read_open(const UniqueFd& fd, const std::string& path) {
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR)) {
    return std::optional<std::string>();
  }
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot read " + path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(path + " is no regular file");
  }
  return std::optional(TRY(base::read_all(fd.get(), kMaxBytes, path)));
}

// Of an open file, without links; "" when /proc does not tell.
std::string path_of(int fd) {
  std::array<char, PATH_MAX> path{};
  const ssize_t length =
      readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path.data(), path.size());
  return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

}  // namespace

Result<Tree> Tree::open(const std::string& directory) {
  return Tree(TRY(base::open_file(directory, O_PATH | O_DIRECTORY)));
}

bool Tree::is_system() const {
  struct stat here {};
  struct stat system {};
  return fstat(root_.get(), &here) == 0 && stat("/", &system) == 0 &&
         here.st_dev == system.st_dev && here.st_ino == system.st_ino;
}

UniqueFd Tree::open_in_root(const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(
      static_cast<int>(syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof(how))));
}

Result<std::optional<std::string>> Tree::read(const std::string& path) const {
  const UniqueFd fd = open_in_root(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!fd.valid() && errno == ELOOP) {
    return fail(path + " is a symbolic link: configure the engine where that file is managed");
  }
  return read_open(fd, path);
}

Result<std::optional<std::string>> Tree::read_through(const std::string& path) const {
  const UniqueFd fd = open_in_root(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (fd.valid() && fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return std::optional<std::string>();
  }
  return read_open(fd, path);
}

// One component after the other: openat2(2) makes none.
Result<UniqueFd> Tree::make_folder(const std::string& path) const {
  UniqueFd fd = open_in_root(path.empty() ? "/" : path, O_RDONLY | O_DIRECTORY);
  if (fd.valid()) {
    return fd;
  }
  if (errno != ENOENT || path.empty()) {
    return fail_errno("cannot open the directory " + path, errno);
  }
  const UniqueFd above = TRY(make_folder(folder_of(path)));
  const std::string name = name_in_folder(path);
  const bool made = mkdirat(above.get(), name.c_str(), kFolderMode) == 0;
  if (!made && errno != EEXIST) {
    return fail_errno("cannot make the directory " + path, errno);
  }
  // Not by its name again, where somebody could have put a link meanwhile.
  fd = UniqueFd(openat(above.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  // Whatever the umask: engines of ordinary users read what root writes.
  if (!fd.valid() || (made && fchmod(fd.get(), kFolderMode) != 0)) {
    return fail_errno("cannot open the directory " + path, errno);
  }
  return fd;
}

Result<UniqueFd> Tree::lock(const std::string& directory) const {
  UniqueFd fd = TRY(make_folder(directory));
  for (int i = 0; flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno == EWOULDBLOCK && i == kLockTries) {
      return fail(fmt::format(
          "another holdfast install or uninstall is at work, and holds the lock of {}: run this "
          "again when it is done",
          directory));
    }
    if (errno != EWOULDBLOCK) {
      return fail_errno("cannot lock " + directory, errno);
    }
    std::this_thread::sleep_for(kLockPause);
  }
  return fd;
}

Status Tree::write(const std::string& path, const std::string& text,
                   const std::string& like) const {
  const UniqueFd folder = TRY(make_folder(folder_of(path)));
  const std::string name = name_in_folder(path);
  const std::string temporary = fmt::format(".{}{}", name, kTemporary);
  struct stat old {};
  const UniqueFd model = open_in_root(like.empty() ? path : like, O_PATH | O_NOFOLLOW);
  const bool is_there = model.valid() && fstat(model.get(), &old) == 0;
  Status done = make_temporary(folder.get(), temporary, path, is_there ? &old : nullptr, text);
  if (done.ok() && renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) != 0) {
    done = fail_errno("cannot replace " + path, errno);
  }
  if (!done.ok()) {
    unlinkat(folder.get(), temporary.c_str(), 0);
    return done;
  }
  return fsync(folder.get()) == 0 ? done : fail_errno("cannot write " + path, errno);
}

Status Tree::remove(const std::string& path) const {
  const UniqueFd folder = open_in_root(folder_of(path), O_RDONLY | O_DIRECTORY);
  if (!folder.valid() || unlinkat(folder.get(), name_in_folder(path).c_str(), 0) != 0 ||
      fsync(folder.get()) != 0) {
    return fail_errno("cannot remove " + path, errno);
  }
  return Ok{};
}

Result<std::vector<std::string>> Tree::list(const std::string& directory) const {
  UniqueFd fd = open_in_root(directory, O_RDONLY | O_DIRECTORY);
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR)) {
    return std::vector<std::string>();
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fd.valid() ? fdopendir(fd.get()) : nullptr,
                                                   closedir);
  if (!stream) {
    return fail_errno("cannot list " + directory, errno);
  }
  fd.release();  // the stream has it
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    names.emplace_back(entry->d_name);
  }
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::sort(names.begin(), names.end());
  return names;
}

bool Tree::has_program(const std::string& path) const {
  const UniqueFd fd = open_in_root(path, O_PATH);
  struct stat status {};
  return fd.valid() && fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

Status Tree::folder_must_be_roots(const std::string& path) const {
  std::string folder = folder_of(path);
  while (!folder.empty() && !open_in_root(folder, O_PATH).valid()) {
    folder = folder_of(folder);
  }
  return must_be_roots(folder.empty() ? "/" : folder);
}

Status Tree::must_be_roots(const std::string& path) const {
  TRY(check_chain(path));
  const UniqueFd fd = open_in_root(path, O_PATH);
  const std::string root = path_of(root_.get());
  const std::string real = path_of(fd.get());
  if (root.empty() || real.empty()) {
    return fail("cannot tell where " + path + " leads: is /proc mounted?");
  }
  const std::string inside = root == "/" ? real : real.substr(std::min(root.size(), real.size()));
  return inside == path || inside.empty() ? Status(Ok{}) : check_chain(inside);
}

// The path as it is spelled: who can write a directory of it can exchange what follows.
Status Tree::check_chain(const std::string& path) const {
  for (std::size_t end = path.size(); end != std::string::npos; end = path.rfind('/', end - 1)) {
    const std::string part = end == 0 ? "/" : path.substr(0, end);
    const UniqueFd fd = open_in_root(part, O_PATH);
    struct stat status {};
    if (!fd.valid() || fstat(fd.get(), &status) != 0) {
      return fail_errno("cannot look at " + part, errno);
    }
    if (status.st_uid != 0 || writable_by_others(status)) {
      return fail(fmt::format(
          "others than root can change {} (owner {}, group {}, mode {:04o}), and so {}: only root "
          "may be able to write there",
          part, status.st_uid, status.st_gid, status.st_mode & 07777U, path));
    }
    if (end == 0) {
      break;
    }
  }
  return Ok{};
}

}  // namespace holdfast::engine
