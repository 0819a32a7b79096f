/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Judging a change of the rootfs. */
#ifndef HOLDFAST_BPF_LIB_ROOTFS_H
#define HOLDFAST_BPF_LIB_ROOTFS_H

#include "bpf/lib/decide.h"
#include "bpf/lib/verdict.h"

/* Everything but the superblock is looked at only when that is the rootfs's. */
static __always_inline bool hf_on_rootfs(const struct hf_subject *subject,
                                         const struct dentry *dentry) {
  return dentry->d_sb->s_dev == subject->policy->rootfs_dev;
}

/* 0, or -EROFS where the change of `dentry` must be refused. `stored`: see verdict.h. */
static __always_inline int hf_change_with(struct hf_subject *subject, struct dentry *dentry,
                                          __u32 class_id, __u32 operation, __u64 argument,
                                          bool stored) {
  if (!hf_on_rootfs(subject, dentry)) {
    return 0;
  }
  struct hf_verdict now = hf_verdict_now(subject);
  if ((__u64)dentry != subject->policy->rootfs && hf_verdict_holds(&now, dentry, stored)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, class_id, operation, EROFS);
  hf_case.dentry = (__u64)dentry;
  hf_case.argument = argument;
  int verdict = hf_decide_rootfs(&hf_case) ? hf_constant(-EROFS) : 0;
  if (hf_case.siblings_too) {
    hf_verdict_keep(&now, dentry, stored);
  }
  return verdict;
}

/* The same, of a dentry that a hook was given. */
static __always_inline int hf_change(struct hf_subject *subject, struct dentry *dentry,
                                     __u32 class_id, __u32 operation, __u64 argument) {
  return hf_change_with(subject, dentry, class_id, operation, argument, !hf_modify_return);
}

/* Since 6.18 the path of an open file is in a union, out of which the verifier lets
 * no pointer into inode storage. */
struct file___path_in_union {
  struct path __f_path;
} __attribute__((preserve_access_index));

/* The same, of an open file. */
static __always_inline int hf_change_file(struct hf_subject *subject, struct file *file,
                                          __u32 class_id, __u32 operation) {
  struct dentry *dentry = file->f_path.dentry;
  struct file___path_in_union *newer = (void *)file;
  bool stored = !hf_modify_return && !bpf_core_field_exists(newer->__f_path);
  return hf_change_with(subject, dentry, class_id, operation, 0, stored);
}

#endif
