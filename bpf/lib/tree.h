/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A change of a file that is known by address: the questions of rootfs.bpf.c, asked afterwards. */
#ifndef HOLDFAST_BPF_LIB_TREE_H
#define HOLDFAST_BPF_LIB_TREE_H

#include "bpf/lib/namespace.h"
#include "bpf/lib/rule.h"

/* rootfs.*, where `dentry` is part of the container's root file system. */
static __always_inline void hf_tell_rootfs(const struct hf_subject *subject, struct dentry *dentry,
                                           __u32 class_id, __u32 operation, __u64 argument) {
  if (BPF_CORE_READ(dentry, d_sb, s_dev) == subject->policy->rootfs_dev) {
    struct hf_case hf_case = hf_case_of(subject, class_id, operation, 0);
    hf_case.dentry = (__u64)dentry;
    hf_case.argument = argument;
    hf_decide_rootfs(&hf_case);
  }
}

/* Whether `dentry` or a directory not far above it is holdfast's own. */
static __always_inline bool hf_is_protected(struct dentry *dentry, __u32 dev) {
  struct hf_directory_key key = {.dev = dev};
  if (!hf_may_be_protected(dev)) {
    return false;
  }
  for (int i = 0; i <= HF_PROTECTED_DEPTH; i++) {
    key.dentry = (__u64)dentry;
    key.ino = BPF_CORE_READ(dentry, d_inode, i_ino);
    if (bpf_map_lookup_elem(&hf_protected, &key)) {
      return true;
    }
    dentry = BPF_CORE_READ(dentry, d_parent);
  }
  return false;
}

/* Files that have an owner who is not the container. */
static __always_inline void hf_tell_owned(const struct hf_subject *subject, struct dentry *dentry,
                                          struct vfsmount *mount, __u32 operation) {
  struct hf_node node = {.ino = BPF_CORE_READ(dentry, d_inode, i_ino),
                         .dev = BPF_CORE_READ(dentry, d_sb, s_dev)};
  hf_check_runtime_node(subject, node, dentry, mount, operation);
  if (hf_is_protected(dentry, node.dev)) {
    hf_refuse_at(subject, HF_TAMPER_MONITOR, operation, EPERM, dentry, mount);
  }
}

#endif
