/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who is asking: the first lines of every program. */
#ifndef HOLDFAST_BPF_LIB_SUBJECT_H
#define HOLDFAST_BPF_LIB_SUBJECT_H

#include "bpf/lib/maps.h"

/* A guarded task, its tag and its container's policy. */
struct hf_subject {
  struct task_struct *task;
  struct hf_task *tag;
  struct hf_policy *policy;
};

/* The policy of a tag; NULL when its container is gone and the slot free or another's. */
static __always_inline struct hf_policy *hf_policy_of(const struct hf_task *tag) {
  __u32 slot = tag->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  return policy && policy->generation && policy->generation == tag->generation ? policy : NULL;
}

/* An engine in a container of an engine, each with a user namespace for itself and one for its
 * containers, twice over. What is nested deeper counts as nobody's; the kernel allows 32. */
#define HF_USER_NAMESPACES 8

/* The user who made the user namespace that `task` is in, or that one's ancestor right below the
 * host's: whoever did has every capability over the task. 0: it is in the host's, or in root's. */
static __always_inline __u32 hf_maker_of(struct task_struct *task) {
  struct user_namespace *ns = BPF_CORE_READ(task, real_cred, user_ns);
  for (int i = 0; i < HF_USER_NAMESPACES && ns; i++) {
    int level = BPF_CORE_READ(ns, level);
    if (level <= 1) {
      return level == 1 ? BPF_CORE_READ(ns, owner.val) : 0;
    }
    ns = BPF_CORE_READ(ns, parent);
  }
  return 0;
}

/* Whether a task that is found in the cgroup of policy's container, or is named as its init, may
 * become the container's. Users can move any process within the cgroups that are theirs, that of a
 * set-user-ID program too (kernel commit 576dd464505f): what their policy refuses must not be
 * refused to it. Rootless runtimes enter from the user namespace of their engine. */
static __always_inline bool hf_may_have(__u32 owner, struct task_struct *task) {
  return !owner || hf_maker_of(task) == owner;
}

/* The policy of the container that `task`, found in the cgroup of `slot`, becomes one of; NULL
 * where it does not. */
static __always_inline struct hf_policy *hf_policy_to_join(__u32 slot, struct task_struct *task) {
  struct hf_policy *policy = slot ? bpf_map_lookup_elem(&hf_policies, &slot) : NULL;
  return policy && policy->generation && hf_may_have(policy->owner, task) ? policy : NULL;
}

/* Whether the current task is no container's, told by one load: the first question of programs that
 * have others before hf_guarded's. */
static __always_inline bool hf_no_tag(void) {
  return !bpf_get_current_task_btf()->bpf_storage;
}

/* The tag of `task`; NULL for a bystander. A task without any task storage costs one load. */
static __always_inline struct hf_task *hf_tag_of(struct task_struct *task) {
  return task->bpf_storage ? bpf_task_storage_get(&hf_tasks, task, 0, 0) : NULL;
}

/* Whether the current task belongs to a container, setting up or not. */
static __always_inline bool hf_member(struct hf_subject *subject) {
  subject->task = bpf_get_current_task_btf();
  subject->tag = hf_tag_of(subject->task);
  if (!subject->tag) {
    return false;
  }
  subject->policy = hf_policy_of(subject->tag);
  return subject->policy != NULL;
}

/* Whether the current task is one that policy judges: a container's, past its set-up. */
static __always_inline bool hf_guarded(struct hf_subject *subject) {
  return hf_member(subject) && !(subject->tag->flags & HF_TASK_SETTING_UP);
}

#endif
