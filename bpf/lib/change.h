/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a system call changes in a file system, by its number and arguments. */
#ifndef HOLDFAST_BPF_LIB_CHANGE_H
#define HOLDFAST_BPF_LIB_CHANGE_H

#include "bpf/lib/call.h"
#include "bpf/lib/ioctl.h"

/* include/uapi/linux/fcntl.h */
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200

/* `path` is an address in the caller's memory. */
struct hf_change {
  __u32 class_id;
  __u32 operation;
  __u64 path;      /* 0: by descriptor */
  __s32 directory; /* descriptor of where a relative path begins; AT_FDCWD */
  __u32 follows;   /* a symbolic link at the end of the path is followed */
};

static __always_inline struct hf_change hf_change_at(__u32 class_id, __u32 operation,
                                                     __s32 directory, __u64 path) {
  struct hf_change change = {.class_id = class_id, .operation = operation, .path = path};
  change.directory = directory;
  return change;
}

static __always_inline struct hf_change hf_change_cwd(__u32 class_id, __u32 operation, __u64 path) {
  return hf_change_at(class_id, operation, AT_FDCWD, path);
}

/* Of the file that the path leads to, not of a name. */
static __always_inline struct hf_change hf_change_target(__u32 class_id, __u32 operation,
                                                         __s32 directory, __u64 path,
                                                         bool follows) {
  struct hf_change change = hf_change_at(class_id, operation, directory, path);
  change.follows = follows;
  return change;
}

static __always_inline struct hf_change hf_attr_change(__u32 operation, __s32 directory, __u64 path,
                                                       bool follows) {
  return hf_change_target(HF_ROOTFS_ATTR, operation, directory, path, follows);
}

static __always_inline bool hf_follows(__u64 flags) {
  return !(flags & AT_SYMLINK_NOFOLLOW);
}

/* Of the file behind a descriptor. */
static __always_inline struct hf_change hf_change_fd(__u32 class_id, __u32 operation, __s32 fd) {
  return hf_change_at(class_id, operation, fd, 0);
}

static __always_inline struct hf_change hf_change_ioctl(__s32 fd, __u32 command) {
  __u32 operation = HF_OP_NONE;
  __u32 class_id = hf_ioctl_class(command, &operation);
  return hf_change_fd(class_id, operation, fd);
}

