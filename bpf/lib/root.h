/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who is root, in the user namespace of the credentials. */
#ifndef HOLDFAST_BPF_LIB_ROOT_H
#define HOLDFAST_BPF_LIB_ROOT_H

#include "bpf/lib/subject.h"

/* The host's number of the user that is 0 in the namespace of `cred`: a namespace that has a root
 * maps it first. */
static __always_inline __u32 hf_root_of(const struct cred *cred) {
  return BPF_CORE_READ(cred, user_ns, uid_map.extent[0].lower_first);
}

/* Whether one of the user ids is root's: who has one can have the others. */
static __always_inline bool hf_is_root_anyhow(const struct cred *cred, __u32 root) {
  return cred->uid.val == root || cred->euid.val == root || cred->suid.val == root ||
         cred->fsuid.val == root;
}

/* The back end `tracepoint` sees credentials when they have changed: what they were is kept with
 * the task. */
static __always_inline void hf_note_root(struct hf_task *tag, const struct cred *cred) {
  if (hf_is_root_anyhow(cred, hf_root_of(cred))) {
    tag->flags &= ~HF_TASK_NOT_ROOT;
  } else {
    tag->flags |= HF_TASK_NOT_ROOT;
  }
}

#endif
