// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Turns a case into a verdict and an event.
#include "bpf/lib/decide.h"

#include "bpf/lib/compat.h"
#include "bpf/lib/inode.h"
#include "bpf/lib/path.h"

/* arch/x86/include/asm/thread_info.h, uapi/asm/unistd.h */
#define TS_COMPAT 0x0002
#define X32_SYSCALL_BIT 0x40000000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct thread_info {
  __u32 status;
};
struct task_struct___thread_info {
  struct thread_info thread_info;
};
#pragma clang attribute pop

/* The few calls that a 32-bit process can make as well and whose number we ask for. */
static __always_inline int hf_from_ia32(int nr) {
  switch (nr) {
    case 310:
      return 272; /* unshare */
    case 346:
      return 308; /* setns */
    case 342:
      return 304; /* open_by_handle_at */
    case 128:
      return 175; /* init_module */
    case 129:
      return 176; /* delete_module */
    case 350:
      return 313; /* finit_module */
    case 101:
      return 173; /* ioperm */
    case 110:
      return 172; /* iopl */
    case 283:
      return 246; /* kexec_load */
    default:
      return nr >= 424 ? nr : -1; /* the same on every architecture from here */
  }
}

__noinline int hf_current_syscall(void) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
  int nr = (int)regs->orig_ax;
  const struct task_struct___thread_info *thread = (const void *)task;
  if (BPF_CORE_READ(thread, thread_info.status) & TS_COMPAT) {
    return hf_from_ia32(nr);
  }
  return nr < 0 ? -1 : nr & ~X32_SYSCALL_BIT;
}

static __always_inline void hf_fill_object(struct hf_event *event, const struct hf_case *hf_case) {
  event->object_mode = hf_case->mode;
  event->object_rdev = hf_case->rdev;
  if (!hf_case->dentry) {
    return;
  }
  struct dentry *dentry = (void *)hf_case->dentry;
  struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
  event->object_dev = BPF_CORE_READ(sb, s_dev);
  event->object_magic = (__u32)BPF_CORE_READ(sb, s_magic);
  struct inode *inode = BPF_CORE_READ(dentry, d_inode);
  if (!inode) {
    return;
  }
  event->object_ino = BPF_CORE_READ(inode, i_ino);
  event->object_mode = BPF_CORE_READ(inode, i_mode);
  event->object_rdev = BPF_CORE_READ(inode, i_rdev);
}

static __always_inline __u32 hf_innermost_pid(struct task_struct *leader) {
  struct pid *pid = BPF_CORE_READ(leader, thread_pid);
  unsigned int level = BPF_CORE_READ(pid, level);
  struct upid upid = {};
  bpf_probe_read_kernel(&upid, sizeof(upid),
                        (void *)pid + bpf_core_field_offset(struct pid, numbers) +
                            level * bpf_core_type_size(struct upid));
  return upid.nr;
}

