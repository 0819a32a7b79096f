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

/* Whether a task without a tag that is found in the cgroup of policy's container becomes the
 * container's. Users can move any process into a cgroup of theirs that they may move at all, that
 * of a set-user-ID program too (kernel commit 187fe84067bd): what their policy refuses must not be
 * refused to it. Rootless runtimes enter from the user namespace of their engine. */
static __always_inline bool hf_may_join(const struct hf_policy *policy, struct task_struct *task) {
  return !(policy->flags & HF_POLICY_OF_USER) || BPF_CORE_READ(task, real_cred, user_ns, level) > 0;
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
