// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Follows every request for write access to a mount, and decides nothing. What a read-only mount
// refuses (a read-only rootfs, /proc/sys) is told from here, because the kernel refuses it before
// any security hook is asked. And some hooks that come next know an inode but not the mount it was
// reached through: they learn it from here.
#include "bpf/lib/compat.h"
#include "bpf/lib/decide.h"
#include "bpf/lib/interface.h"
#include "bpf/lib/namespace.h"

/* arch/x86/include/generated/uapi/asm/unistd_64.h */
enum hf_changing_syscall {
  HF_NR_OPEN = 2,
  HF_NR_TRUNCATE = 76,
  HF_NR_RENAME = 82,
  HF_NR_MKDIR = 83,
  HF_NR_RMDIR = 84,
  HF_NR_CREAT = 85,
  HF_NR_LINK = 86,
  HF_NR_UNLINK = 87,
  HF_NR_SYMLINK = 88,
  HF_NR_CHMOD = 90,
  HF_NR_CHOWN = 92,
  HF_NR_LCHOWN = 94,
  HF_NR_UTIME = 132,
  HF_NR_MKNOD = 133,
  HF_NR_SETXATTR = 188,
  HF_NR_LSETXATTR = 189,
  HF_NR_REMOVEXATTR = 197,
  HF_NR_LREMOVEXATTR = 198,
  HF_NR_UTIMES = 235,
  HF_NR_OPENAT = 257,
  HF_NR_MKDIRAT = 258,
  HF_NR_MKNODAT = 259,
  HF_NR_FCHOWNAT = 260,
  HF_NR_FUTIMESAT = 261,
  HF_NR_UNLINKAT = 263,
  HF_NR_RENAMEAT = 264,
  HF_NR_LINKAT = 265,
  HF_NR_SYMLINKAT = 266,
  HF_NR_FCHMODAT = 268,
  HF_NR_UTIMENSAT = 280,
  HF_NR_RENAMEAT2 = 316,
  HF_NR_OPENAT2 = 437,
  HF_NR_FCHMODAT2 = 452,
  HF_NR_SETXATTRAT = 463,
  HF_NR_REMOVEXATTRAT = 466,
  HF_NR_FILE_SETATTR = 469,
};

/* What a call that asks a mount for write access is about. `path` is an address in the caller's
 * memory. */
struct hf_change {
  __u32 class_id;
  __u32 operation;
  __u64 path;
};

#define HF_CHANGE(class, op, address)                   \
  (struct hf_change) {                                  \
    .class_id = class, .operation = op, .path = address \
  }

/* Arguments of a system call, read once: the verifier wants one kind of pointer at each
 * instruction. */
struct hf_arguments {
  __u64 di;
  __u64 si;
  __u64 dx;
  __u64 r10;
};

static __always_inline struct hf_change hf_change_of(int nr, const struct hf_arguments *regs) {
  switch (nr) {
    case HF_NR_MKDIR:
      return HF_CHANGE(HF_ROOTFS_CREATE, HF_OP_MKDIR, regs->di);
    case HF_NR_MKDIRAT:
      return HF_CHANGE(HF_ROOTFS_CREATE, HF_OP_MKDIR, regs->si);
    case HF_NR_MKNOD:
      return HF_CHANGE(HF_ROOTFS_CREATE, HF_OP_MKNOD, regs->di);
    case HF_NR_MKNODAT:
      return HF_CHANGE(HF_ROOTFS_CREATE, HF_OP_MKNOD, regs->si);
    case HF_NR_SYMLINK:
      return HF_CHANGE(HF_ROOTFS_CREATE, HF_OP_SYMLINK, regs->si);
    case HF_NR_SYMLINKAT:
      return HF_CHANGE(HF_ROOTFS_CREATE, HF_OP_SYMLINK, regs->dx);
    case HF_NR_LINK:
      return HF_CHANGE(HF_ROOTFS_LINK, HF_OP_LINK, regs->si);
    case HF_NR_LINKAT:
      return HF_CHANGE(HF_ROOTFS_LINK, HF_OP_LINK, regs->r10);
    case HF_NR_RENAME:
      return HF_CHANGE(HF_ROOTFS_RENAME, HF_OP_RENAME, regs->di);
    case HF_NR_RENAMEAT:
    case HF_NR_RENAMEAT2:
      return HF_CHANGE(HF_ROOTFS_RENAME, HF_OP_RENAME, regs->si);
    case HF_NR_UNLINK:
      return HF_CHANGE(HF_ROOTFS_DELETE, HF_OP_UNLINK, regs->di);
    case HF_NR_RMDIR:
      return HF_CHANGE(HF_ROOTFS_DELETE, HF_OP_RMDIR, regs->di);
    case HF_NR_UNLINKAT:
      return HF_CHANGE(HF_ROOTFS_DELETE, HF_OP_UNLINK, regs->si);
    case HF_NR_CHMOD:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_CHMOD, regs->di);
    case HF_NR_FCHMODAT:
    case HF_NR_FCHMODAT2:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_CHMOD, regs->si);
    case HF_NR_CHOWN:
    case HF_NR_LCHOWN:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_CHOWN, regs->di);
    case HF_NR_FCHOWNAT:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_CHOWN, regs->si);
    case HF_NR_UTIME:
    case HF_NR_UTIMES:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_UTIMES, regs->di);
    case HF_NR_FUTIMESAT:
    case HF_NR_UTIMENSAT:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_UTIMES, regs->si);
    case HF_NR_SETXATTR:
    case HF_NR_LSETXATTR:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_SETXATTR, regs->di);
    case HF_NR_REMOVEXATTR:
    case HF_NR_LREMOVEXATTR:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_REMOVEXATTR, regs->di);
    case HF_NR_SETXATTRAT:
    case HF_NR_FILE_SETATTR:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_SETXATTR, regs->si);
    case HF_NR_REMOVEXATTRAT:
      return HF_CHANGE(HF_ROOTFS_ATTR, HF_OP_REMOVEXATTR, regs->si);
    case HF_NR_TRUNCATE:
      return HF_CHANGE(HF_ROOTFS_WRITE, HF_OP_TRUNCATE, regs->di);
    case HF_NR_OPEN:
    case HF_NR_CREAT:
      return HF_CHANGE(HF_ROOTFS_WRITE, HF_OP_OPEN, regs->di);
    case HF_NR_OPENAT:
    case HF_NR_OPENAT2:
      return HF_CHANGE(HF_ROOTFS_WRITE, HF_OP_OPEN, regs->si);
    default:
      return HF_CHANGE(HF_ROOTFS_WRITE, HF_OP_OPEN, 0); /* io_uring, or a call by descriptor */
  }
}

