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

/* "Whatever is done to the rootfs right in this directory, policy allows." Goes with the inode, and
 * counts only for the slot that it was made for and until something is renamed. */
struct hf_verdict {
  __u32 slot;
  __u32 generation; /* of the slot: a policy that is loaded anew has another */
  __u32 renames;    /* value of rename_lock when the path was looked at */
  __u32 padding;
};

struct {
  __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct hf_verdict);
} hf_verdicts HF_MAP;

/* An odd number: something is being moved right now, or the number cannot be had. */
static __always_inline __u32 hf_renames(void) {
  __u32 sequence = 1;
  if (hf_rename_lock) {
    bpf_probe_read_kernel(&sequence, sizeof(sequence), (void *)hf_rename_lock);
  }
  return sequence;
}

static __always_inline bool hf_verdict_holds(const struct hf_subject *subject,
                                             struct dentry *dentry, __u32 renames) {
  struct dentry *directory = dentry->d_parent;
  struct inode *inode = directory->d_inode;
  struct hf_verdict *verdict =
      hf_modify_return || !inode ? NULL : bpf_inode_storage_get(&hf_verdicts, inode, 0, 0);
  return verdict && verdict->renames == renames && verdict->slot == subject->tag->slot &&
         verdict->generation == subject->tag->generation;
}

/* `renames`: from before the path was looked at. No memory for it: it is found out again. */
static __always_inline void hf_verdict_keep(const struct hf_subject *subject, struct dentry *dentry,
                                            __u32 renames) {
  struct dentry *directory = dentry->d_parent;
  struct inode *inode = directory->d_inode;
  if (hf_modify_return || !inode || (renames & 1)) {
    return;
  }
  struct hf_verdict *verdict =
      bpf_inode_storage_get(&hf_verdicts, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (verdict) {
    verdict->slot = subject->tag->slot;
    verdict->generation = subject->tag->generation;
    verdict->renames = renames;
  }
}

#endif
