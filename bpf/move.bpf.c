// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Hands the tags that another version of holdfast gave to tasks on to ours: see bpf/abi/handover.h.
// Loaded while containers move, and thrown away.
#include "bpf/abi/handover.h"
#include "bpf/lib/types.h"

/* Ours. */
struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct hf_task);
} hf_tasks SEC(".maps");

/* The other version's `hf_tasks`. */
struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct hf_task);
} hf_former_tasks SEC(".maps");

/* By slot: the generation of a container that moves; 0: none. Another's tag is left where it is. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, __u32);
  __type(value, __u32);
} hf_moving SEC(".maps");

/* Set when our programs judge by our tags, and change them. */
__u32 hf_in_force = 0;
/* Answers: tasks that a walk found without our tag, and those that could not be given it. */
__u32 hf_moved = 0;
__u32 hf_failed = 0;

/* Until ours are in force, what the other version's programs note in a tag is copied again and
 * again. From then on ours note it themselves; but a task that began its program before that must
 * not stay the runtime's for us. Returns whether the task had no tag of ours. */
static __always_inline bool hf_hand_on(struct task_struct *task) {
  const struct hf_task *former = bpf_task_storage_get(&hf_former_tasks, task, 0, 0);
  if (!former) {
    return false;
  }
  __u32 slot = former->slot;
  __u32 generation = former->generation;
  __u32 *moving = bpf_map_lookup_elem(&hf_moving, &slot);
  if (!moving || !*moving || *moving != generation) {
    return false;
  }
  struct hf_task *tag = bpf_task_storage_get(&hf_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!tag) {
    __sync_fetch_and_add(&hf_failed, 1);
    return false;
  }
  bool known = tag->slot == slot && tag->generation == generation;
  if (known && hf_in_force) {
    /* Written to only then: our programs do so at the same time. */
    if (tag->flags & ~former->flags & HF_TASK_SETTING_UP) {
      tag->flags &= ~(__u32)HF_TASK_SETTING_UP;
    }
    return false;
  }
  tag->flags = former->flags;
  tag->slot = slot;
  tag->generation = generation;
  return !known;
}

/* A walk over all tasks of the host, threads and kernel's workers for them included. */
SEC("iter/task")
int hf_move_tags(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (task && hf_hand_on(task)) {
    hf_moved++;
  }
  return 0;
}

/* A walk goes by rising pid and may miss a child that was born behind it. The other version's
 * programs have tagged the child by now. */
SEC("tp_btf/task_newtask")
int BPF_PROG(hf_move_newtask, struct task_struct *child) {
  hf_hand_on(child);
  return 0;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
