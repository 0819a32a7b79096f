// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about network.unexpected: whom a container talks to, where it listens, raw sockets. These
// programs are attached when the first container's policy asks about it.
#include "bpf/lib/peer.h"

/* include/linux/net.h */
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_PACKET 10
#define SOCK_TYPE_MASK 0xf

#define IPPROTO_SCTP 132 /* include/uapi/linux/in.h */

/* Whether policy asks about `use` of the network. */
static __always_inline bool hf_network_asked(struct hf_subject *subject, __u32 use) {
  return hf_guarded(subject) && subject->policy->network[use] != HF_OFF;
}

static __always_inline struct hf_case hf_network_case(const struct hf_subject *subject, __u32 use,
                                                      __u32 operation) {
  struct hf_case hf_case = hf_case_of(subject, HF_NETWORK_UNEXPECTED, operation, EPERM);
  hf_case.action = subject->policy->network[use];
  return hf_case;
}

/* `sockaddr`: an address in the kernel's memory. connect(2) to no family ends a connection. */
static __always_inline int hf_check_peer(const struct hf_subject *subject, struct socket *socket,
                                         __u64 sockaddr, __u32 operation) {
  struct hf_case hf_case = hf_network_case(subject, HF_NETWORK_CONNECT, operation);
  __u32 family =
      operation == HF_OP_SEND ? BPF_CORE_READ(socket, sk, __sk_common.skc_family) : AF_UNSPEC;
  if (!hf_take_sockaddr(&hf_case, sockaddr, family) ||
      hf_peer_listed(&hf_case, HF_NETWORK_CONNECT)) {
    return 0;
  }
  hf_case.protocol = BPF_CORE_READ(socket, sk, sk_protocol);
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
}

/* Connecting a datagram socket sends nothing: resolvers do it to learn their own address. */
SEC("lsm/socket_connect")
int BPF_PROG(hf_socket_connect, struct socket *socket) {
  struct hf_subject subject;
  return hf_network_asked(&subject, HF_NETWORK_CONNECT) && BPF_CORE_READ(socket, type) != SOCK_DGRAM
             ? hf_check_peer(&subject, socket, ctx[1], HF_OP_CONNECT)
             : 0;
}

/* A datagram to whom its socket is connected to. */
static __always_inline int hf_check_connected(const struct hf_subject *subject,
                                              struct socket *socket) {
  struct hf_case hf_case = hf_network_case(subject, HF_NETWORK_CONNECT, HF_OP_SEND);
  struct sock *sk = BPF_CORE_READ(socket, sk);
  if (!hf_is_internet(BPF_CORE_READ(sk, __sk_common.skc_family))) {
    return 0;
  }
  hf_take_peer(&hf_case, sk);
  return !hf_peer_listed(&hf_case, HF_NETWORK_CONNECT) && hf_decide(&hf_case) ? hf_constant(-EPERM)
                                                                              : 0;
}

/* Datagrams, and TCP's fast open, are sent without connect(2). */
SEC("lsm/socket_sendmsg")
int BPF_PROG(hf_socket_sendmsg, struct socket *socket, struct msghdr *message) {
  struct hf_subject subject;
  if (!hf_network_asked(&subject, HF_NETWORK_CONNECT)) {
    return 0;
  }
  __u64 name = (__u64)BPF_CORE_READ(message, msg_name);
  if (name) {
    return hf_check_peer(&subject, socket, name, HF_OP_SEND);
  }
  return BPF_CORE_READ(socket, type) == SOCK_DGRAM ? hf_check_connected(&subject, socket) : 0;
}

static __always_inline int hf_check_port(struct socket *socket, struct hf_case *hf_case) {
  if (hf_peer_listed(hf_case, HF_NETWORK_LISTEN)) {
    return 0;
  }
  hf_case->protocol = BPF_CORE_READ(socket, sk, sk_protocol);
  return hf_decide(hf_case) ? hf_constant(-EPERM) : 0;
}

/* A stream socket that was not bound has the port 0 until it listens. */
SEC("lsm/socket_listen")
int BPF_PROG(hf_socket_listen, struct socket *socket) {
  struct hf_subject subject;
  if (!hf_network_asked(&subject, HF_NETWORK_LISTEN)) {
    return 0;
  }
  struct hf_case hf_case = hf_network_case(&subject, HF_NETWORK_LISTEN, HF_OP_LISTEN);
  hf_case.family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
  hf_case.port = BPF_CORE_READ(socket, sk, __sk_common.skc_num);
  return hf_is_internet(hf_case.family) ? hf_check_port(socket, &hf_case) : 0;
}

/* What is no stream receives as soon as it is bound. Port 0: a client that lets the kernel choose.
 */
SEC("lsm/socket_bind")
int BPF_PROG(hf_socket_bind, struct socket *socket) {
  struct hf_subject subject;
  if (BPF_CORE_READ(socket, type) == SOCK_STREAM ||
      !hf_network_asked(&subject, HF_NETWORK_LISTEN)) {
    return 0;
  }
  __u32 family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
  struct hf_case hf_case = hf_network_case(&subject, HF_NETWORK_LISTEN, HF_OP_BIND);
  if (!hf_is_internet(family) || !hf_take_sockaddr(&hf_case, ctx[1], family) || !hf_case.port) {
    return 0;
  }
  return hf_check_port(socket, &hf_case);
}

/* IP packets by another name, or frames below it. */
static __always_inline bool hf_makes_packets(int family, int type) {
  return family == AF_PACKET || family == AF_XDP || family == AF_LLC || type == SOCK_PACKET ||
         (hf_is_internet(family) && type == SOCK_RAW);
}

/* A family or protocol that reaches peers by calls or addresses which are not looked at (AF_RXRPC
 * and AF_SMC over IP, SCTP's connectx): the socket itself counts as a connection. */
static __always_inline bool hf_is_elsewhere(int family, int protocol) {
  return hf_is_internet(family) ? protocol == IPPROTO_SCTP
                                : family != AF_UNIX && family != AF_NETLINK && family != AF_ALG;
}

SEC("lsm/socket_create")
int BPF_PROG(hf_socket_create, int family, int type, int protocol, int kernel) {
  struct hf_subject subject;
  bool raw = hf_makes_packets(family, type & SOCK_TYPE_MASK);
  if (kernel || (!raw && !hf_is_elsewhere(family, protocol))) {
    return 0;
  }
  __u32 use = raw ? HF_NETWORK_RAW : HF_NETWORK_CONNECT;
  if (!hf_network_asked(&subject, use)) {
    return 0;
  }
  struct hf_case hf_case = hf_network_case(&subject, use, HF_OP_SOCKET);
  hf_case.protocol = protocol;
  hf_case.argument = family;
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
}
