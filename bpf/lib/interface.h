/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Files through which a process configures the kernel, told by superblock and place in it. */
#ifndef HOLDFAST_BPF_LIB_INTERFACE_H
#define HOLDFAST_BPF_LIB_INTERFACE_H

#include "bpf/lib/cgroup.h"
#include "bpf/lib/subject.h"

/* include/uapi/linux/magic.h, fs/efivarfs, security/selinux */
#define HF_MAGIC_PROC 0x9fa0
#define HF_MAGIC_SYSFS 0x62656572
#define HF_MAGIC_DEBUGFS 0x64626720
#define HF_MAGIC_TRACEFS 0x74726163
#define HF_MAGIC_SECURITYFS 0x73636673
#define HF_MAGIC_BINFMTFS 0x42494e4d
#define HF_MAGIC_BPF 0xcafe4a11
#define HF_MAGIC_EFIVARFS 0xde5e81e4
#define HF_MAGIC_CONFIGFS 0x62656570
#define HF_MAGIC_PSTORE 0x6165676c
#define HF_MAGIC_SELINUX 0xf97cff8c
#define HF_MAGIC_CGROUP2 0x63677270
#define HF_MAGIC_CGROUP 0x27e0eb

/* procfs is at most this deep (/proc/PID/task/TID/net/stat/…); deeper counts as an interface. */
#define HF_PROC_DEPTH 12

static __always_inline bool hf_named(struct dentry *dentry, const char *name, __u32 len) {
  char found[16] = {};
  if (len >= sizeof(found) || BPF_CORE_READ(dentry, d_name.len) != len) {
    return false;
  }
  bpf_probe_read_kernel(found, len, BPF_CORE_READ(dentry, d_name.name));
  for (__u32 i = 0; i < len; i++) {
    if (found[i] != name[i]) {
      return false;
    }
  }
  return true;
}

/* Whether a file of procfs is about the system and not about one process: its topmost directory is
 * no number. Names in procfs are the kernel's, nobody else can make any. */
static __always_inline bool hf_proc_is_global(struct dentry *dentry) {
  for (int i = 0; i < HF_PROC_DEPTH; i++) {
    struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
    if (parent == BPF_CORE_READ(parent, d_parent)) {
      char first = 0;
      bpf_probe_read_kernel(&first, sizeof(first), BPF_CORE_READ(dentry, d_name.name));
      return first < '0' || first > '9';
    }
    dentry = parent;
  }
  return true;
}

/* A walk from a file of cgroupfs towards the root. */
struct hf_cgroup_walk {
  struct dentry *dentry;
  __u64 cgroup_id;
  bool found;
};

/* A callback of bpf_loop: 1 ends the loop. */
static inline long hf_cgroup_step(__u32 index, struct hf_cgroup_walk *walk) {
  struct dentry *dentry = walk->dentry;
  walk->found = BPF_CORE_READ(dentry, d_inode, i_ino) == walk->cgroup_id;
  walk->dentry = BPF_CORE_READ(dentry, d_parent);
  return walk->found || walk->dentry == dentry;
}

/* Whether a file of cgroupfs is in the directory of that cgroup, or below. */
static __always_inline bool hf_in_cgroup(struct dentry *dentry, __u64 cgroup_id) {
  struct hf_cgroup_walk walk = {.dentry = dentry, .cgroup_id = cgroup_id};
  bpf_loop(HF_CGROUP_DEPTH, hf_cgroup_step, &walk, 0);
  return walk.found;
}

/* Reading /proc/kcore is reading all memory. */
static __always_inline bool hf_is_kcore(struct dentry *dentry) {
  struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
  return parent == BPF_CORE_READ(parent, d_parent) && hf_named(dentry, "kcore", 5);
}

static __always_inline bool hf_is_interface(__u64 magic) {
  switch (magic) {
    case HF_MAGIC_SYSFS:
    case HF_MAGIC_DEBUGFS:
    case HF_MAGIC_TRACEFS:
    case HF_MAGIC_SECURITYFS:
    case HF_MAGIC_BINFMTFS:
    case HF_MAGIC_BPF:
    case HF_MAGIC_EFIVARFS:
    case HF_MAGIC_CONFIGFS:
    case HF_MAGIC_PSTORE:
    case HF_MAGIC_SELINUX:
      return true;
    default:
      return false;
  }
}

/* The class that opening the file at `dentry` belongs to because of the file system it is on, whose
 * number is `magic`; 0: an ordinary file. */
static __always_inline __u32 hf_interface_class_at(const struct hf_subject *subject,
                                                   struct dentry *dentry, __u64 magic,
                                                   bool writes) {
  if (!writes) {
    return magic == HF_MAGIC_PROC && hf_is_kcore(dentry) ? HF_ESCAPE_KERNEL_INTERFACE : 0;
  }
  if (magic == HF_MAGIC_PROC) {
    return hf_proc_is_global(dentry) ? HF_ESCAPE_KERNEL_INTERFACE : 0;
  }
  if (magic == HF_MAGIC_CGROUP2) {
    return hf_in_cgroup(dentry, subject->policy->cgroup_id) ? 0 : HF_ESCAPE_CGROUP;
  }
  if (magic == HF_MAGIC_CGROUP) {
    /* cgroup v1: the agent runs on the host as root (CVE-2022-0492); any other file only moves
     * tasks. */
    return hf_named(dentry, "release_agent", 13) ? HF_ESCAPE_KERNEL_INTERFACE : HF_ESCAPE_CGROUP;
  }
  return hf_is_interface(magic) ? HF_ESCAPE_KERNEL_INTERFACE : 0;
}

static __always_inline __u32 hf_interface_class(const struct hf_subject *subject,
                                                struct file *file) {
  struct dentry *dentry = file->f_path.dentry;
  return hf_interface_class_at(subject, dentry, dentry->d_sb->s_magic, file->f_mode & FMODE_WRITE);
}

#endif
