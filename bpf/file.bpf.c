// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about opening files: where they are, what device or kernel interface they are, and the
// rootfs.
#include "bpf/lib/namespace.h"
#include "bpf/lib/rootfs.h"
#include "bpf/lib/rule.h"
#include "bpf/lib/device.h"
#include "bpf/lib/interface.h"

/* include/uapi/asm-generic/fcntl.h */
#define O_TRUNC 01000

static __always_inline int hf_check_special(const struct hf_subject *subject, struct file *file,
                                            __u32 class_id) {
  return hf_refuse_at(subject, class_id, HF_OP_OPEN, EPERM, file->f_path.dentry, file->f_path.mnt);
}

/* escape.outside-mount: a leaked descriptor, /proc/1/root or a working directory outside leads to a
 * file that no mount of the container holds (CVE-2024-21626, CVE-2019-5736). */
static __always_inline int hf_check_place(struct hf_subject *subject, struct file *file) {
  if (hf_mount_own(subject, file->f_path.mnt)) {
    return 0;
  }
  if (hf_held_on_stdio(subject->task, file->f_inode, file->f_mode & (FMODE_READ | FMODE_WRITE))) {
    return 0;
  }
  return hf_check_special(subject, file, HF_ESCAPE_OUTSIDE_MOUNT);
}

static __always_inline int hf_check_device(struct hf_subject *subject, struct file *file,
                                           umode_t type) {
  __u32 access = 0;
  access |= file->f_mode & FMODE_READ ? HF_DEVICE_READ : 0;
  access |= file->f_mode & FMODE_WRITE ? HF_DEVICE_WRITE : 0;
  if (hf_device_granted(subject, type == S_IFBLK, file->f_inode->i_rdev, access)) {
    return 0;
  }
  return hf_check_special(subject, file, HF_ESCAPE_DEVICE);
}

static __always_inline int hf_check_write(struct hf_subject *subject, struct file *file) {
  /* A file that this open made was judged when it was made. */
  return file->f_mode & FMODE_CREATED ? 0
                                      : hf_change_file(subject, file, HF_ROOTFS_WRITE, HF_OP_OPEN);
}

/* O_RDONLY|O_TRUNC: overlayfs copies the file up, empty, in its open, before truncation is asked
 * about. */
static __always_inline __u32 hf_access_of(const struct file *file) {
  __u32 access = file->f_mode & FMODE_READ ? HF_ACCESS_READ : 0;
  return file->f_mode & FMODE_WRITE || file->f_flags & O_TRUNC ? access | HF_ACCESS_WRITE : access;
}

/* An ordinary file. */
static __always_inline int hf_check_file(struct hf_subject *subject, struct file *file,
                                         __u32 access) {
  struct dentry *dentry = file->f_path.dentry;
  int verdict = hf_check_rule(subject, dentry, file->f_path.mnt, HF_OP_OPEN, access);
  if (verdict || !(access & HF_ACCESS_WRITE)) {
    return verdict;
  }
  verdict = hf_check_tampering(subject, dentry, file->f_path.mnt, HF_OP_OPEN);
  return verdict ? verdict : hf_check_write(subject, file);
}

/* Whether overlayfs opens the real file of a layer: not the container's doing. It does so without
 * counting it as an open file of anybody; until 6.5 under overlay's own path, since then on a mount
 * that the kernel made for itself. */
static __always_inline bool hf_is_layer(struct file *file) {
  return (file->f_mode & FMODE_NOACCOUNT) && (file->f_inode->i_sb != file->f_path.dentry->d_sb ||
                                              hf_mount_is_internal(file->f_path.mnt));
}

SEC("lsm/file_open")
int BPF_PROG(hf_file_open, struct file *file) {
  struct hf_subject subject;
  if (hf_no_tag() || hf_is_layer(file) || !hf_guarded(&subject)) {
    return 0;
  }
  struct inode *inode = file->f_inode;
  int verdict = hf_check_namespace(&subject, HF_OP_OPEN);
  if (!verdict) {
    verdict = hf_check_credentials(&subject, HF_OP_OPEN);
  }
  __u32 access = hf_access_of(file);
  if (!verdict && (access & HF_ACCESS_WRITE)) {
    verdict = hf_check_runtime(&subject, file->f_path.dentry, file->f_path.mnt, HF_OP_OPEN);
  }
  if (!verdict) {
    verdict = hf_check_place(&subject, file);
  }
  if (verdict) {
    return verdict;
  }
  umode_t type = inode->i_mode & S_IFMT;
  if (type == S_IFCHR || type == S_IFBLK) {
    return hf_check_device(&subject, file, type);
  }
  if (type != S_IFREG) {
    return 0;
  }
  __u32 class_id = hf_interface_class(&subject, file);
  if (class_id) {
    return hf_check_special(&subject, file, class_id);
  }
  return hf_check_file(&subject, file, access);
}
