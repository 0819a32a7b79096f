/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Room that does not fit on the BPF stack of 512 bytes. */
#ifndef HOLDFAST_BPF_LIB_SCRATCH_H
#define HOLDFAST_BPF_LIB_SCRATCH_H

#include "bpf/lib/maps.h"

/* A path is written from the end of `path` towards its beginning. The name nearest to the end may
 * start at HF_PATH_MAX - 1, so one more name of room lets the verifier see that no copy leaves the
 * array. */
struct hf_scratch {
  __u32 busy;
  __u32 path_start;
  __u32 path_len;
  __u32 path_flags; /* enum hf_path_flag */
  char path[HF_PATH_MAX + HF_NAME_MAX + 1];
  struct hf_path_key key;
  struct hf_repeat_key repeat;
  struct hf_event event;
};

enum hf_path_flag {
  HF_PATH_TRUNCATED = 1u << 0, /* longer than there is room for: the beginning is missing, or the
                                  end of what a caller spelled */
  HF_PATH_ELSEWHERE = 1u << 1, /* the walk was to end at a directory, and did not meet it */
};

/* Programs of the LSM type can be preempted and another task can enter one on the same CPU
 * meanwhile; each user claims a buffer of its CPU. Four tasks preempted inside our few hundred
 * instructions at once have not been seen. */
#define HF_SCRATCH_PER_CPU 4

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, HF_SCRATCH_PER_CPU);
  __type(key, __u32);
  __type(value, struct hf_scratch);
} hf_scratches HF_MAP;

/* A buffer of this CPU, or NULL when all are taken: then nothing can be decided by path, and the
 * caller refuses. */
static __always_inline struct hf_scratch *hf_scratch_claim(void) {
  for (__u32 i = 0; i < HF_SCRATCH_PER_CPU; i++) {
    __u32 index = i;
    struct hf_scratch *scratch = bpf_map_lookup_elem(&hf_scratches, &index);
    if (scratch && __sync_val_compare_and_swap(&scratch->busy, 0, 1) == 0) {
      return scratch;
    }
  }
  return NULL;
}

static __always_inline void hf_scratch_release(struct hf_scratch *scratch) {
  __sync_lock_test_and_set(&scratch->busy, 0);
}

#endif
