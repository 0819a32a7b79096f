/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef HOLDFAST_BPF_ABI_REQUESTS_H
#define HOLDFAST_BPF_ABI_REQUESTS_H

#include <linux/types.h>

#include "bpf/abi/policy.h"

/* What the monitor asks of the iterators: fields are questions unless marked as answers. */
struct hf_tag_request {
  __u32 tgid; /* container's init */
  __u32 slot;
  __u32 generation;
  __u32 owner;                                    /* of hf_policy */
  __u32 tagged;                                   /* answer: threads that carry the tag now */
  __u32 mount_ns;                                 /* answer */
  __u32 user_ns;                                  /* answer */
  struct hf_program runtime[HF_RUNTIME_PROGRAMS]; /* answer */
};

struct hf_identify_request {
  __u32 tgid; /* whose descriptor */
  __u32 fd;
  __u64 magic; /* answers: the file as the kernel knows it; stat(2) shows other devices on btrfs */
  struct hf_directory_key directory;
  struct hf_directory_key upper; /* of an overlay's root: the directory of its upper layer, or 0 */
  __u32 found;
  __u32 is_root;  /* it is the root of its superblock */
  __u32 uid;      /* its owner, as the host counts */
  __u32 sb_level; /* of the user namespace that mounted its superblock; 0: the host's */
  __u32 sb_owner; /* user that made that namespace, as the host counts */
};

#endif
