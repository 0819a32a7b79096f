// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about every other way to change the rootfs: names, metadata, sizes. path_* hooks run for
// system calls and io_uring alike, not for what overlayfs does to its own layers.
#include "bpf/lib/device.h"
#include "bpf/lib/ioctl.h"
#include "bpf/lib/place.h"
#include "bpf/lib/rootfs.h"
#include "bpf/lib/rule.h"

static __always_inline int hf_change_outside(const struct hf_subject *subject,
                                             struct dentry *dentry, struct vfsmount *mount,
                                             __u32 operation) {
  return hf_refuse_at(subject, HF_ESCAPE_OUTSIDE_MOUNT, operation, EPERM, dentry, mount);
}

/* Whatever forbids a change in the directory `dir` but the rootfs guard. It may have been reached
 * through a leaked descriptor. */
static __always_inline int hf_check_change(struct hf_subject *subject, const struct path *dir,
                                           struct dentry *dentry, __u32 class_id, __u32 operation) {
  int verdict = hf_check_namespace(subject, operation);
  if (!verdict && !hf_mount_own(subject, dir->mnt)) {
    return hf_change_outside(subject, dentry, dir->mnt, operation);
  }
  if (!verdict) {
    verdict = hf_check_runtime(subject, dentry, dir->mnt, operation);
  }
  if (!verdict) {
    verdict = hf_check_tampering(subject, dentry, dir->mnt, operation);
  }
  return verdict
             ? verdict
             : hf_check_rule(subject, dentry, dir->mnt, operation, hf_access_of_change(class_id));
}

static __always_inline int hf_change_by(struct hf_subject *subject, const struct path *dir,
                                        struct dentry *dentry, __u32 class_id, __u32 operation,
                                        __u64 argument) {
  int verdict = hf_check_change(subject, dir, dentry, class_id, operation);
  return verdict ? verdict : hf_change(subject, dentry, class_id, operation, argument);
}

/* `mode`: of the file that gets a name. */
static __always_inline int hf_make_in(const struct path *dir, struct dentry *dentry, __u32 class_id,
                                      __u32 operation, umode_t mode) {
  struct hf_subject subject;
  return hf_guarded(&subject) ? hf_change_by(&subject, dir, dentry, class_id, operation, mode) : 0;
}

static __always_inline int hf_change_in(const struct path *dir, struct dentry *dentry,
                                        __u32 class_id, __u32 operation) {
  return hf_make_in(dir, dentry, class_id, operation, 0);
}

/* A change of metadata by a hook that knows no mount. */
static __always_inline int hf_change_attribute(struct dentry *dentry, __u32 operation) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  return hf_writes_outside(&subject) ? hf_change_outside(&subject, dentry, NULL, operation)
                                     : hf_change(&subject, dentry, HF_ROOTFS_ATTR, operation, 0);
}

/* escape.device: a node for a device that config.json does not grant. 0:0 is overlay's whiteout. */
static __always_inline int hf_check_mknod(struct dentry *dentry, umode_t mode, __u32 dev) {
  struct hf_subject subject;
  umode_t type = mode & S_IFMT;
  if ((type != S_IFCHR && type != S_IFBLK) || !hf_guarded(&subject)) {
    return 0;
  }
  __u32 rdev = hf_device_decode(dev);
  if (!rdev || hf_device_granted(&subject, type == S_IFBLK, rdev, HF_DEVICE_MKNOD)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_DEVICE, HF_OP_MKNOD, EPERM);
  hf_case.dentry = (__u64)dentry;
  hf_case.mode = mode;
  hf_case.rdev = rdev;
  return hf_decide(&hf_case) ? -EPERM : 0;
}

SEC("lsm/path_mknod")
int BPF_PROG(hf_path_mknod, const struct path *dir, struct dentry *dentry, umode_t mode,
             unsigned int dev) {
  int verdict = hf_check_mknod(dentry, mode, dev);
  umode_t type = mode & S_IFMT;
  return verdict ? verdict
                 : hf_make_in(dir, dentry, HF_ROOTFS_CREATE,
                              !type || type == S_IFREG ? HF_OP_CREATE : HF_OP_MKNOD, mode);
}