static __always_inline void hf_fill_process(struct hf_event *event, struct task_struct *task) {
  struct task_struct *leader = task->group_leader;
  const struct cred *cred = task->real_cred;
  event->task_start_ns = leader->start_boottime;
  event->pid = task->pid;
  event->tgid = task->tgid;
  event->ppid = task->real_parent->tgid;
  event->container_pid = hf_innermost_pid(leader);
  event->uid = cred->uid.val;
  event->gid = cred->gid.val;
  event->cap_effective = HF_CAPS(cred, cap_effective);
  bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/* Copies the end of the built path, which names the object; its beginning is what does not fit.
 * `max` is a power of two, of which at most max - 1 bytes are used: the mask is what the verifier
 * understands. */
static __always_inline __u32 hf_copy_path(char *to, const struct hf_scratch *scratch, __u32 max,
                                          bool *truncated) {
  __u32 len = scratch->path_len;
  __u32 start = scratch->path_start;
  *truncated = scratch->path_flags & HF_PATH_TRUNCATED;
  if (len > max - 1) {
    start += len - (max - 1);
    len = max - 1;
    *truncated = true;
  }
  HF_MASK(len, max - 1);
  HF_MASK(start, HF_PATH_MAX - 1);
  bpf_probe_read_kernel(to, len, &scratch->path[start]);
  return len;
}

static __always_inline void hf_fill_exe(struct hf_scratch *scratch, struct hf_event *event,
                                        const struct hf_policy *policy, struct task_struct *task) {
  struct mm_struct *mm = task->mm;
  struct file *exe = mm ? BPF_CORE_READ(mm, exe_file) : NULL;
  event->exe_len = 0;
  event->exe_ino = 0;
  event->exe_dev = 0;
  if (!exe) {
    return;
  }
  struct inode *inode = BPF_CORE_READ(exe, f_inode);
  event->exe_ino = BPF_CORE_READ(inode, i_ino);
  event->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
  hf_build_path(scratch, (__u64)BPF_CORE_READ(exe, f_path.dentry),
                (__u64)BPF_CORE_READ(exe, f_path.mnt), 0);
  bool truncated;
  __u32 at = event->path_len;
  HF_MASK(at, HF_EVENT_PATH_MAX - 1);
  event->exe_len = hf_copy_path(&event->text[at], scratch, HF_EVENT_EXE_MAX, &truncated);
  if (truncated) {
    event->flags |= HF_EVENT_EXE_TRUNCATED;
  }
}

/* The command line as it is in the caller's memory now. Read here, where a page that is not there
 * is left out: whoever reads /proc/PID/cmdline waits for it, and the container may be the one that
 * has to bring it (userfaultfd, FUSE). */
static __always_inline void hf_fill_arguments(struct hf_event *event, struct task_struct *task) {
  struct mm_struct *mm = task->mm;
  event->args_len = 0;
  if (!mm) {
    return;
  }
  __u64 start = BPF_CORE_READ(mm, arg_start);
  __u64 len = BPF_CORE_READ(mm, arg_end) - start;
  if (len > HF_EVENT_ARGS_MAX - 1) {
    len = HF_EVENT_ARGS_MAX - 1;
    event->flags |= HF_EVENT_ARGS_TRUNCATED;
  }
  HF_MASK(len, HF_EVENT_ARGS_MAX - 1);
  __u64 path_len = event->path_len;
  __u64 exe_len = event->exe_len;
  HF_MASK(path_len, HF_EVENT_PATH_MAX - 1);
  HF_MASK(exe_len, HF_EVENT_EXE_MAX - 1);
  if (!bpf_probe_read_user(&event->text[path_len + exe_len], len, (void *)start)) {
    event->args_len = len;
  }
}

/* Sends the event; the path of the object is in `scratch` when there is one (path_len != 0). */
__noinline int hf_tell(struct hf_scratch *scratch, struct hf_case *hf_case, __u32 outcome) {
  if (!scratch || !hf_case) {
    return 0;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  if (!policy) {
    return 0;
  }
  struct hf_event *event = &scratch->event;
  struct task_struct *task = bpf_get_current_task_btf();
  bool truncated;
  event->time_ns = bpf_ktime_get_boot_ns();
  event->slot = slot;
  event->generation = policy->generation;
  event->class_id = hf_case->class_id;
  event->operation = hf_case->operation;
  event->argument = hf_case->argument;
  event->outcome = outcome;
  event->result = outcome == HF_OUTCOME_SEEN ? 0 : hf_case->result;
  event->flags = hf_case->flags;
  event->object_ino = 0;
  event->object_dev = 0;
  event->object_magic = 0;
  event->path_len = hf_copy_path(event->text, scratch, HF_EVENT_PATH_MAX, &truncated);
  if (truncated) {
    event->flags |= HF_EVENT_TRUNCATED;
  }
  hf_fill_object(event, hf_case);
  hf_fill_process(event, task);
  hf_fill_exe(scratch, event, policy, task);
  hf_fill_arguments(event, task);
  __u32 path_len = event->path_len;
  __u32 exe_len = event->exe_len;
  __u32 args_len = event->args_len;
  HF_MASK(path_len, HF_EVENT_PATH_MAX - 1);
  HF_MASK(exe_len, HF_EVENT_EXE_MAX - 1);
  HF_MASK(args_len, HF_EVENT_ARGS_MAX - 1);
  __u64 size = offsetof(struct hf_event, text) + path_len + exe_len + args_len;
  hf_count(bpf_ringbuf_output(&hf_events, event, size, 0) ? HF_COUNT_LOST : HF_COUNT_EVENTS);
  return 0;
}

/* What policy's action makes of an operation. A bystander is refused, never killed. */
static __always_inline __u32 hf_outcome_of(__u32 action, const struct hf_case *hf_case) {
  if (hf_case->flags & HF_EVENT_REFUSED) {
    return HF_OUTCOME_REFUSED;
  }
  if (action < HF_DENY || (hf_case->flags & HF_EVENT_TOO_LATE)) {
    return HF_OUTCOME_SEEN;
  }
  return action == HF_KILL && !(hf_case->flags & HF_EVENT_BYSTANDER) ? HF_OUTCOME_KILLED
                                                                     : HF_OUTCOME_DENIED;
}

static __always_inline int hf_conclude(struct hf_scratch *scratch, struct hf_case *hf_case,
                                       __u32 action) {
  __u32 outcome = hf_outcome_of(action, hf_case);
  if (scratch) {
    hf_tell(scratch, hf_case, outcome);
    hf_scratch_release(scratch);
  } else {
    hf_count(HF_COUNT_LOST);
  }
  if (outcome == HF_OUTCOME_KILLED) {
    bpf_send_signal(SIGKILL);
  }
  return outcome == HF_OUTCOME_DENIED || outcome == HF_OUTCOME_KILLED;
}

/* The path as the caller spelled it: all there is when a call failed before the kernel found an
 * object. */
static __always_inline void hf_take_user_path(struct hf_scratch *scratch, struct hf_case *hf_case) {
  long len = bpf_probe_read_user_str(scratch->path, HF_PATH_MAX, (void *)hf_case->user_path);
  hf_case->flags |= HF_EVENT_USER_PATH;
  scratch->path_start = 0;
  scratch->path_len = len > 0 ? len - 1 : 0; /* without the terminator */
}

__noinline int hf_decide(struct hf_case *hf_case) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  __u32 action = policy ? hf_action_of(policy, hf_case->class_id) : HF_OFF;
  if (action == HF_OFF) {
    return 0;
  }
  struct hf_scratch *scratch = hf_scratch_claim();
  if (scratch) {
    scratch->path_len = 0;
    scratch->path_flags = 0;
    if (hf_case->dentry) {
      hf_build_path(scratch, hf_case->dentry, hf_case->mount, 0);
    } else if (hf_case->user_path) {
      hf_take_user_path(scratch, hf_case);
    }
  }
  return hf_conclude(scratch, hf_case, action);
}

/* Whether the path in `scratch` lies at or below one of the slot's writable prefixes. Both sides
 * end with a slash so that "/run" does not cover "/runner". */
static __always_inline bool hf_is_writable(struct hf_scratch *scratch, __u32 slot) {
  __u32 len = scratch->path_len;
  __u32 start = scratch->path_start & (HF_PATH_MAX - 1);
  bool whole = len <= HF_WRITABLE_MAX - 1;
  if (!whole) {
    len = HF_WRITABLE_MAX - 1;
  }
  HF_MASK(len, 255);
  struct hf_writable_key *key = &scratch->key;
  bpf_probe_read_kernel(key->path, len, &scratch->path[start]);
  if (whole && len != 1) { /* "/" ends with its slash already */
    key->path[len] = '/';
    len++;
  }
  key->slot = slot;
  key->prefix_bits = 8 * (sizeof(key->slot) + len);
  return bpf_map_lookup_elem(&hf_writable, key) != NULL;
}

__noinline int hf_decide_rootfs(struct hf_case *hf_case) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  __u32 action = policy ? hf_action_of(policy, hf_case->class_id) : HF_OFF;
  if (action == HF_OFF) {
    return 0;
  }
  struct hf_scratch *scratch = hf_scratch_claim();
  if (scratch) {
    bool shared = policy->flags & HF_POLICY_ROOTFS_SHARED;
    hf_build_path(scratch, hf_case->dentry, 0, shared ? policy->rootfs : 0);
    __u32 flags = scratch->path_flags;
    bool elsewhere = shared && !(flags & (HF_PATH_AT_ROOTFS | HF_PATH_TRUNCATED));
    if (elsewhere || (!(flags & HF_PATH_TRUNCATED) && hf_is_writable(scratch, slot))) {
      hf_scratch_release(scratch);
      return 0;
    }
  }
  return hf_conclude(scratch, hf_case, action);
}
