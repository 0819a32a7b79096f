/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The maps, shared by every object file. */
#ifndef HOLDFAST_BPF_LIB_MAPS_H
#define HOLDFAST_BPF_LIB_MAPS_H

#include "bpf/abi/handover.h"
#include "bpf/lib/types.h"

/* Weak, so that the linker keeps one of each. */
#define HF_MAP \
  SEC(".maps") \
  __weak

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
