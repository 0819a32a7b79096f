// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The back end for kernels that run no LSM programs: tells what system calls did, after they did
// it. It refuses nothing; where a call failed, somebody else (seccomp, a read-only mount, a missing
// capability) refused it.
#include "bpf/lib/compat.h"
#include "bpf/lib/inode.h"
#include "bpf/lib/interface.h"
#include "bpf/lib/namespace.h"
#include "bpf/lib/path.h"

/* arch/x86/include/generated/uapi/asm/unistd_64.h: the calls that are looked at. */
enum hf_traced_syscall {
  HF_NR_OPEN = 2,
  HF_NR_CLONE = 56,
  HF_NR_CREAT = 85,
  HF_NR_PIVOT_ROOT = 155,
  HF_NR_MOUNT = 165,
  HF_NR_UMOUNT2 = 166,
  HF_NR_OPENAT = 257,
  HF_NR_UNSHARE = 272,
  HF_NR_SETNS = 308,
  HF_NR_OPEN_TREE = 428,
  HF_NR_MOVE_MOUNT = 429,
  HF_NR_FSOPEN = 430,
  HF_NR_FSPICK = 433,
  HF_NR_CLONE3 = 435,
  HF_NR_OPENAT2 = 437,
  HF_NR_MOUNT_SETATTR = 442,
};

#define HF_CLONE_NEWUSER 0x10000000ULL
#define OPEN_TREE_CLONE 1

/* include/uapi/asm-generic/fcntl.h: what makes an open one that changes something. */
#define HF_OPEN_CHANGES (01 | 02 | 0100 | 01000)

/* What a traced call was asked, from its registers. */
struct hf_call {
  __u64 argument;  /* of struct hf_event */
  __u64 user_path; /* address in the caller's memory; 0: none */
  __u32 class_id;  /* 0: nothing to tell */
  __u32 operation;
};

static __always_inline void hf_describe(struct hf_call *call, __u32 class_id, __u32 operation,
                                        __u64 argument, __u64 user_path) {
  call->class_id = class_id;
  call->operation = operation;
  call->argument = argument;
  call->user_path = user_path;
}

static __always_inline void hf_describe_namespaces(struct hf_call *call, __u32 operation,
                                                   __u64 flags) {
  flags &= HF_CLONE_NAMESPACES | HF_CLONE_NEWUSER;
  hf_describe(call, flags ? HF_ESCAPE_NAMESPACE : 0, operation, flags, 0);
}

static __always_inline __u64 hf_clone3_flags(__u64 user_args) {
  __u64 flags = 0;
  bpf_probe_read_user(&flags, sizeof(flags), (void *)user_args);
  return flags;
}

static __always_inline void hf_describe_call(struct hf_call *call, int nr, struct pt_regs *regs) {
  switch (nr) {
    case HF_NR_MOUNT:
      return hf_describe(call, HF_ESCAPE_MOUNT, HF_OP_MOUNT, regs->r10, regs->si);
    case HF_NR_UMOUNT2:
      return hf_describe(call, HF_ESCAPE_MOUNT, HF_OP_UMOUNT, regs->si, regs->di);
    case HF_NR_PIVOT_ROOT:
      return hf_describe(call, HF_ESCAPE_MOUNT, HF_OP_PIVOT_ROOT, 0, regs->di);
    case HF_NR_MOVE_MOUNT:
      return hf_describe(call, HF_ESCAPE_MOUNT, HF_OP_MOVE_MOUNT, 0, regs->r10);
    case HF_NR_OPEN_TREE:
      return hf_describe(call, regs->dx & OPEN_TREE_CLONE ? HF_ESCAPE_MOUNT : 0, HF_OP_SYSCALL, nr,
                         regs->si);
    case HF_NR_FSOPEN:
      return hf_describe(call, HF_ESCAPE_MOUNT, HF_OP_SYSCALL, nr, 0);
    case HF_NR_FSPICK:
    case HF_NR_MOUNT_SETATTR:
      return hf_describe(call, HF_ESCAPE_MOUNT, HF_OP_SYSCALL, nr, regs->si);
    case HF_NR_SETNS:
      return hf_describe(call, HF_ESCAPE_NAMESPACE, HF_OP_SETNS, regs->si, 0);
    case HF_NR_UNSHARE:
      return hf_describe_namespaces(call, HF_OP_UNSHARE, regs->di);
    case HF_NR_CLONE:
      return hf_describe_namespaces(call, HF_OP_CLONE, regs->di);
    case HF_NR_CLONE3:
      return hf_describe_namespaces(call, HF_OP_CLONE, hf_clone3_flags(regs->di));
    default:
      return hf_describe(call, 0, 0, 0, 0);
  }
}

