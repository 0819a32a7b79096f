// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Makes the event of a case and sends it.
#include "bpf/lib/tell.h"

#include "bpf/lib/compat.h"
#include "bpf/lib/inode.h"
#include "bpf/lib/path.h"
#include "bpf/lib/repeat.h"

static __always_inline void hf_fill_object(struct hf_event *event, const struct hf_case *hf_case) {
  event->object_mode = hf_case->mode;
  event->object_rdev = hf_case->rdev;
  if (!hf_case->dentry) {
    return;
  }
  struct dentry *dentry = (void *)hf_case->dentry;
  struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
  event->parent_ino = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);
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

static __always_inline void hf_fill_address(struct hf_event *event, const struct hf_case *hf_case) {
  event->family = hf_case->family;
  event->port = hf_case->port;
  event->protocol = hf_case->protocol;
  __builtin_memcpy(event->address, hf_case->address, sizeof(event->address));
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
  event->exec_id = (__u32)task->self_exec_id;
  event->pid = task->pid;
  event->tgid = task->tgid;
  event->ppid = task->real_parent->tgid;
  event->container_pid = hf_innermost_pid(leader);
  event->uid = cred->uid.val;
  event->gid = cred->gid.val;
  event->cap_effective = HF_CAPS(cred, cap_effective);
  bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/* Who started it, and who started those. */
static __always_inline void hf_fill_ancestors(struct hf_event *event, struct task_struct *task) {
  struct task_struct *child = task;
  for (__u32 i = 0; i < HF_ANCESTORS; i++) {
    struct task_struct *parent = BPF_CORE_READ(child, real_parent, group_leader);
    struct hf_ancestor *ancestor = &event->ancestors[i];
    ancestor->tgid = 0;
    if (parent == child) {
      break;
    }
    ancestor->start_ns = BPF_CORE_READ(parent, start_boottime);
    ancestor->exec_id = (__u32)BPF_CORE_READ(parent, self_exec_id);
    ancestor->tgid = BPF_CORE_READ(parent, tgid);
    child = parent;
  }
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
  if (!(event->flags & HF_EVENT_BYSTANDER) && !hf_from_image(policy, inode)) {
    event->flags |= HF_EVENT_UPPER_LAYER;
  }
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

/* Half of each ring is root's: what users let their containers do must not drown what is told of
 * root's. */
static __always_inline bool hf_has_room(const struct hf_policy *policy, bool record) {
  if (!policy->owner) {
    return true;
  }
  return record ? bpf_ringbuf_query(&hf_records, BPF_RB_AVAIL_DATA) < HF_RECORDS_BYTES / 2
                : bpf_ringbuf_query(&hf_alerts, BPF_RB_AVAIL_DATA) < HF_ALERTS_BYTES / 2;
}

/* Repeats that are lost with the event that was to tell of them are lost events from here on. */
static __always_inline void hf_send(const struct hf_policy *policy, struct hf_event *event,
                                    __u64 size) {
  bool record = event->action == HF_RECORD;
  long error = -1;
  if (hf_has_room(policy, record)) {
    error = record ? bpf_ringbuf_output(&hf_records, event, size, 0)
                   : bpf_ringbuf_output(&hf_alerts, event, size, 0);
  }
  if (error) {
    hf_count(event->slot, record ? HF_COUNT_RECORDS_FULL : HF_COUNT_ALERTS_FULL, event->count);
    hf_count(event->slot, HF_COUNT_REPEATED, -(__u64)(event->count - 1));
  } else {
    hf_count(event->slot, record ? HF_COUNT_RECORDS : HF_COUNT_ALERTS, 1);
  }
}

__noinline int hf_tell(struct hf_scratch *scratch, struct hf_case *hf_case, __u32 outcome) {
  if (!scratch || !hf_case) {
    return 0;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  if (!policy) {
    return 0;
  }
  __u32 count = hf_count_repeat(scratch, hf_case, outcome);
  if (!count) {
    return 0;
  }
  struct hf_event *event = &scratch->event;
  struct task_struct *task = bpf_get_current_task_btf();
  bool truncated;
  event->count = count;
  event->time_ns = bpf_ktime_get_boot_ns();
  event->slot = slot;
  event->generation = policy->generation;
  event->class_id = hf_case->class_id;
  event->operation = hf_case->operation;
  event->argument = hf_case->argument;
  event->outcome = outcome;
  event->action = hf_case->action;
  event->severity = hf_case->severity;
  event->result = outcome == HF_OUTCOME_SEEN ? 0 : hf_case->result;
  event->flags = hf_case->flags;
  event->object_ino = 0;
  event->parent_ino = 0;
  event->object_dev = 0;
  event->object_magic = 0;
  event->path_len = hf_copy_path(event->text, scratch, HF_EVENT_PATH_MAX, &truncated);
  if (truncated) {
    event->flags |= HF_EVENT_TRUNCATED;
  }
  hf_fill_object(event, hf_case);
  hf_fill_address(event, hf_case);
  hf_fill_process(event, task);
  hf_fill_ancestors(event, task);
  hf_fill_exe(scratch, event, policy, task);
  hf_fill_arguments(event, task);
  __u32 path_len = event->path_len;
  __u32 exe_len = event->exe_len;
  __u32 args_len = event->args_len;
  HF_MASK(path_len, HF_EVENT_PATH_MAX - 1);
  HF_MASK(exe_len, HF_EVENT_EXE_MAX - 1);
  HF_MASK(args_len, HF_EVENT_ARGS_MAX - 1);
  __u64 size = offsetof(struct hf_event, text) + path_len + exe_len + args_len;
  hf_send(policy, event, size);
  return 0;
}