SEC("lsm/path_mkdir")
int BPF_PROG(hf_path_mkdir, const struct path *dir, struct dentry *dentry) {
  return hf_change_in(dir, dentry, HF_ROOTFS_CREATE, HF_OP_MKDIR);
}

SEC("lsm/path_symlink")
int BPF_PROG(hf_path_symlink, const struct path *dir, struct dentry *dentry) {
  return hf_change_in(dir, dentry, HF_ROOTFS_CREATE, HF_OP_SYMLINK);
}

SEC("lsm/path_unlink")
int BPF_PROG(hf_path_unlink, const struct path *dir, struct dentry *dentry) {
  return hf_change_in(dir, dentry, HF_ROOTFS_DELETE, HF_OP_UNLINK);
}

SEC("lsm/path_rmdir")
int BPF_PROG(hf_path_rmdir, const struct path *dir, struct dentry *dentry) {
  __sync_fetch_and_add(&hf_removals, 1); /* whoever removes it: see verdict.h */
  return hf_change_in(dir, dentry, HF_ROOTFS_DELETE, HF_OP_RMDIR);
}

/* A second name below a writable directory would make the file writable: the old name is judged as
 * well. */
SEC("lsm/path_link")
int BPF_PROG(hf_path_link, struct dentry *old_dentry, const struct path *dir,
             struct dentry *new_dentry) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  umode_t mode = BPF_CORE_READ(old_dentry, d_inode, i_mode);
  int verdict = hf_change_by(&subject, dir, old_dentry, HF_ROOTFS_LINK, HF_OP_LINK, mode);
  return verdict ? verdict
                 : hf_change_by(&subject, dir, new_dentry, HF_ROOTFS_LINK, HF_OP_LINK, mode);
}

/* Of the file that gets another name; of two that change places, of the set-user-ID one. */
static __always_inline umode_t hf_mode_renamed(struct dentry *old_dentry,
                                               struct dentry *new_dentry) {
  struct inode *replaced = BPF_CORE_READ(new_dentry, d_inode);
  umode_t mode = replaced ? BPF_CORE_READ(replaced, i_mode) : 0;
  return mode & HF_SET_ID ? mode : BPF_CORE_READ(old_dentry, d_inode, i_mode);
}

SEC("lsm/path_rename")
int BPF_PROG(hf_path_rename, const struct path *old_dir, struct dentry *old_dentry,
             const struct path *new_dir, struct dentry *new_dentry) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  umode_t mode = hf_mode_renamed(old_dentry, new_dentry);
  int verdict = hf_change_by(&subject, old_dir, old_dentry, HF_ROOTFS_RENAME, HF_OP_RENAME, mode);
  return verdict
             ? verdict
             : hf_change_by(&subject, new_dir, new_dentry, HF_ROOTFS_RENAME, HF_OP_RENAME, mode);
}

/* A log file or terminal of the engine that is the subject's stdout: `echo > /dev/stdout` empties
 * it, and entrypoints run `chmod o+w /dev/stdout`. Both could be done by the descriptor as well. */
static __always_inline bool hf_is_engine_log(struct hf_subject *subject, const struct path *path) {
  return !hf_mount_own(subject, path->mnt) &&
         hf_held_on_stdio(subject->task, path->dentry->d_inode, FMODE_WRITE);
}

/* A change of the file at `path` itself. */
static __always_inline int hf_change_at(const struct path *path, __u32 class_id, __u32 operation,
                                        __u64 argument) {
  struct hf_subject subject;
  if (!hf_guarded(&subject) || hf_is_engine_log(&subject, path)) {
    return 0;
  }
  return hf_change_by(&subject, path, path->dentry, class_id, operation, argument);
}

SEC("lsm/path_truncate")
int BPF_PROG(hf_path_truncate, const struct path *path) {
  return hf_change_at(path, HF_ROOTFS_WRITE, HF_OP_TRUNCATE, 0);
}

