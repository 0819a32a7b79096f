/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* From a cgroup to the container whose it is. */
#ifndef HOLDFAST_BPF_LIB_CGROUP_H
#define HOLDFAST_BPF_LIB_CGROUP_H

#include "bpf/lib/maps.h"

/* Nesting looked at. systemd and Kubernetes stay below 8; a deeper cgroup is found by its nearer
 * ancestors. */
#define HF_CGROUP_DEPTH 16

/* Slot of the container that `cgroup` or an ancestor of it belongs to; 0: none. cgroup v2 only. */
static __always_inline __u32 hf_slot_of_cgroup(struct cgroup *cgroup) {
  for (int i = 0; i < HF_CGROUP_DEPTH && cgroup; i++) {
    __u64 id = cgroup->kn->id;
    __u32 *slot = bpf_map_lookup_elem(&hf_cgroups, &id);
    if (slot) {
      return *slot;
    }
    struct cgroup_subsys_state *parent = cgroup->self.parent;
    cgroup = parent ? parent->cgroup : NULL;
  }
  return 0;
}

#endif
