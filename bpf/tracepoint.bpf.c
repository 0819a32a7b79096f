// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The back end for kernels that run no LSM programs: tells what system calls did, after they did
// it. It refuses nothing; where a call failed, somebody else (seccomp, a read-only mount, a missing
// capability) refused it. Opened files are judged here, all other calls in the parts of trace.h.
#include "bpf/lib/descriptor.h"
#include "bpf/lib/device.h"
#include "bpf/lib/interface.h"
#include "bpf/lib/target.h"
#include "bpf/lib/trace.h"
#include "bpf/lib/tree.h"

/* include/uapi/asm-generic/fcntl.h: what makes an open one that changes something. */
#define O_TRUNC 01000
#define HF_OPEN_CHANGES (01 | 02 | 0100 | O_TRUNC)
#define FMODE_PATH 0x4000 /* include/linux/fs.h */

/* A file that was just opened. */
struct hf_opened {
  struct dentry *dentry;
  struct vfsmount *mount;
  struct inode *inode;
  __u32 mode;   /* FMODE_* */
  __u32 access; /* enum hf_file_access */
};

/* O_PATH gives a name of the file and no right to it: told only where no name led there. */
static __always_inline bool hf_take_opened(struct hf_opened *opened, struct task_struct *task,
                                           __s64 fd, bool by_handle) {
  struct file *file = hf_file_at(task, fd);
  if (!file) {
    return false;
  }
  opened->dentry = BPF_CORE_READ(file, f_path.dentry);
  opened->mount = BPF_CORE_READ(file, f_path.mnt);
  opened->inode = BPF_CORE_READ(file, f_inode);
  opened->mode = BPF_CORE_READ(file, f_mode);
  opened->access = opened->mode & FMODE_READ ? HF_ACCESS_READ : 0;
  if (opened->mode & FMODE_WRITE || BPF_CORE_READ(file, f_flags) & O_TRUNC) {
    opened->access |= HF_ACCESS_WRITE;
  }
  return by_handle || !(opened->mode & FMODE_PATH);
}

static __always_inline void hf_tell_opened_as(const struct hf_subject *subject,
                                              const struct hf_opened *opened, __u32 class_id) {
  hf_refuse_at(subject, class_id, HF_OP_OPEN, 0, opened->dentry, opened->mount);
}

static __always_inline void hf_tell_device(const struct hf_subject *subject,
                                           const struct hf_opened *opened, umode_t type) {
  struct inode *inode = opened->inode;
  __u32 rdev = BPF_CORE_READ(inode, i_rdev);
  __u32 access = 0;
  access |= opened->mode & FMODE_READ ? HF_DEVICE_READ : 0;
  access |= opened->mode & FMODE_WRITE ? HF_DEVICE_WRITE : 0;
  if (!hf_device_granted(subject, type == S_IFBLK, rdev, access)) {
    hf_tell_opened_as(subject, opened, HF_ESCAPE_DEVICE);
  }
}

/* /proc/PID/mem is as good as ptrace: the task's address; 0: it is another file of procfs. */
static __always_inline __u64 hf_memory_of(const struct hf_opened *opened) {
  struct proc_inode *inode =
      (void *)opened->inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
  return hf_named(opened->dentry, "mem", 3) ? (__u64)hf_task_of(BPF_CORE_READ(inode, pid)) : 0;
}

static __always_inline void hf_tell_file(const struct hf_subject *subject,
                                         const struct hf_opened *opened) {
  struct dentry *dentry = opened->dentry;
  hf_check_rule(subject, dentry, opened->mount, HF_OP_OPEN, opened->access);
  if (!(opened->access & HF_ACCESS_WRITE) && !(opened->mode & FMODE_CREATED)) {
    return;
  }
  hf_tell_owned(subject, dentry, opened->mount, HF_OP_OPEN);
  struct inode *inode = opened->inode;
  bool created = opened->mode & FMODE_CREATED;
  hf_tell_rootfs(subject, dentry, created ? HF_ROOTFS_CREATE : HF_ROOTFS_WRITE,
                 created ? HF_OP_CREATE : HF_OP_OPEN, created ? BPF_CORE_READ(inode, i_mode) : 0);
}

