/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The maps, shared by every object file. */
#ifndef HOLDFAST_BPF_LIB_MAPS_H
#define HOLDFAST_BPF_LIB_MAPS_H

#include "bpf/lib/types.h"

/* Weak, so that the linker keeps one of each. */
#define HF_MAP \
  SEC(".maps") \
  __weak

/* A task's tag. It stays with the task whatever cgroup, namespace or parent it leaves. */
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

struct hf_namespace_key {
  __u32 slot;
  __u32 inum;
};

/* Value of hf_superblocks for a superblock that holds several rootfs directories: look in
 * hf_rootfs. */
#define HF_SUPERBLOCK_SHARED 0xffffffffu

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, __u32);
  __type(value, struct hf_policy);
} hf_policies HF_MAP;

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct hf_task);
} hf_tasks HF_MAP;

/* kernfs id of a container's cgroup (v2) → slot */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, __u64);
  __type(value, __u32);
} hf_cgroups HF_MAP;

/* Device of a rootfs superblock → slot, or HF_SUPERBLOCK_SHARED */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, __u32);
  __type(value, __u32);
} hf_superblocks HF_MAP;

/* Rootfs directories on shared superblocks → slot */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, struct hf_directory_key);
  __type(value, __u32);
} hf_rootfs HF_MAP;

/* Namespaces that are a container's own: those of its init, and those that policy let it make. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, HF_MAX_NAMESPACES);
  __type(key, struct hf_namespace_key);
  __type(value, __u32);
} hf_namespaces HF_MAP;

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, HF_MAX_PATHS);
  __type(key, struct hf_path_key);
  __type(value, struct hf_path_rule);
} hf_paths HF_MAP;

/* Value: unused */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, HF_MAX_PEERS);
  __type(key, struct hf_peer_key);
  __type(value, __u32);
} hf_peers HF_MAP;

/* Value: unused */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, HF_MAX_CONTROL_SOCKETS);
  __type(key, struct hf_socket_key);
  __type(value, __u32);
} hf_control_sockets HF_MAP;

/* Files and directories of holdfast's own: the alert file, the directories of its socket and its
 * configuration. Value: unused */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, HF_MAX_PROTECTED);
  __type(key, struct hf_directory_key);
  __type(value, __u32);
} hf_protected HF_MAP;

/* One element: what is true of the whole host. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct hf_host);
} hf_hosts HF_MAP;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, HF_MAX_DEVICES);
  __type(key, struct hf_device_key);
  __type(value, __u32);
} hf_devices HF_MAP;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, HF_ALERTS_BYTES);
} hf_alerts HF_MAP;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, HF_RECORDS_BYTES);
} hf_records HF_MAP;

/* By slot. In the monitor's memory as well, as the two below are: it reads them while we count. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, __u32);
  __type(value, struct hf_counts);
} hf_counters HF_MAP;

/* The monitor's own, by slot: here so that it outlives the monitor. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, HF_MAX_CONTAINERS);
  __type(key, __u32);
  __type(value, struct hf_counts);
} hf_told HF_MAP;

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, HF_MAX_REPEATS);
  __type(key, __u32);
  __type(value, struct hf_repeat);
} hf_repeats HF_MAP;

static __always_inline void hf_count(__u32 slot, __u32 counter, __u64 count) {
  struct hf_counts *counts = bpf_map_lookup_elem(&hf_counters, &slot);
  if (counts && counter < HF_COUNTER_COUNT) {
    __sync_fetch_and_add(&counts->of[counter], count);
  }
}

#endif
