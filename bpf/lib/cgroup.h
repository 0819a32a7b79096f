/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* From a cgroup to the container whose it is. */
#ifndef HOLDFAST_BPF_LIB_CGROUP_H
#define HOLDFAST_BPF_LIB_CGROUP_H

#include "bpf/lib/maps.h"

/* Levels looked at: no kernel makes more, for a cgroup holds a pointer for each of its ancestors in
 * one piece of memory (struct cgroup), which kmalloc gives up to 4 MiB of. A container may nest its
 * own as deep as it likes, and whoever enters the deepest must still be known. */
#define HF_CGROUP_DEPTH (1 << 19)

/* Levels that systemd and the engines make on a host: looked at without a call for each. */
#define HF_CGROUP_USUAL_DEPTH 4

/* A walk towards the root. */
struct hf_ascent {
  struct cgroup *cgroup;
  __u32 slot; /* 0: not found */
};

/* A callback of bpf_loop: 1 ends the loop. */
static inline long hf_ascend(__u32 index, struct hf_ascent *ascent) {
  struct cgroup *cgroup = ascent->cgroup;
  __u64 id = BPF_CORE_READ(cgroup, kn, id);
  __u32 *slot = bpf_map_lookup_elem(&hf_cgroups, &id);
  if (slot) {
    ascent->slot = *slot;
    return 1;
  }
  struct cgroup_subsys_state *parent = BPF_CORE_READ(cgroup, self.parent);
  ascent->cgroup = parent ? BPF_CORE_READ(parent, cgroup) : NULL;
  return !ascent->cgroup;
}

/* Slot of the container that `cgroup` or an ancestor of it belongs to; 0: none. cgroup v2 only. */
static __always_inline __u32 hf_slot_of_cgroup(struct cgroup *cgroup) {
  for (int i = 0; i < HF_CGROUP_USUAL_DEPTH && cgroup; i++) {
    __u64 id = cgroup->kn->id;
    __u32 *slot = bpf_map_lookup_elem(&hf_cgroups, &id);
    if (slot) {
      return *slot;
    }
    struct cgroup_subsys_state *parent = cgroup->self.parent;
    cgroup = parent ? parent->cgroup : NULL;
  }
  struct hf_ascent ascent = {.cgroup = cgroup};
  if (cgroup) {
    bpf_loop(HF_CGROUP_DEPTH, hf_ascend, &ascent, 0);
  }
  return ascent.slot;
}

#endif
