// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tells changes of the rootfs for the back end `tracepoint`. After a change by descriptor the
// object is there. After one by path there is the directory where the path begins, and the path: a
// plain name is judged here, and of any other the monitor finds out where it leads.
#include "bpf/lib/change.h"
#include "bpf/lib/descriptor.h"
#include "bpf/lib/device.h"
#include "bpf/lib/path.h"
#include "bpf/lib/trace.h"
#include "bpf/lib/tree.h"

/* Addresses of a struct dentry and of the struct vfsmount that it was reached through; 0: none. */
struct hf_start {
  __u64 dentry;
  __u64 mount;
};

/* Where a path begins that goes on from the descriptor `directory`. */
static __always_inline struct hf_start hf_start_of(struct task_struct *task, __s32 directory) {
  struct hf_start start = {};
  if (directory == AT_FDCWD) {
    start.dentry = (__u64)task->fs->pwd.dentry;
    start.mount = (__u64)task->fs->pwd.mnt;
    return start;
  }
  struct file *file = hf_file_at(task, directory);
  if (file) {
    start.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
    start.mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
  }
  return start;
}

static __always_inline struct hf_start hf_root_of_task(struct task_struct *task) {
  struct hf_start start = {.dentry = (__u64)task->fs->root.dentry};
  start.mount = (__u64)task->fs->root.mnt;
  return start;
}

/* By descriptor. */

/* Of a change of mode. */
static __always_inline __u64 hf_mode_of(const struct hf_call *call, __u32 operation) {
  if (operation != HF_OP_CHMOD) {
    return 0;
  }
  return call->nr == HF_NR_CHMOD || call->nr == HF_NR_FCHMOD ? call->argument[1]
                                                             : call->argument[2];
}

__noinline int hf_trace_change_file(struct hf_call *call) {
  struct hf_subject subject;
  if (!call || call->result < 0) {
    return 0;
  }
  struct hf_change change = hf_change_of(call);
  __u32 class_id = change.class_id, operation = change.operation;
  if (!class_id || !hf_guarded(&subject)) {
    return 0;
  }
  struct hf_start start = hf_start_of(subject.task, (__s32)call->argument[0]);
  struct dentry *dentry = (void *)start.dentry;
  struct vfsmount *mount = (void *)start.mount;
  struct inode *inode = dentry ? BPF_CORE_READ(dentry, d_inode) : NULL;
  umode_t type = inode ? BPF_CORE_READ(inode, i_mode) & S_IFMT : 0;
  if (type != S_IFREG && type != S_IFDIR) {
    return 0;
  }
  if (!hf_mount_own(&subject, mount) && !hf_held_on_stdio(subject.task, inode, FMODE_WRITE)) {
    hf_refuse_at(&subject, HF_ESCAPE_OUTSIDE_MOUNT, operation, EPERM, dentry, mount);
  }
  hf_tell_owned(&subject, dentry, mount, operation);
  hf_check_rule(&subject, dentry, mount, operation, HF_ACCESS_WRITE);
  hf_tell_rootfs(&subject, dentry, class_id, operation, hf_mode_of(call, operation));
  return 0;
}

/* By path. */

/* Words of the longest name; what is longer is a path, or judged like one. */
#define HF_WORDS ((HF_NAME_MAX + 1) / 8)
#define HF_EACH_BYTE 0x0101010101010101ULL

/* Not 0 where one of the eight bytes is a slash: one of the differences is zero. */
static __always_inline __u64 hf_slashes(__u64 word) {
  __u64 difference = word ^ (HF_EACH_BYTE * '/');
  return (difference - HF_EACH_BYTE) & ~difference & (HF_EACH_BYTE << 7);
}

/* How a path in the caller's memory is spelled. */
enum hf_spelling {
  HF_SPELLED = 1u << 0, /* there is one */
  HF_SPELLED_ABSOLUTE = 1u << 1,
  HF_SPELLED_PLAIN = 1u << 2, /* one name, of something in the directory where it begins */
  HF_SPELLED_EMPTY = 1u << 3, /* or there is none: where it begins is meant */
};

/* The first bytes of the path are in scratch->path, `len` with the terminator, and zeroes behind.
 */
static __always_inline bool hf_is_plain(const struct hf_scratch *scratch, long len) {
  const __u64 *words = (const __u64 *)scratch->path;
  __u64 slashes = 0;
  for (int i = 0; i < HF_WORDS; i++) {
    slashes |= hf_slashes(words[i]);
  }
  bool dots = scratch->path[0] == '.' &&
              (!scratch->path[1] || (scratch->path[1] == '.' && !scratch->path[2]));
  return len > 1 && len <= HF_NAME_MAX && !slashes && !dots;
}