SEC("lsm/path_chmod")
int BPF_PROG(hf_path_chmod, const struct path *path, umode_t mode) {
  return hf_change_at(path, HF_ROOTFS_ATTR, HF_OP_CHMOD, mode);
}

SEC("lsm/path_chown")
int BPF_PROG(hf_path_chown, const struct path *path) {
  return hf_change_at(path, HF_ROOTFS_ATTR, HF_OP_CHOWN, 0);
}

/* Times have no path hook. Owner, mode and size have one and were judged there. */
static __always_inline int hf_change_times(struct dentry *dentry, const struct iattr *attr) {
  unsigned int valid = BPF_CORE_READ(attr, ia_valid);
  if (!(valid & (ATTR_ATIME | ATTR_MTIME)) ||
      (valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE))) {
    return 0;
  }
  return hf_change_attribute(dentry, HF_OP_UTIMES);
}

/* Since e53d21081efd (6.9) the idmap comes first. The loader takes the one that fits; see
 * src/kernel/programs.cpp. */
SEC("?lsm/inode_setattr")
int BPF_PROG(hf_inode_setattr, struct dentry *dentry, struct iattr *attr) {
  return hf_change_times(dentry, attr);
}

SEC("?lsm/inode_setattr")
int BPF_PROG(hf_inode_setattr_idmap, void *idmap, struct dentry *dentry, struct iattr *attr) {
  return hf_change_times(dentry, attr);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(hf_inode_setxattr, void *idmap, struct dentry *dentry) {
  return hf_change_attribute(dentry, HF_OP_SETXATTR);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(hf_inode_removexattr, void *idmap, struct dentry *dentry) {
  return hf_change_attribute(dentry, HF_OP_REMOVEXATTR);
}

/* Since 72b6017d5f8d (6.2) access control lists have hooks of their own; the loader leaves these
 * out before. */
SEC("?lsm/inode_set_acl")
int BPF_PROG(hf_inode_set_acl, void *idmap, struct dentry *dentry) {
  return hf_change_attribute(dentry, HF_OP_SETXATTR);
}

SEC("?lsm/inode_remove_acl")
int BPF_PROG(hf_inode_remove_acl, void *idmap, struct dentry *dentry) {
  return hf_change_attribute(dentry, HF_OP_REMOVEXATTR);
}

/* file_setattr(2), since 6.17: chattr by path. */
SEC("?lsm/inode_file_setattr")
int BPF_PROG(hf_inode_file_setattr, struct dentry *dentry) {
  return hf_change_attribute(dentry, HF_OP_SETXATTR);
}

static __always_inline int hf_check_handle(struct file *file) {
  struct hf_subject subject;
  return hf_guarded(&subject)
             ? hf_change_outside(&subject, file->f_path.dentry, file->f_path.mnt, HF_OP_OPEN)
             : 0;
}

static __always_inline int hf_check_ioctl(struct file *file, unsigned int command) {
  if (hf_is_by_handle(command)) {
    return hf_check_handle(file);
  }
  __u32 operation;
  __u32 class_id = hf_ioctl_class(command, &operation);
  umode_t type = file->f_inode->i_mode & S_IFMT;
  if (!class_id || (type != S_IFREG && type != S_IFDIR)) {
    return 0; /* the driver of a device may mean anything by the same number */
  }
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  int verdict = hf_check_change(&subject, &file->f_path, file->f_path.dentry, class_id, operation);
  return verdict ? verdict : hf_change_file(&subject, file, class_id, operation);
}

SEC("lsm/file_ioctl")
int BPF_PROG(hf_file_ioctl, struct file *file, unsigned int command) {
  return hf_check_ioctl(file, command);
}

/* Since f1bb47a31dff (6.8) calls of 32-bit processes have a hook of their own. */
SEC("?lsm/file_ioctl_compat")
int BPF_PROG(hf_file_ioctl_compat, struct file *file, unsigned int command) {
  return hf_check_ioctl(file, command);
}
