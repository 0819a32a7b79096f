/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What was found out about a directory once is not found out again: the verdict is kept with its
 * inode. */
#ifndef HOLDFAST_BPF_LIB_VERDICT_H
#define HOLDFAST_BPF_LIB_VERDICT_H

#include "bpf/lib/subject.h"

/* Set before loading: this kernel runs the programs as fmod_ret, which may not use inode storage.
 */
extern const volatile bool hf_modify_return;

/* Address of rename_lock (fs/dcache.c); 0: unknown. The first word of this seqlock is a sequence
 * number that every move of a dentry on this machine raises, twice. While it is what it was, every
 * path is what it was. */
extern __u64 hf_rename_lock;

/* Directories removed on this machine since the programs were loaded. */
extern __u32 hf_removals;

/* "Whatever is done to the rootfs right in this directory, policy allows." Counts only for the slot
 * that it was made for, and until something is renamed. */
struct hf_verdict {
  __u32 slot;
  __u32 generation; /* of the slot, so that it is of no container before */
  __u32 renames;    /* value of rename_lock when the path was looked at */
  __u32 removals;   /* value of hf_removals then */
};

/* With the directory's inode: goes when that goes. */
struct {
  __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct hf_verdict);
} hf_verdicts HF_MAP;

/* By the directory's inode, where the kernel does not let us store anything with it. A number of an
 * inode that was removed may come again: with each removal all of these end. */
struct hf_verdict_key {
  __u64 inode; /* address */
  __u64 ino;
  __u32 dev;
  __u32 padding;
};

#define HF_MAX_VERDICTS 4096

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, HF_MAX_VERDICTS);
  __type(key, struct hf_verdict_key);
  __type(value, struct hf_verdict);
} hf_recent_verdicts HF_MAP;

/* A verdict that was found now. `renames` is odd where something is being moved right now, or where
 * the number cannot be had. To be made before the path is looked at. */
static __always_inline struct hf_verdict hf_verdict_now(const struct hf_subject *subject) {
  struct hf_verdict verdict = {
      .slot = subject->tag->slot,
      .generation = subject->tag->generation,
      .renames = 1,
      .removals = *(volatile __u32 *)&hf_removals,
  };
  if (hf_rename_lock) {
    bpf_probe_read_kernel(&verdict.renames, sizeof(verdict.renames), (void *)hf_rename_lock);
  }
  return verdict;
}

static __always_inline struct hf_verdict_key hf_verdict_key_of(const struct dentry *dentry) {
  const struct inode *inode = dentry->d_parent->d_inode;
  struct hf_verdict_key key = {.inode = (__u64)inode, .dev = dentry->d_sb->s_dev};
  key.ino = inode ? inode->i_ino : 0;
  return key;
}

/* What is kept with the inode of the directory of `dentry`, and made there if `flags` say so. */
static __always_inline struct hf_verdict *hf_verdict_stored(struct dentry *dentry, __u64 flags) {
  struct dentry *directory = dentry->d_parent;
  struct inode *inode = directory->d_inode;
  return inode ? bpf_inode_storage_get(&hf_verdicts, inode, 0, flags) : NULL;
}

/* `stored`: with the inode; the verifier knows `dentry` well enough for that. */
static __always_inline bool hf_verdict_holds(const struct hf_verdict *now, struct dentry *dentry,
                                             bool stored) {
  struct hf_verdict *verdict;
  if (stored) {
    verdict = hf_verdict_stored(dentry, 0);
  } else {
    struct hf_verdict_key key = hf_verdict_key_of(dentry);
    verdict = bpf_map_lookup_elem(&hf_recent_verdicts, &key);
  }
  return verdict && verdict->renames == now->renames && verdict->slot == now->slot &&
         verdict->generation == now->generation && (stored || verdict->removals == now->removals);
}

/* No memory for it: it is found out again. */
static __always_inline void hf_verdict_keep(const struct hf_verdict *now, struct dentry *dentry,
                                            bool stored) {
  if (now->renames & 1) {
    return;
  }
  if (!stored) {
    struct hf_verdict_key key = hf_verdict_key_of(dentry);
    bpf_map_update_elem(&hf_recent_verdicts, &key, now, BPF_ANY);
    return;
  }
  struct hf_verdict *verdict = hf_verdict_stored(dentry, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (verdict) {
    *verdict = *now;
  }
}

#endif
