/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Judging a change of the rootfs. */
#ifndef HOLDFAST_BPF_LIB_ROOTFS_H
#define HOLDFAST_BPF_LIB_ROOTFS_H

#include "bpf/lib/decide.h"
#include "bpf/lib/verdict.h"

/* 0, or -EROFS where the change of `dentry` must be refused. Everything but the superblock is
 * looked at only when that is the rootfs's. */
static __always_inline int hf_change(struct hf_subject *subject, struct dentry *dentry,
                                     __u32 class_id, __u32 operation, __u64 argument) {
  if (dentry->d_sb->s_dev != subject->policy->rootfs_dev) {
    return 0;
  }
  __u32 renames = hf_renames();
  if ((__u64)dentry != subject->policy->rootfs && hf_verdict_holds(subject, dentry, renames)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, class_id, operation, EROFS);
  hf_case.dentry = (__u64)dentry;
  hf_case.argument = argument;
  if (hf_decide_rootfs(&hf_case)) {
    return hf_constant(-EROFS);
  }
  if (hf_case.siblings_too) {
    hf_verdict_keep(subject, dentry, renames);
  }
  return 0;
}

#endif
