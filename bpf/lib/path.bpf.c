// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Builds paths by walking dentries and mounts.
#include "bpf/lib/path.h"

/* Puts "/name" in front of what is there. Returns the new start, or 0 when there is no room. */
static __always_inline __u32 hf_prepend(struct hf_scratch *scratch, __u32 start,
                                        const struct dentry *dentry) {
  __u32 len = BPF_CORE_READ(dentry, d_name.len) & HF_NAME_MAX;
  if (start <= len + 1) {
    return 0;
  }
  start -= len + 1;
  __u32 at = start & (HF_PATH_MAX - 1);
  scratch->path[at] = '/';
  bpf_probe_read_kernel(&scratch->path[at + 1], len, BPF_CORE_READ(dentry, d_name.name));
  return start;
}

/* A walk towards the root. Kernel pointers are kept as numbers: they are only read through probe
 * reads. */
struct hf_walk {
  struct hf_scratch *scratch;
  struct dentry *dentry;
  struct mount *mount; /* NULL: stay on the superblock */
  __u64 stop;
  __u32 start;
  __u32 flags;
  bool full; /* no more names fit: the walk goes on only to find `stop` */
};

static __always_inline long hf_walk_end(struct hf_walk *walk, __u32 flags) {
  walk->flags = walk->full ? flags | HF_PATH_TRUNCATED : flags;
  return 1;
}

static __always_inline long hf_walk_cross(struct hf_walk *walk) {
  struct mount *mount = walk->mount;
  struct mount *parent = BPF_CORE_READ(mount, mnt_parent);
  if (parent == mount || !parent) {
    return hf_walk_end(walk, 0);
  }
  walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
  walk->mount = parent;
  return 0;
}

/* The root of a superblock is called "/". What has another name there is a file without a
 * directory: "memfd:NAME". */
static __always_inline long hf_walk_root(struct hf_walk *walk) {
  struct dentry *dentry = walk->dentry;
  if (walk->start == HF_PATH_MAX && BPF_CORE_READ(dentry, d_name.len) > 1) {
    walk->start = hf_prepend(walk->scratch, walk->start, dentry);
  }
  return hf_walk_end(walk, walk->stop ? HF_PATH_ELSEWHERE : 0);
}

/* One directory, or one mount, up. A callback of bpf_loop: 1 ends the loop. */
static long hf_walk_step(__u32 index, struct hf_walk *walk) {
  struct dentry *dentry = walk->dentry;
  struct mount *mount = walk->mount;
  if (mount && dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
    return hf_walk_cross(walk);
  }
  if ((__u64)dentry == walk->stop) {
    return hf_walk_end(walk, 0);
  }
  struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
  if (parent == dentry || !parent) {
    return hf_walk_root(walk);
  }
  __u32 start = walk->full ? 0 : hf_prepend(walk->scratch, walk->start, dentry);
  walk->start = start ? start : walk->start;
  walk->full = !start;
  walk->dentry = parent;
  return walk->full && !walk->stop;
}

__noinline int hf_build_path(struct hf_scratch *scratch, __u64 dentry, __u64 vfsmount, __u64 stop) {
  if (!scratch) {
    return 0;
  }
  struct hf_walk walk = {
      .scratch = scratch,
      .dentry = (void *)dentry,
      .mount = vfsmount ? (void *)(vfsmount - bpf_core_field_offset(struct mount, mnt)) : NULL,
      .stop = stop,
      .start = HF_PATH_MAX,
      .flags = HF_PATH_TRUNCATED,
  };
  bpf_loop(HF_MAX_DEPTH, hf_walk_step, &walk, 0);
  __u32 start = walk.start & (2 * HF_PATH_MAX - 1);
  if (start >= HF_PATH_MAX) {
    start = HF_PATH_MAX - 1;
    scratch->path[start] = '/';
  }
  scratch->path_start = start;
  scratch->path_len = HF_PATH_MAX - start;
  scratch->path_flags = walk.flags;
  return 0;
}

char LICENSE[] SEC("license")
__weak = "Dual BSD/GPL";
