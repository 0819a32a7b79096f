/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Files that somebody has named: the profile, the runtime, or holdfast itself. */
#ifndef HOLDFAST_BPF_LIB_RULE_H
#define HOLDFAST_BPF_LIB_RULE_H

#include "bpf/lib/decide.h"

/* Directories above a file that are looked at for being holdfast's own: /etc/holdfast/profiles.d
 * has the deepest files. */
#define HF_PROTECTED_DEPTH 3

/* A second or another name would lead round the rule of the first, for reading as well. */
static __always_inline __u32 hf_access_of_change(__u32 class_id) {
  return class_id == HF_ROOTFS_LINK || class_id == HF_ROOTFS_RENAME
             ? HF_ACCESS_READ | HF_ACCESS_WRITE
             : HF_ACCESS_WRITE;
}

/* file.sensitive: the profile has a rule for the path. 0 or -EACCES. */
static __always_inline int hf_check_rule(const struct hf_subject *subject,
                                         const struct dentry *dentry, const struct vfsmount *mount,
                                         __u32 operation, __u32 access) {
  if (!(subject->policy->flags & HF_POLICY_FILE_RULES)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_FILE_SENSITIVE, operation, EACCES);
  hf_case.dentry = (__u64)dentry;
  hf_case.mount = (__u64)mount;
  return hf_decide_file(&hf_case, access) ? hf_constant(-EACCES) : 0;
}

static __always_inline bool hf_is_program(const struct hf_program *program, __u64 ino, __u32 dev) {
  return program->ino == ino && program->dev == dev && ino;
}

/* escape.runtime-overwrite: a change of the program that set the container up (CVE-2019-5736). */
static __always_inline int hf_check_runtime(const struct hf_subject *subject,
                                            const struct dentry *dentry,
                                            const struct vfsmount *mount, __u32 operation) {
  const struct hf_policy *policy = subject->policy;
  __u64 ino = BPF_CORE_READ(dentry, d_inode, i_ino);
  __u32 dev = BPF_CORE_READ(dentry, d_sb, s_dev);
  if (!hf_is_program(&policy->runtime[0], ino, dev) &&
      !hf_is_program(&policy->runtime[1], ino, dev)) {
    return 0;
  }
  return hf_refuse_at(subject, HF_ESCAPE_RUNTIME_OVERWRITE, operation, EPERM, dentry, mount);
}

/* tamper.monitor: a change of holdfast's own files, which a container can only reach by a mount. */
static __always_inline int hf_check_tampering(const struct hf_subject *subject,
                                              const struct dentry *dentry,
                                              const struct vfsmount *mount, __u32 operation) {
  struct hf_directory_key key = {.dev = BPF_CORE_READ(dentry, d_sb, s_dev)};
  bool shared = subject->policy->flags & HF_POLICY_ROOTFS_SHARED;
  if (key.dev == subject->policy->rootfs_dev && !shared) {
    return 0;
  }
  const struct dentry *at = dentry;
  for (int i = 0; i <= HF_PROTECTED_DEPTH; i++) {
    key.dentry = (__u64)at;
    key.ino = BPF_CORE_READ(at, d_inode, i_ino);
    if (bpf_map_lookup_elem(&hf_protected, &key)) {
      return hf_refuse_at(subject, HF_TAMPER_MONITOR, operation, EPERM, dentry, mount);
    }
    at = BPF_CORE_READ(at, d_parent);
  }
  return 0;
}

#endif
