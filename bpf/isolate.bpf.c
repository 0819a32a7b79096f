// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Drops every packet to and from the sockets of one cgroup: a container that is isolated. Loaded
// for one container at a time and attached by pinned links, which hold it without a monitor.
//
// Loopback is dropped as well: in a pod it leads to the other containers, with the host's network
// to the host. What no socket of the cgroup sends or gets is not seen here: see README.md,
// "Responses".
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Answers of cgroup_skb programs; 1 would let it pass. */
#define HF_DROP 0

SEC("cgroup_skb/ingress")
int hf_isolate_in(struct __sk_buff *packet) {
  return HF_DROP;
}

SEC("cgroup_skb/egress")
int hf_isolate_out(struct __sk_buff *packet) {
  return HF_DROP;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