/* Whether `mount` shows the container's rootfs. A shared superblock holds volumes as well. */
static __always_inline bool hf_is_rootfs_mount(const struct hf_policy *policy,
                                               struct vfsmount *mount) {
  return mount->mnt_sb->s_dev == policy->rootfs_dev &&
         (!(policy->flags & HF_POLICY_ROOTFS_SHARED) || (__u64)mount->mnt_root == policy->rootfs);
}

/* One call asks several times: an open for the directory and for the file, and each question passes
 * two of the functions below. What asks again from the same place this soon is the same call, or a
 * flood of it. */
#define HF_SAME_CALL_NS 1000000ULL

static __always_inline bool hf_same_call(const struct hf_task *tag, __u64 call) {
  return tag->refused_call == call && bpf_ktime_get_boot_ns() - tag->refused_ns < HF_SAME_CALL_NS;
}

static __always_inline int hf_tell_refused(struct hf_subject *subject, struct vfsmount *mount) {
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(subject->task);
  struct hf_arguments arguments = {
      .di = BPF_CORE_READ(regs, di),
      .si = BPF_CORE_READ(regs, si),
      .dx = BPF_CORE_READ(regs, dx),
      .r10 = BPF_CORE_READ(regs, r10),
  };
  int nr = hf_current_syscall();
  struct hf_change change = hf_change_of(nr, &arguments);
  __u64 magic = mount->mnt_sb->s_magic;
  if (magic == HF_MAGIC_PROC || hf_is_interface(magic)) {
    change.class_id = HF_ESCAPE_KERNEL_INTERFACE;
  } else if (!hf_is_rootfs_mount(subject->policy, mount)) {
    return 0;
  }
  __u64 call = change.path ^ ((__u64)nr << 48);
  if (hf_same_call(subject->tag, call)) {
    hf_count(subject->tag->slot, HF_COUNT_ASKED_AGAIN, 1);
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, change.class_id, change.operation, EROFS);
  hf_case.user_path = change.path;
  hf_case.flags = HF_EVENT_REFUSED;
  if (!change.path) {
    hf_case.dentry = (__u64)mount->mnt_root;
    hf_case.mount = (__u64)mount;
  }
  hf_decide(&hf_case);
  subject->tag->refused_call = call;
  subject->tag->refused_ns = bpf_ktime_get_boot_ns();
  return 0;
}

/* For the hooks that ask next. A program that traces is left out when it interrupts itself; then
 * the answer is that of the task's request before. */
static __always_inline void hf_note_place(struct hf_subject *subject, struct vfsmount *mount) {
  if (hf_mount_own(subject, mount)) {
    subject->tag->flags &= ~HF_TASK_WRITES_OUTSIDE;
  } else {
    subject->tag->flags |= HF_TASK_WRITES_OUTSIDE;
  }
}

/* include/linux/mount.h, include/linux/fs.h */
#define MNT_READONLY 0x40
#define SB_RDONLY 1

/* As mnt_is_readonly in fs/namespace.c. */
static __always_inline bool hf_is_read_only(const struct vfsmount *mount) {
  struct super_block *sb = mount->mnt_sb;
  return (mount->mnt_flags & MNT_READONLY) || (sb->s_flags & SB_RDONLY) || sb->s_readonly_remount;
}

/* Every change of a file system asks its mount first. */
SEC("?fentry/mnt_want_write")
int BPF_PROG(hf_want_write, struct vfsmount *mount) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  hf_note_place(&subject, mount);
  return hf_is_read_only(mount) ? hf_tell_refused(&subject, mount) : 0;
}

/* An open that makes nothing asks here only. What hooks come after an open know its mount. */
static __always_inline int hf_asked_by_open(struct vfsmount *mount) {
  struct hf_subject subject;
  return hf_is_read_only(mount) && hf_guarded(&subject) ? hf_tell_refused(&subject, mount) : 0;
}

/* Renamed to mnt_get_write_access by 3e15dcf77b23 (6.8). */
SEC("?fentry/__mnt_want_write")
int BPF_PROG(hf_open_want_write, struct vfsmount *mount) {
  return hf_asked_by_open(mount);
}

SEC("?fentry/mnt_get_write_access")
int BPF_PROG(hf_get_write_access, struct vfsmount *mount) {
  return hf_asked_by_open(mount);
}

/* A change through a descriptor. One that was opened for writing has its mount's leave already, and
 * passes none of the functions above. */
SEC("?fentry/mnt_want_write_file")
int BPF_PROG(hf_want_write_file, struct file *file) {
  struct hf_subject subject;
  if (hf_guarded(&subject)) {
    hf_note_place(&subject, file->f_path.mnt);
  }
  return 0;
}