static __always_inline __u64 hf_tell_regular(const struct hf_subject *subject,
                                             const struct hf_opened *opened) {
  struct dentry *dentry = opened->dentry;
  __u64 magic = BPF_CORE_READ(dentry, d_sb, s_magic);
  bool writes = opened->mode & FMODE_WRITE;
  __u32 class_id = hf_interface_class_at(subject, dentry, magic, writes);
  if (class_id) {
    hf_tell_opened_as(subject, opened, class_id);
  } else {
    hf_tell_file(subject, opened);
  }
  return magic == HF_MAGIC_PROC ? hf_memory_of(opened) : 0;
}

/* The task whose memory the file is; 0: it is none. */
static __always_inline __u64 hf_tell_opened(struct hf_subject *subject, __s64 fd, bool by_handle) {
  struct hf_opened opened = {};
  if (!hf_take_opened(&opened, subject->task, fd, by_handle)) {
    return 0;
  }
  hf_check_namespace(subject, HF_OP_OPEN);
  hf_check_credentials(subject, HF_OP_OPEN);
  if (by_handle ||
      (!hf_mount_own(subject, opened.mount) &&
       !hf_held_on_stdio(subject->task, opened.inode, opened.mode & (FMODE_READ | FMODE_WRITE)))) {
    hf_tell_opened_as(subject, &opened, HF_ESCAPE_OUTSIDE_MOUNT);
  }
  if (opened.mode & FMODE_PATH) {
    return 0;
  }
  struct inode *inode = opened.inode;
  umode_t type = BPF_CORE_READ(inode, i_mode) & S_IFMT;
  if (type == S_IFREG) {
    return hf_tell_regular(subject, &opened);
  }
  if (type == S_IFCHR || type == S_IFBLK) {
    hf_tell_device(subject, &opened, type);
  }
  return 0;
}

static __always_inline __u64 hf_open_flags(const struct hf_call *call) {
  __u64 flags = 0;
  switch (call->nr) {
    case HF_NR_OPEN:
      return call->argument[1];
    case HF_NR_CREAT:
      return HF_OPEN_CHANGES;
    case HF_NR_OPENAT:
      return call->argument[2];
    default:
      bpf_probe_read_user(&flags, sizeof(flags), (void *)call->argument[2]);
      return flags;
  }
}

/* Only a read-only mount tells that the rootfs (or a read-only path) was meant: EACCES is everyday.
 * Which of the two it was, the monitor finds out from the path. */
static __always_inline void hf_tell_refused_open(const struct hf_subject *subject,
                                                 const struct hf_call *call) {
  if (call->result != -EROFS || !(hf_open_flags(call) & HF_OPEN_CHANGES)) {
    return;
  }
  struct hf_case hf_case = hf_traced_case(subject, HF_ROOTFS_WRITE, HF_OP_OPEN, call->result);
  bool at = call->nr == HF_NR_OPENAT || call->nr == HF_NR_OPENAT2;
  hf_case.user_path = at ? call->argument[1] : call->argument[0];
  hf_decide(&hf_case);
}

/* include/uapi/linux/capability.h */
#define CAP_DAC_READ_SEARCH 2

/* A handle names any inode of a file system, in a mount or not. */
static __always_inline void hf_tell_handle(struct hf_subject *subject, const struct hf_call *call) {
  if (call->result >= 0) {
    hf_tell_opened(subject, call->result, true);
  } else if (HF_CAPS(subject->task->real_cred, cap_effective) & (1ULL << CAP_DAC_READ_SEARCH)) {
    struct hf_case hf_case =
        hf_traced_case(subject, HF_ESCAPE_OUTSIDE_MOUNT, HF_OP_SYSCALL, call->result);
    hf_case.argument = call->nr;
    hf_decide(&hf_case);
  }
}

