/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The process that a system call is about, where a tracepoint knows only its number. */
#ifndef HOLDFAST_BPF_LIB_TARGET_H
#define HOLDFAST_BPF_LIB_TARGET_H

#include "bpf/lib/namespace.h"

/* include/linux/xarray.h: a node's address has this in its lowest bits; six bits of the index a
 * level, of 22 that a number has (PID_MAX_LIMIT). */
#define HF_XA_NODE 2
#define HF_XA_LEVELS 4
#define HF_XA_SLOTS 64

static __always_inline void *hf_xa_load(struct xarray *array, __u32 index) {
  void *entry = BPF_CORE_READ(array, xa_head);
  for (int level = 0; level < HF_XA_LEVELS; level++) {
    if (((__u64)entry & 3) != HF_XA_NODE) {
      break;
    }
    struct xa_node *node = entry - HF_XA_NODE;
    __u32 slot = index >> (BPF_CORE_READ(node, shift) & 31);
    if (!level && slot >= HF_XA_SLOTS) {
      return NULL;
    }
    void **slots = (void *)node + bpf_core_field_offset(struct xa_node, slots);
    bpf_probe_read_kernel(&entry, sizeof(entry), &slots[slot % HF_XA_SLOTS]);
  }
  return (__u64)entry & 3 ? NULL : entry;
}

/* The process that has the number `nr` where `task` is. */
static __always_inline struct pid *hf_pid_at(struct task_struct *task, __u32 nr) {
  struct pid *own = BPF_CORE_READ(task, thread_pid);
  struct upid upid = {};
  bpf_probe_read_kernel(&upid, sizeof(upid),
                        (void *)own + bpf_core_field_offset(struct pid, numbers) +
                            BPF_CORE_READ(own, level) * bpf_core_type_size(struct upid));
  struct pid_namespace *ns = upid.ns;
  return ns ? hf_xa_load(&ns->idr.idr_rt, nr) : NULL;
}

static __always_inline struct task_struct *hf_task_of(struct pid *pid) {
  struct hlist_node *first = pid ? BPF_CORE_READ(pid, tasks[0].first) : NULL;
  return first ? (void *)first - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

/* Set before loading: hf_copy_tag can answer. */
extern const volatile bool hf_finds_tasks;

/* Whether the process whose number on the host is `tgid` has a tag, which is then in `copy`. */
int hf_copy_tag(__u32 tgid, struct hf_task *copy);

/* Whether `target`, an address, has a tag. Where the kernel finds no tasks by number, which mounts
 * it has must do. */
static __always_inline bool hf_target_tag(const struct hf_subject *subject,
                                          struct task_struct *target, struct hf_task *copy) {
  if (hf_finds_tasks) {
    return hf_copy_tag(BPF_CORE_READ(target, tgid), copy);
  }
  __u32 inum = BPF_CORE_READ(target, nsproxy, mnt_ns, ns.inum);
  copy->slot = subject->tag->slot;
  copy->generation = subject->tag->generation;
  return hf_namespace_is(copy->slot, inum);
}

/* Whether any guarded container has the process `tgid`. */
static __always_inline bool hf_is_guarded(__u32 tgid) {
  struct hf_task tag = {};
  return hf_copy_tag(tgid, &tag) && hf_policy_of(&tag);
}

#endif