static __always_inline void hf_tell_call(const struct hf_subject *subject,
                                         const struct hf_call *call, long ret) {
  struct hf_case hf_case = hf_case_of(subject, call->class_id, call->operation, ret < 0 ? -ret : 0);
  hf_case.argument = call->argument;
  hf_case.user_path = call->user_path;
  hf_case.flags = ret < 0 ? HF_EVENT_REFUSED : HF_EVENT_TOO_LATE;
  hf_decide(&hf_case);
}

/* The class of a file that is now open for writing; 0: none of ours. */
static __always_inline __u32 hf_opened_class(const struct hf_subject *subject,
                                             struct dentry *dentry) {
  struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
  __u64 magic = BPF_CORE_READ(sb, s_magic);
  if (BPF_CORE_READ(sb, s_dev) == subject->policy->rootfs_dev) {
    return HF_ROOTFS_WRITE;
  }
  if (magic == HF_MAGIC_PROC) {
    return hf_proc_is_global_probed(dentry) ? HF_ESCAPE_KERNEL_INTERFACE : 0;
  }
  return hf_is_interface(magic) ? HF_ESCAPE_KERNEL_INTERFACE : 0;
}

static __always_inline void hf_tell_opened(const struct hf_subject *subject, long fd) {
  struct task_struct *task = subject->task;
  struct file **files = BPF_CORE_READ(task, files, fdt, fd);
  struct file *file = NULL;
  bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
  if (!file || !(BPF_CORE_READ(file, f_mode) & FMODE_WRITE) ||
      (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFREG) {
    return;
  }
  struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
  struct hf_case hf_case = hf_case_of(subject, hf_opened_class(subject, dentry), HF_OP_OPEN, 0);
  hf_case.dentry = (__u64)dentry;
  hf_case.flags = HF_EVENT_TOO_LATE;
  if (hf_case.class_id == HF_ROOTFS_WRITE) {
    hf_decide_rootfs(&hf_case);
  } else if (hf_case.class_id) {
    hf_case.mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
    hf_decide(&hf_case);
  }
}

/* Only a read-only mount tells that the rootfs (or a read-only path) was meant: EACCES is everyday.
 * Which of the two it was, the monitor finds out from the path. */
static __always_inline void hf_trace_open(const struct hf_subject *subject, __u64 path, __u64 flags,
                                          long ret) {
  if (ret >= 0) {
    if (flags & HF_OPEN_CHANGES) {
      hf_tell_opened(subject, ret);
    }
    return;
  }
  if (ret == -EROFS && (flags & HF_OPEN_CHANGES)) {
    struct hf_call call = {.user_path = path, .class_id = HF_ROOTFS_WRITE, .operation = HF_OP_OPEN};
    hf_tell_call(subject, &call, ret);
  }
}

static __always_inline __u64 hf_openat2_flags(__u64 user_how) {
  __u64 flags = 0;
  bpf_probe_read_user(&flags, sizeof(flags), (void *)user_how);
  return flags;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(hf_tp_sys_exit, struct pt_regs *regs, long ret) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  int nr = hf_current_syscall();
  switch (nr) {
    case HF_NR_OPEN:
      hf_trace_open(&subject, regs->di, regs->si, ret);
      return 0;
    case HF_NR_CREAT:
      hf_trace_open(&subject, regs->di, HF_OPEN_CHANGES, ret);
      return 0;
    case HF_NR_OPENAT:
      hf_trace_open(&subject, regs->si, regs->dx, ret);
      return 0;
    case HF_NR_OPENAT2:
      hf_trace_open(&subject, regs->si, hf_openat2_flags(regs->dx), ret);
      return 0;
    default:
      break;
  }
  struct hf_call call;
  hf_describe_call(&call, nr, regs);
  if (call.class_id) {
    hf_tell_call(&subject, &call, ret);
  }
  return 0;
}

static __always_inline void hf_trace_exec(const struct hf_subject *subject,
                                          struct linux_binprm *bprm) {
  struct file *file = bprm->file;
  struct inode *inode = file->f_inode;
  __u32 class_id = hf_has_no_name(inode) ? HF_FILELESS_EXEC : HF_DRIFT_EXEC;
  if (class_id == HF_DRIFT_EXEC && hf_from_image(subject->policy, inode)) {
    return;
  }
  struct hf_case hf_case = hf_case_of(subject, class_id, HF_OP_EXEC, 0);
  hf_case.dentry = (__u64)file->f_path.dentry;
  hf_case.mount = (__u64)file->f_path.mnt;
  hf_case.flags = HF_EVENT_TOO_LATE;
  hf_decide(&hf_case);
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(hf_tp_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm) {
  struct hf_subject subject;
  if (!hf_member(&subject)) {
    return 0;
  }
  if (hf_arrived(&subject)) {
    subject.tag->flags &= ~HF_TASK_SETTING_UP;
  }
  if (!(subject.tag->flags & HF_TASK_SETTING_UP)) {
    hf_trace_exec(&subject, bprm);
  }
  return 0;
}
