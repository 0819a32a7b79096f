/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Files that somebody has named: the profile, the runtime, or holdfast itself. */
#ifndef HOLDFAST_BPF_LIB_RULE_H
#define HOLDFAST_BPF_LIB_RULE_H

#include "bpf/lib/namespace.h"

/* Directories above a file that are looked at for being holdfast's own: /etc/holdfast/profiles.d
 * has the deepest files. */
#define HF_PROTECTED_DEPTH 3

/* A second or another name would lead round the rule of the first, for reading as well. */
static __always_inline __u32 hf_access_of_change(__u32 class_id) {
  return class_id == HF_ROOTFS_LINK || class_id == HF_ROOTFS_RENAME
             ? HF_ACCESS_READ | HF_ACCESS_WRITE
             : HF_ACCESS_WRITE;
}

/* file.sensitive: the profile has a rule for the path. 0 or -EACCES. A file on a mount of the
 * kernel's own has no path that a rule could mean: a memfd, or the file of a layer that overlayfs
 * opens once its own was judged (under its own path since def3ae83da02, 6.7). */
static __always_inline int hf_check_rule(const struct hf_subject *subject,
                                         const struct dentry *dentry, const struct vfsmount *mount,
                                         __u32 operation, __u32 access) {
  if (!(subject->policy->flags & HF_POLICY_FILE_RULES) || hf_mount_is_internal(mount)) {
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

/* A file as its file system knows it. */
struct hf_node {
  __u64 ino;
  __u32 dev;
};

static __always_inline struct hf_node hf_node_of(const struct dentry *dentry) {
  const struct inode *inode = dentry->d_inode;
  return (struct hf_node){.ino = inode ? inode->i_ino : 0, .dev = dentry->d_sb->s_dev};
}

/* escape.runtime-overwrite: a change of the program that set the container up (CVE-2019-5736). */
static __always_inline int hf_check_runtime_node(const struct hf_subject *subject,
                                                 struct hf_node node, const struct dentry *dentry,
                                                 const struct vfsmount *mount, __u32 operation) {
  const struct hf_policy *policy = subject->policy;
  if (!hf_is_program(&policy->runtime[0], node.ino, node.dev) &&
      !hf_is_program(&policy->runtime[1], node.ino, node.dev)) {
    return 0;
  }
  return hf_refuse_at(subject, HF_ESCAPE_RUNTIME_OVERWRITE, operation, EPERM, dentry, mount);
}

static __always_inline int hf_check_runtime(const struct hf_subject *subject,
                                            const struct dentry *dentry,
                                            const struct vfsmount *mount, __u32 operation) {
  return hf_check_runtime_node(subject, hf_node_of(dentry), dentry, mount, operation);
}

/* Whether any of holdfast's own directories may be on the device. */
static __always_inline bool hf_may_be_protected(__u32 dev) {
  __u32 index = 0;
  struct hf_host *host = bpf_map_lookup_elem(&hf_hosts, &index);
  return !host || (host->protected_devices & hf_device_bit(dev));
}

/* tamper.monitor: a change of holdfast's own files, which a container can only reach by a mount. */
static __always_inline int hf_check_tampering(const struct hf_subject *subject,
                                              const struct dentry *dentry,
                                              const struct vfsmount *mount, __u32 operation) {
  struct hf_directory_key key = {.dev = dentry->d_sb->s_dev};
  if (!hf_may_be_protected(key.dev)) {
    return 0;
  }
  const struct dentry *at = dentry;
  for (int i = 0; i <= HF_PROTECTED_DEPTH; i++) {
    const struct inode *inode = at->d_inode;
    key.dentry = (__u64)at;
    key.ino = inode ? inode->i_ino : 0;
    if (bpf_map_lookup_elem(&hf_protected, &key)) {
      return hf_refuse_at(subject, HF_TAMPER_MONITOR, operation, EPERM, dentry, mount);
    }
    at = at->d_parent;
  }
  return 0;
}

#endif
