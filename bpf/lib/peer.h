/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Addresses of the internet families. */
#ifndef HOLDFAST_BPF_LIB_PEER_H
#define HOLDFAST_BPF_LIB_PEER_H

#include "bpf/lib/decide.h"

#include <bpf/bpf_endian.h>

/* include/linux/socket.h */
#define AF_UNSPEC 0
#define AF_INET 2
#define AF_UNIX 1
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_LLC 26
#define AF_ALG 38
#define AF_XDP 44

static __always_inline bool hf_is_internet(__u32 family) {
  return family == AF_INET || family == AF_INET6;
}

/* The address that `sk` is connected to. */
static __always_inline void hf_take_peer(struct hf_case *hf_case, struct sock *sk) {
  hf_case->family = BPF_CORE_READ(sk, __sk_common.skc_family);
  hf_case->port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
  hf_case->protocol = BPF_CORE_READ(sk, sk_protocol);
  if (hf_case->family == AF_INET) {
    __u32 address = BPF_CORE_READ(sk, __sk_common.skc_daddr);
    __builtin_memcpy(hf_case->address, &address, sizeof(address));
  } else {
    bpf_probe_read_kernel(hf_case->address, sizeof(hf_case->address),
                          &sk->__sk_common.skc_v6_daddr);
  }
}

/* struct sockaddr_in, and the beginning of sockaddr_in6, whose address comes at 8. */
struct hf_sockaddr {
  __u16 family;
  __u16 port;
  __u32 address;
};

/* The address at `sockaddr`, in the kernel's memory, into the case. False where it is of another
 * family. An unspecified family is the socket's own when it sends (udp_sendmsg, rawv6_sendmsg). */
static __always_inline bool hf_take_sockaddr(struct hf_case *hf_case, __u64 sockaddr,
                                             __u32 socket_family) {
  struct hf_sockaddr found = {};
  bpf_probe_read_kernel(&found, sizeof(found), (void *)sockaddr);
  __u32 family = found.family;
  if (family == AF_UNSPEC) {
    family = socket_family;
  }
  if (!hf_is_internet(family)) {
    return false;
  }
  hf_case->family = family;
  hf_case->port = bpf_ntohs(found.port);
  if (family == AF_INET) {
    __builtin_memcpy(hf_case->address, &found.address, sizeof(found.address));
  } else {
    bpf_probe_read_kernel(hf_case->address, sizeof(hf_case->address), (void *)(sockaddr + 8));
  }
  return true;
}

/* Whether policy lists the address and port of the case for `use` (enum hf_network_use). */
static __always_inline bool hf_peer_listed(const struct hf_case *hf_case, __u32 use) {
  struct hf_peer_key key = {
      .prefix_bits = 8 * (sizeof(key) - sizeof(key.prefix_bits)),
      .slot = hf_case->slot,
      .use = use,
      .port = hf_case->port,
  };
  if (use == HF_NETWORK_LISTEN) {
    return bpf_map_lookup_elem(&hf_peers, &key) != NULL;
  }
  if (hf_case->family == AF_INET) {
    key.address[10] = key.address[11] = 0xff;
    __builtin_memcpy(&key.address[12], hf_case->address, 4);
    if (!*(__u32 *)hf_case->address) { /* 0.0.0.0 leads to this machine */
      key.address[12] = 127;
      key.address[15] = 1;
    }
  } else {
    __builtin_memcpy(key.address, hf_case->address, sizeof(key.address));
  }
  if (bpf_map_lookup_elem(&hf_peers, &key)) {
    return true;
  }
  key.port = 0;
  return bpf_map_lookup_elem(&hf_peers, &key) != NULL;
}

#endif