/* HF_CLASS_NONE: the call changes nothing, or is io_uring's and does not tell. */
static __always_inline struct hf_change hf_change_of(const struct hf_call *call) {
  __u64 a0 = call->argument[0], a1 = call->argument[1], a2 = call->argument[2];
  __u64 a3 = call->argument[3], a4 = call->argument[4];
  switch (call->nr) {
    case HF_NR_MKDIR:
      return hf_change_cwd(HF_ROOTFS_CREATE, HF_OP_MKDIR, a0);
    case HF_NR_MKDIRAT:
      return hf_change_at(HF_ROOTFS_CREATE, HF_OP_MKDIR, a0, a1);
    case HF_NR_MKNOD:
      return hf_change_cwd(HF_ROOTFS_CREATE, HF_OP_MKNOD, a0);
    case HF_NR_MKNODAT:
      return hf_change_at(HF_ROOTFS_CREATE, HF_OP_MKNOD, a0, a1);
    case HF_NR_SYMLINK:
      return hf_change_cwd(HF_ROOTFS_CREATE, HF_OP_SYMLINK, a1);
    case HF_NR_SYMLINKAT:
      return hf_change_at(HF_ROOTFS_CREATE, HF_OP_SYMLINK, a1, a2);
    case HF_NR_LINK:
      return hf_change_cwd(HF_ROOTFS_LINK, HF_OP_LINK, a1);
    case HF_NR_LINKAT:
      return hf_change_at(HF_ROOTFS_LINK, HF_OP_LINK, a2, a3);
    case HF_NR_RENAME:
      return hf_change_cwd(HF_ROOTFS_RENAME, HF_OP_RENAME, a0);
    case HF_NR_RENAMEAT:
    case HF_NR_RENAMEAT2:
      return hf_change_at(HF_ROOTFS_RENAME, HF_OP_RENAME, a0, a1);
    case HF_NR_UNLINK:
      return hf_change_cwd(HF_ROOTFS_DELETE, HF_OP_UNLINK, a0);
    case HF_NR_RMDIR:
      return hf_change_cwd(HF_ROOTFS_DELETE, HF_OP_RMDIR, a0);
    case HF_NR_UNLINKAT:
      return hf_change_at(HF_ROOTFS_DELETE, a2 & AT_REMOVEDIR ? HF_OP_RMDIR : HF_OP_UNLINK, a0, a1);
    case HF_NR_CHMOD:
      return hf_attr_change(HF_OP_CHMOD, AT_FDCWD, a0, true);
    case HF_NR_FCHMODAT:
      return hf_attr_change(HF_OP_CHMOD, a0, a1, true);
    case HF_NR_FCHMODAT2:
      return hf_attr_change(HF_OP_CHMOD, a0, a1, hf_follows(a3));
    case HF_NR_CHOWN:
      return hf_attr_change(HF_OP_CHOWN, AT_FDCWD, a0, true);
    case HF_NR_LCHOWN:
      return hf_attr_change(HF_OP_CHOWN, AT_FDCWD, a0, false);
    case HF_NR_FCHOWNAT:
      return hf_attr_change(HF_OP_CHOWN, a0, a1, hf_follows(a4));
    case HF_NR_UTIME:
    case HF_NR_UTIMES:
      return hf_attr_change(HF_OP_UTIMES, AT_FDCWD, a0, true);
    case HF_NR_FUTIMESAT:
      return hf_attr_change(HF_OP_UTIMES, a0, a1, true);
    case HF_NR_UTIMENSAT:
      return hf_attr_change(HF_OP_UTIMES, a0, a1, hf_follows(a3));
    case HF_NR_SETXATTR:
      return hf_attr_change(HF_OP_SETXATTR, AT_FDCWD, a0, true);
    case HF_NR_LSETXATTR:
      return hf_attr_change(HF_OP_SETXATTR, AT_FDCWD, a0, false);
    case HF_NR_REMOVEXATTR:
      return hf_attr_change(HF_OP_REMOVEXATTR, AT_FDCWD, a0, true);
    case HF_NR_LREMOVEXATTR:
      return hf_attr_change(HF_OP_REMOVEXATTR, AT_FDCWD, a0, false);
    case HF_NR_SETXATTRAT:
      return hf_attr_change(HF_OP_SETXATTR, a0, a1, hf_follows(a2));
    case HF_NR_FILE_SETATTR:
      return hf_attr_change(HF_OP_SETXATTR, a0, a1, hf_follows(a4));
    case HF_NR_REMOVEXATTRAT:
      return hf_attr_change(HF_OP_REMOVEXATTR, a0, a1, hf_follows(a2));
    case HF_NR_TRUNCATE:
      return hf_change_target(HF_ROOTFS_WRITE, HF_OP_TRUNCATE, AT_FDCWD, a0, true);
    case HF_NR_OPEN:
    case HF_NR_CREAT:
      return hf_change_target(HF_ROOTFS_WRITE, HF_OP_OPEN, AT_FDCWD, a0, true);
    case HF_NR_OPENAT:
    case HF_NR_OPENAT2:
      return hf_change_target(HF_ROOTFS_WRITE, HF_OP_OPEN, a0, a1, true);
    case HF_NR_FTRUNCATE:
      return hf_change_fd(HF_ROOTFS_WRITE, HF_OP_TRUNCATE, a0);
    case HF_NR_FCHMOD:
      return hf_change_fd(HF_ROOTFS_ATTR, HF_OP_CHMOD, a0);
    case HF_NR_FCHOWN:
      return hf_change_fd(HF_ROOTFS_ATTR, HF_OP_CHOWN, a0);
    case HF_NR_FSETXATTR:
      return hf_change_fd(HF_ROOTFS_ATTR, HF_OP_SETXATTR, a0);
    case HF_NR_FREMOVEXATTR:
      return hf_change_fd(HF_ROOTFS_ATTR, HF_OP_REMOVEXATTR, a0);
    case HF_NR_IOCTL:
      return hf_change_ioctl(a0, a1);
    default:
      return hf_change_fd(HF_CLASS_NONE, HF_OP_NONE, 0);
  }
}

#endif
