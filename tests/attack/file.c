/* Ways to open a file, or to change one that is there. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { kFchmodat2 = 452 }; /* include/uapi/asm-generic/unistd.h, since Linux 6.6 */

int try_open(int directory, const char* path, int flags, unsigned mode) {
  int fd = openat(directory, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

int copy_into(const char* source, int target) {
  int fd = open(source, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  char buffer[65536];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof(buffer))) > 0)
    if (write(target, buffer, (size_t)got) != got) break;
  int error = got != 0 ? errno : 0;
  close(fd);
  return error;
}

#define OPENER(function, flags)                      \
  static int function(int argc, char** argv) {       \
    (void)argc;                                      \
    return try_open(AT_FDCWD, argv[0], flags, 0644); \
  }
OPENER(open_read, O_RDONLY)
OPENER(open_path, O_PATH)
OPENER(open_write, O_WRONLY)
OPENER(open_rdwr, O_RDWR)
OPENER(open_trunc, O_WRONLY | O_TRUNC)
OPENER(open_trunc_read, O_RDONLY | O_TRUNC)
OPENER(open_append, O_WRONLY | O_APPEND)
OPENER(run_creat, O_WRONLY | O_CREAT | O_TRUNC)
OPENER(run_create_read, O_RDONLY | O_CREAT)
OPENER(run_create_exclusive, O_WRONLY | O_CREAT | O_EXCL)

static int run_create_setuid(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 04755);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static int run_write(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = outcome(write(fd, argv[1], strlen(argv[1])));
  close(fd);
  return error;
}

/* Opens by the /proc name of a descriptor that was itself opened for reading only. */
static int run_reopen_write(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_PATH | O_CLOEXEC);
  if (fd < 0) return errno;
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
  int error = try_open(AT_FDCWD, name, O_WRONLY, 0);
  close(fd);
  return error;
}

static int run_copy(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (fd < 0) return errno;
  int error = copy_into(argv[0], fd);
  close(fd);
  return error;
}

static int openat2_with(const char* path, uint64_t flags, uint64_t mode) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode};
  int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static int run_openat2_write(int argc, char** argv) {
  (void)argc;
  return openat2_with(argv[0], O_WRONLY, 0);
}

static int run_openat2_create(int argc, char** argv) {
  (void)argc;
  return openat2_with(argv[0], O_WRONLY | O_CREAT, 0644);
}

static int run_openat_fd(int argc, char** argv) {
  (void)argc;
  return try_open(atoi(argv[0]), argv[1], O_RDONLY, 0);
}

static int run_openat_fd_create(int argc, char** argv) {
  (void)argc;
  return try_open(atoi(argv[0]), argv[1], O_WRONLY | O_CREAT, 0644);
}

static int run_chmod(int argc, char** argv) {
  (void)argc;
  return outcome(chmod(argv[0], (mode_t)strtoul(argv[1], NULL, 8)));
}

static int run_fchmod(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = outcome(fchmod(fd, (mode_t)strtoul(argv[1], NULL, 8)));
  close(fd);
  return error;
}

static int run_chown(int argc, char** argv) {
  (void)argc;
  return outcome(lchown(argv[0], (uid_t)atoi(argv[1]), (gid_t)-1));
}

/* The next ones change what a descriptor holds, by calls that take a path as well. */
static int held(const char* path) { return open(path, O_PATH | O_CLOEXEC); }

static int closing(int fd, int error) {
  close(fd);
  return error;
}

static int run_chown_empty(int argc, char** argv) {
  (void)argc;
  int fd = held(argv[0]);
  if (fd < 0) return errno;
  return closing(fd, outcome(fchownat(fd, "", (uid_t)atoi(argv[1]), (gid_t)-1, AT_EMPTY_PATH)));
}

static int run_chmod_empty(int argc, char** argv) {
  (void)argc;
  int fd = held(argv[0]);
  if (fd < 0) return errno;
  mode_t mode = (mode_t)strtoul(argv[1], NULL, 8);
  return closing(fd, outcome(syscall(kFchmodat2, fd, "", mode, AT_EMPTY_PATH)));
}

static int run_utimes_empty(int argc, char** argv) {
  (void)argc;
  const struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
  int fd = held(argv[0]);
  if (fd < 0) return errno;
  return closing(fd, outcome(utimensat(fd, "", times, AT_EMPTY_PATH)));
}

static int run_utimes_null(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  return closing(fd, outcome(syscall(SYS_futimesat, fd, NULL, NULL)));
}

