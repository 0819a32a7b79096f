/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a version of holdfast finds of another's, older or newer, and takes its containers over by.
 * Every version from HF_ABI_OLDEST on keeps this promise, whatever else it changes:
 *
 * - Its maps are pinned as PIN_DIR/v<HF_ABI_VERSION>/maps/NAME, its links in .../links.
 * - `hf_policies` is an array by slot, `hf_tasks` task storage. Their values, struct hf_policy and
 *   struct hf_task, are only appended to, and so are the flags in them.
 * - `hf_cgroups`, `hf_superblocks`, `hf_rootfs` and `hf_namespaces` are hashes whose keys and
 * values stay as they are.
 * - `hf_alerts` and `hf_records` are rings. `hf_counters` and `hf_told` are arrays by slot of __u64
 *   by enum hf_counter. An element of the array `hf_repeats` begins with its state.
 * - The monitor's file about a container says which slot and generation of these maps it has.
 *
 * What policy says is not among it: that is written anew, from the container's registration. */
#ifndef HOLDFAST_BPF_ABI_HANDOVER_H
#define HOLDFAST_BPF_ABI_HANDOVER_H

#include <linux/types.h>

#include "bpf/abi/events.h"
#include "bpf/abi/policy.h"

/* The first version that kept it. Those before had one ring, by another name. */
#define HF_ABI_OLDEST 3

/* A task's tag, value of `hf_tasks`. It stays with the task whatever cgroup, namespace or parent it
 * leaves. */
struct hf_task {
  __u32 slot;
  __u32 generation; /* of the slot when the task was tagged */
  __u32 flags;      /* enum hf_task_flag */
  __u32 padding;
  __u64 refused_ns; /* CLOCK_BOOTTIME of the last refusal by a read-only mount that was told */
  __u64 told_capabilities; /* bits for which privilege.capability was told */
  __u64 refused_call;      /* and which call that was: address of its path argument, mixed with its
                              number */
};

/* The number is ABI: append only. */
enum hf_task_flag {
  /* The runtime's own init: it mounts and pivots before the container's program runs. */
  HF_TASK_SETTING_UP = 1u << 0,
  /* Its policy let it make namespaces; the first unknown ones it is seen in become the container's.
   */
  HF_TASK_NEW_NAMESPACES = 1u << 1,
  /* What holds of the task until it ends is told once where policy only alerts. Children inherit
     it. */
  HF_TASK_TOLD_CREDENTIALS = 1u << 2,
  HF_TASK_TOLD_NAMESPACE = 1u << 3,
  /* The mount that it last asked for write access is not the container's. */
  HF_TASK_WRITES_OUTSIDE = 1u << 4,
  /* It was root in no way when that was last looked at. Kept by the back end `tracepoint`. */
  HF_TASK_NOT_ROOT = 1u << 5,
};

/* Key of `hf_namespaces`; the value is the slot. */
struct hf_namespace_key {
  __u32 slot;
  __u32 inum;
};

/* Value of `hf_superblocks` for a superblock that holds several rootfs directories: look in
 * `hf_rootfs`. */
#define HF_SUPERBLOCK_SHARED 0xffffffffu

#ifdef __cplusplus
#define HF_PROMISE(condition) static_assert(condition, "another version reads it there")
#else
#define HF_PROMISE(condition) _Static_assert(condition, "another version reads it there")
#endif
#define HF_PROMISE_AT(type, member, bytes) \
  HF_PROMISE(__builtin_offsetof(struct type, member) == (bytes))

HF_PROMISE_AT(hf_task, slot, 0);
HF_PROMISE_AT(hf_task, generation, 4);
HF_PROMISE_AT(hf_task, flags, 8);
HF_PROMISE_AT(hf_policy, cgroup_id, 0);
HF_PROMISE_AT(hf_policy, started_ns, 8);
HF_PROMISE_AT(hf_policy, rootfs, 24);
HF_PROMISE_AT(hf_policy, runtime, 40);
HF_PROMISE_AT(hf_policy, rootfs_dev, 72);
HF_PROMISE_AT(hf_policy, generation, 76);
HF_PROMISE_AT(hf_policy, flags, 80);
HF_PROMISE_AT(hf_policy, mount_ns, 84);
HF_PROMISE_AT(hf_policy, user_ns, 88);
HF_PROMISE_AT(hf_policy, action, 96);
HF_PROMISE(HF_RUNTIME_PROGRAMS == 2 && sizeof(struct hf_program) == 16);
HF_PROMISE(HF_CLASS_MAX == 64);
HF_PROMISE_AT(hf_directory_key, ino, 8);
HF_PROMISE_AT(hf_directory_key, dev, 16);
HF_PROMISE(sizeof(struct hf_directory_key) == 24);
HF_PROMISE_AT(hf_namespace_key, inum, 4);
HF_PROMISE(sizeof(struct hf_namespace_key) == 8);
HF_PROMISE_AT(hf_repeat, state, 0);
HF_PROMISE(HF_COUNT_ALERTS_FULL == 2 && HF_COUNT_NO_STORAGE == 5);

/* Bytes that every version's values have at least. */
#define HF_POLICY_LEAST 160
#define HF_TASK_LEAST 12

#endif
