/* Ways to add, move and remove names, and to reach files without one. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int run_mkdir(int argc, char** argv) {
  (void)argc;
  return outcome(mkdir(argv[0], 0755));
}

static int run_mkfifo(int argc, char** argv) {
  (void)argc;
  return outcome(mknod(argv[0], S_IFIFO | 0644, 0));
}

static int run_mksocket(int argc, char** argv) {
  (void)argc;
  return outcome(mknod(argv[0], S_IFSOCK | 0644, 0));
}

/* Character device 0:0 is how overlayfs marks a deleted name: making one deletes what the image has
 * there. */
static int run_whiteout(int argc, char** argv) {
  (void)argc;
  return outcome(mknod(argv[0], S_IFCHR | 0644, makedev(0, 0)));
}

static int run_mknod(int argc, char** argv) {
  (void)argc;
  mode_t type = argv[1][0] == 'b' ? S_IFBLK : S_IFCHR;
  dev_t device = makedev((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
  return outcome(mknod(argv[0], type | 0600, device));
}

static int run_symlink(int argc, char** argv) {
  (void)argc;
  return outcome(symlink(argv[0], argv[1]));
}

static int run_link(int argc, char** argv) {
  (void)argc;
  return outcome(link(argv[0], argv[1]));
}

static int run_rename(int argc, char** argv) {
  (void)argc;
  return outcome(rename(argv[0], argv[1]));
}

static int run_exchange(int argc, char** argv) {
  (void)argc;
  return outcome(renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE));
}

static int run_unlink(int argc, char** argv) {
  (void)argc;
  return outcome(unlink(argv[0]));
}

static int run_rmdir(int argc, char** argv) {
  (void)argc;
  return outcome(rmdir(argv[0]));
}

/* A file without a name that gets one afterwards: O_CREAT never occurs. */
static int run_tmpfile(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
  int error = outcome(linkat(AT_FDCWD, name, AT_FDCWD, argv[1], AT_SYMLINK_FOLLOW));
  close(fd);
  return error;
}

static int run_chdir(int argc, char** argv) {
  (void)argc;
  return outcome(chdir(argv[0]));
}

static int run_fchdir(int argc, char** argv) {
  (void)argc;
  return outcome(fchdir(atoi(argv[0])));
}

static int run_chroot(int argc, char** argv) {
  (void)argc;
  return outcome(chroot(argv[0]));
}

enum { kHandleBytes = 128 };

static int open_handle(const char* mount_path, struct file_handle* handle, int flags) {
  int mount_fd = open(mount_path, O_RDONLY | O_CLOEXEC);
  if (mount_fd < 0) return errno;
  int fd = open_by_handle_at(mount_fd, handle, flags | O_CLOEXEC);
  int error = outcome(fd);
  if (fd >= 0) close(fd);
  close(mount_fd);
  return error;
}

/* "shocker": inode 2 is the root directory of an ext file system, whatever part of it is mounted.
 */
static int run_shocker(int argc, char** argv) {
  (void)argc;
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + kHandleBytes];
  } u = {.handle = {.handle_bytes = 8, .handle_type = 1}};
  memcpy(u.handle.f_handle, (unsigned[2]){2, 0}, 8);
  return open_handle(argv[0], &u.handle, O_RDONLY);
}

/* Prints the handle of a file as "TYPE:HEX", for open-handle somewhere else. */
static int run_name_to_handle(int argc, char** argv) {
  (void)argc;
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + kHandleBytes];
  } u = {.handle = {.handle_bytes = kHandleBytes}};
  int mount_id;
  if (name_to_handle_at(AT_FDCWD, argv[0], &u.handle, &mount_id, 0) < 0) return errno;
  printf("%d:", u.handle.handle_type);
  for (unsigned i = 0; i < u.handle.handle_bytes; i++) printf("%02x", u.handle.f_handle[i]);
  printf("\n");
  return 0;
}

static int open_told_handle(char** argv, int flags) {
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + kHandleBytes];
  } u = {0};
  char* hex;
  u.handle.handle_type = (int)strtol(argv[1], &hex, 10);
  for (hex++; hex[0] && hex[1] && u.handle.handle_bytes < kHandleBytes; hex += 2) {
    char digits[3] = {hex[0], hex[1], 0};
    u.handle.f_handle[u.handle.handle_bytes++] = (unsigned char)strtoul(digits, NULL, 16);
  }
  return open_handle(argv[0], &u.handle, flags);
}

static int run_open_handle(int argc, char** argv) {
  (void)argc;
  return open_told_handle(argv, O_RDONLY);
}

static int run_open_handle_path(int argc, char** argv) {
  (void)argc;
  return open_told_handle(argv, O_PATH);
}

/* Makes and removes directories PREFIX0, PREFIX1, …, each of them TIMES times; as mkdir(2) ends, so
 * does this. */
static int run_flood(int argc, char** argv) {
  (void)argc;
  int number = atoi(argv[1]);
  int times = atoi(argv[2]);
  int error = 0;
  for (int i = 0; i < number * times; i++) {
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s%d", argv[0], i / times);
    error = outcome(mkdir(path, 0755));
    if (!error) rmdir(path);
  }
  return error;
}

const struct operation tree_operations[] = {
    {"mkdir", "PATH", 1, 1, run_mkdir},
    {"mkfifo", "PATH", 1, 1, run_mkfifo},
    {"mksocket", "PATH", 1, 1, run_mksocket},
    {"whiteout", "PATH (character device 0:0)", 1, 1, run_whiteout},
    {"mknod", "PATH b|c MAJOR MINOR", 4, 4, run_mknod},
    {"symlink", "TARGET PATH", 2, 2, run_symlink},
    {"link", "OLD NEW", 2, 2, run_link},
    {"rename", "OLD NEW", 2, 2, run_rename},
    {"exchange", "A B", 2, 2, run_exchange},
    {"unlink", "PATH", 1, 1, run_unlink},
    {"rmdir", "PATH", 1, 1, run_rmdir},
    {"flood", "PREFIX NUMBER TIMES (mkdir and rmdir)", 3, 3, run_flood},
    {"tmpfile", "DIRECTORY PATH (O_TMPFILE, then linkat to PATH)", 2, 2, run_tmpfile},
    {"chdir", "PATH", 1, 1, run_chdir},
    {"fchdir", "FD", 1, 1, run_fchdir},
    {"chroot", "PATH", 1, 1, run_chroot},
    {"shocker", "PATH-ON-MOUNT (opens inode 2 by handle)", 1, 1, run_shocker},
    {"name-to-handle", "PATH", 1, 1, run_name_to_handle},
    {"open-handle", "PATH-ON-MOUNT TYPE:HEX", 2, 2, run_open_handle},
    {"open-handle-path", "PATH-ON-MOUNT TYPE:HEX (O_PATH)", 2, 2, run_open_handle_path},
    {0},
};