static int run_chmod_nofollow(int argc, char** argv) {
  (void)argc;
  mode_t mode = (mode_t)strtoul(argv[1], NULL, 8);
  return outcome(syscall(kFchmodat2, AT_FDCWD, argv[0], mode, AT_SYMLINK_NOFOLLOW));
}

static int run_setxattr(int argc, char** argv) {
  return outcome(setxattr(argv[0], argc > 1 ? argv[1] : "trusted.holdfast-test", "1", 1, 0));
}

static int run_removexattr(int argc, char** argv) {
  return outcome(removexattr(argv[0], argc > 1 ? argv[1] : "trusted.holdfast-test"));
}

/* The access control list that says what mode 644 says: valid, and it changes nothing more. */
static int run_set_acl(int argc, char** argv) {
  (void)argc;
  const struct {
    uint32_t version;
    struct {
      uint16_t tag, rights;
      uint32_t id;
    } entries[3];
  } list = {2, {{0x01, 6, UINT32_MAX}, {0x04, 4, UINT32_MAX}, {0x20, 4, UINT32_MAX}}};
  return outcome(setxattr(argv[0], "system.posix_acl_access", &list, sizeof(list), 0));
}

static int run_remove_acl(int argc, char** argv) {
  (void)argc;
  return outcome(removexattr(argv[0], "system.posix_acl_access"));
}

static int run_utimes(int argc, char** argv) {
  (void)argc;
  const struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
  return outcome(utimensat(AT_FDCWD, argv[0], times, 0));
}

static int run_truncate(int argc, char** argv) {
  (void)argc;
  return outcome(truncate(argv[0], 0));
}

/* chattr +A: harmless, and refused wherever attributes may not be changed. */
static int run_setflags(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int flags = 0;
  int error = outcome(ioctl(fd, FS_IOC_GETFLAGS, &flags));
  flags |= FS_NOATIME_FL;
  if (!error) error = outcome(ioctl(fd, FS_IOC_SETFLAGS, &flags));
  close(fd);
  return error;
}

const struct operation file_operations[] = {
    {"open-read", "PATH", 1, 1, open_read},
    {"open-path", "PATH (O_PATH)", 1, 1, open_path},
    {"open-write", "PATH", 1, 1, open_write},
    {"open-rdwr", "PATH", 1, 1, open_rdwr},
    {"open-trunc", "PATH", 1, 1, open_trunc},
    {"open-trunc-read", "PATH (O_RDONLY|O_TRUNC)", 1, 1, open_trunc_read},
    {"open-append", "PATH", 1, 1, open_append},
    {"reopen-write", "PATH (through /proc/self/fd of an O_PATH descriptor)", 1, 1,
     run_reopen_write},
    {"openat2-write", "PATH", 1, 1, run_openat2_write},
    {"openat2-create", "PATH", 1, 1, run_openat2_create},
    {"openat-fd", "FD NAME (reads below an inherited descriptor)", 2, 2, run_openat_fd},
    {"openat-fd-create", "FD NAME", 2, 2, run_openat_fd_create},
    {"creat", "PATH", 1, 1, run_creat},
    {"create-read", "PATH (O_RDONLY|O_CREAT)", 1, 1, run_create_read},
    {"create-exclusive", "PATH", 1, 1, run_create_exclusive},
    {"create-setuid", "PATH", 1, 1, run_create_setuid},
    {"write", "PATH TEXT", 2, 2, run_write},
    {"copy", "SOURCE COPY", 2, 2, run_copy},
    {"chmod", "PATH MODE", 2, 2, run_chmod},
    {"fchmod", "PATH MODE", 2, 2, run_fchmod},
    {"chown", "PATH UID", 2, 2, run_chown},
    {"chown-empty", "PATH UID (by descriptor, with an empty path, as the next two)", 2, 2,
     run_chown_empty},
    {"chmod-empty", "PATH MODE", 2, 2, run_chmod_empty},
    {"utimes-empty", "PATH", 1, 1, run_utimes_empty},
    {"utimes-null", "PATH (by descriptor, without a path)", 1, 1, run_utimes_null},
    {"chmod-nofollow", "PATH MODE (fchmodat2)", 2, 2, run_chmod_nofollow},
    {"setxattr", "PATH [NAME]", 1, 2, run_setxattr},
    {"removexattr", "PATH [NAME]", 1, 2, run_removexattr},
    {"set-acl", "PATH", 1, 1, run_set_acl},
    {"remove-acl", "PATH", 1, 1, run_remove_acl},
    {"utimes", "PATH", 1, 1, run_utimes},
    {"truncate", "PATH", 1, 1, run_truncate},
    {"setflags", "PATH", 1, 1, run_setflags},
    {0},
};