/* enum hf_spelling. A function of its own, for the verifier adds up what the stack holds. */
static __noinline __u32 hf_spelling_of(__u64 user_path) {
  struct hf_scratch *scratch = user_path ? hf_scratch_claim() : NULL;
  if (!scratch) {
    return user_path ? 0 : HF_SPELLED_EMPTY;
  }
  __builtin_memset(scratch->path, 0, HF_NAME_MAX + 1);
  long len = bpf_probe_read_user_str(scratch->path, HF_NAME_MAX + 1, (void *)user_path);
  __u32 spelling = len > 1 ? HF_SPELLED : 0;
  /* Older kernels do not count the terminator of an empty one. */
  spelling |= len == 0 || len == 1 ? HF_SPELLED_EMPTY : 0;
  spelling |= scratch->path[0] == '/' ? HF_SPELLED_ABSOLUTE : 0;
  spelling |= hf_is_plain(scratch, len) ? HF_SPELLED_PLAIN : 0;
  hf_scratch_release(scratch);
  return spelling;
}

/* enum hf_spelling. */
static __always_inline __u32 hf_tell_path(struct hf_subject *subject,
                                          const struct hf_change *change, __u64 argument,
                                          __s64 result) {
  struct hf_case hf_case = hf_traced_case(subject, change->class_id, change->operation, result);
  __u32 spelling = hf_spelling_of(change->path);
  struct hf_start start = spelling & HF_SPELLED_ABSOLUTE
                              ? hf_root_of_task(subject->task)
                              : hf_start_of(subject->task, change->directory);
  hf_case.dentry = start.dentry;
  hf_case.mount = start.mount;
  if (!(spelling & HF_SPELLED) || !hf_case.dentry) {
    return spelling;
  }
  if (!hf_mount_own(subject, (void *)hf_case.mount)) {
    hf_case.class_id = HF_ESCAPE_OUTSIDE_MOUNT;
    hf_decide(&hf_case);
    return spelling;
  }
  bool exact = (spelling & HF_SPELLED_PLAIN) && !change->follows;
  struct dentry *dentry = (void *)hf_case.dentry;
  if (exact && BPF_CORE_READ(dentry, d_sb, s_dev) != subject->policy->rootfs_dev) {
    return spelling;
  }
  hf_case.user_path = change->path;
  hf_case.argument = argument;
  if (spelling & HF_SPELLED_ABSOLUTE) {
    hf_case.dentry = 0;
  }
  hf_decide_named(&hf_case, exact);
  return spelling;
}

/* escape.device: a node for a device that config.json does not grant. The kernel may have refused
 * it; 0:0 is overlay's whiteout. */
__noinline int hf_trace_node(struct hf_call *call) {
  struct hf_subject subject;
  if (!call || (call->result < 0 && call->result != -EPERM) || !hf_guarded(&subject)) {
    return 0;
  }
  bool at = call->nr == HF_NR_MKNODAT;
  umode_t mode = at ? call->argument[2] : call->argument[1];
  __u32 rdev = hf_device_decode(at ? call->argument[3] : call->argument[2]);
  umode_t type = mode & S_IFMT;
  if ((type != S_IFCHR && type != S_IFBLK) || !rdev ||
      hf_device_granted(&subject, type == S_IFBLK, rdev, HF_DEVICE_MKNOD)) {
    return 0;
  }
  struct hf_case hf_case = hf_traced_case(&subject, HF_ESCAPE_DEVICE, HF_OP_MKNOD, call->result);
  hf_case.user_path = at ? call->argument[1] : call->argument[0];
  hf_case.mode = mode;
  hf_case.rdev = rdev;
  return hf_decide(&hf_case);
}

/* The other of two names: where a renamed file has gone, what a link is to. */
static __always_inline struct hf_change hf_other_name(const struct hf_call *call,
                                                      struct hf_change change) {
  const __u64 *argument = call->argument;
  bool link = change.class_id == HF_ROOTFS_LINK;
  if (call->nr == HF_NR_LINK || call->nr == HF_NR_RENAME) {
    change.path = link ? argument[0] : argument[1];
  } else {
    change.directory = link ? argument[0] : argument[2];
    change.path = link ? argument[1] : argument[3];
  }
  return change;
}

__noinline int hf_trace_change(struct hf_call *call, __u32 other) {
  struct hf_subject subject;
  /* Only a read-only mount tells that a change was meant to happen there: EACCES and EEXIST are
   * everyday. */
  if (!call || (call->result < 0 && call->result != -EROFS) || !hf_guarded(&subject)) {
    return 0;
  }
  struct hf_change change = hf_change_of(call);
  if (other) {
    change = hf_other_name(call, change);
  }
  __u64 mode = hf_mode_of(call, change.operation);
  return hf_tell_path(&subject, &change, mode, call->result) & HF_SPELLED_EMPTY;
}
