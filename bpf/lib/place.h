/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Some hooks know an inode and not the mount it was reached through. Which it was, they learn from
 * the request for write access to that mount, which comes before them: see write_access.bpf.c. */
#ifndef HOLDFAST_BPF_LIB_PLACE_H
#define HOLDFAST_BPF_LIB_PLACE_H

#include "bpf/lib/namespace.h"

/* Whether the task is within an open, whose hooks know the mount: what others hear of then is
 * overlayfs's work on its layers. While a path is looked up the kernel keeps where it is in the
 * task; an open asks for write access before that ends (path_openat in fs/namei.c), every other
 * call after (filename_parentat, user_path_at). */
static __always_inline bool hf_is_opening(const struct task_struct *task) {
  return task->nameidata;
}

/* For the hooks that ask next. A program that traces is left out when it interrupts itself; then
 * the answer is that of the task's request before. */
static __always_inline void hf_note_place(struct hf_subject *subject, struct vfsmount *mount) {
  if (hf_mount_own(subject, mount)) {
    subject->tag->flags &= ~HF_TASK_WRITES_OUTSIDE;
  } else {
    subject->tag->flags |= HF_TASK_WRITES_OUTSIDE;
  }
}

/* Whether what a hook without a mount is asked about lies outside the container. */
static __always_inline bool hf_writes_outside(const struct hf_subject *subject) {
  return (subject->tag->flags & HF_TASK_WRITES_OUTSIDE) && !hf_is_opening(subject->task);
}

#endif