/* As hf_tell_opened. */
static __noinline __u64 hf_trace_open(struct hf_call *call) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  if (call->nr == HF_NR_OPEN_BY_HANDLE_AT) {
    hf_tell_handle(&subject, call);
  } else if (call->result >= 0) {
    return hf_tell_opened(&subject, call->result, false);
  } else {
    hf_tell_refused_open(&subject, call);
  }
  return 0;
}

/* Called one after the other, not nested: the verifier adds up the stacks of nested calls. */
static __always_inline void hf_trace_open_and_memory(struct hf_call *call) {
  __u64 target = hf_trace_open(call);
  if (target) {
    hf_trace_attach(target, 0);
  }
}

static __always_inline void hf_trace_process(struct hf_call *call) {
  __u64 target = hf_trace_target(call);
  /* The right is checked before addresses and descriptors are. */
  bool refused = call->result == -EPERM || call->result == -EACCES;
  if (target) {
    hf_trace_attach(target, refused ? call->result : 0);
  }
}

/* Who looks at which call; 0: nobody. */
enum hf_part {
  HF_PART_OPEN = 1,
  HF_PART_CHANGE,
  HF_PART_CHANGE_FILE,
  HF_PART_KERNEL,
  HF_PART_PROCESS,
  HF_PART_MAP,
  HF_PART_NETWORK,
  HF_PART_SETUID,
};

static const __u8 hf_parts[HF_NR_MAX] = {
#define HF_PART_OF(enumerator, name, number, ia32, part) [number] = HF_PART_##part,
    HF_SYSCALLS(HF_PART_OF)
#undef HF_PART_OF
};

static __always_inline void hf_trace_socket(struct hf_call *call) {
  if (call->nr == HF_NR_CONNECT) {
    hf_trace_unix(call);
  }
  hf_trace_network(call);
}

static __always_inline bool hf_has_two_paths(__u32 nr) {
  switch (nr) {
    case HF_NR_LINK:
    case HF_NR_LINKAT:
    case HF_NR_RENAME:
    case HF_NR_RENAMEAT:
    case HF_NR_RENAMEAT2:
      return true;
    default:
      return false;
  }
}

static __always_inline void hf_trace_any_change(struct hf_call *call) {
  if (call->nr == HF_NR_MKNOD || call->nr == HF_NR_MKNODAT) {
    hf_trace_node(call);
  }
  if (hf_trace_change(call, false)) {
    hf_trace_change_file(call);
  }
  if (hf_has_two_paths(call->nr)) {
    hf_trace_change(call, true);
  }
}

static __always_inline void hf_trace(struct hf_call *call, __u32 part) {
  switch (part) {
    case HF_PART_OPEN:
      hf_trace_open_and_memory(call);
      return;
    case HF_PART_CHANGE:
      hf_trace_any_change(call);
      return;
    case HF_PART_CHANGE_FILE:
      hf_trace_change_file(call);
      return;
    case HF_PART_KERNEL:
      hf_trace_kernel(call);
      return;
    case HF_PART_PROCESS:
      hf_trace_process(call);
      return;
    case HF_PART_MAP:
      hf_trace_map(call);
      return;
    case HF_PART_NETWORK:
      hf_trace_socket(call);
      return;
    case HF_PART_SETUID:
      hf_trace_setuid(call);
      return;
    default:
      return;
  }
}

static __always_inline void hf_call_ended(__u64 number, __s64 result) {
  struct task_struct *task = bpf_get_current_task_btf();
  __u32 nr = hf_is_ia32(task) ? (__u32)hf_current_syscall() : number & ~X32_SYSCALL_BIT;
  __u32 part = nr < HF_NR_MAX ? hf_parts[nr] : 0;
  if (part) {
    struct hf_call call = {};
    hf_current_call(&call);
    call.result = result;
    hf_trace(&call, part);
  }
}

/* Every call of everybody ends here: a bystander leaves after one pointer test, a container's task
 * after one look into a table. */
SEC("?tp_btf/sys_exit")
int BPF_PROG(hf_tp_sys_exit, struct pt_regs *regs, long ret) {
  if (!hf_no_tag()) {
    hf_call_ended(regs->orig_ax, ret);
  }
  return 0;
}
