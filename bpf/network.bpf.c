// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about network.unexpected: whom a container talks to, where it listens, raw sockets. These
// programs are attached when the first container's policy asks about it.
#include "bpf/lib/descriptor.h"
#include "bpf/lib/peer.h"
#include "bpf/lib/trace.h"

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

/* Whom the socket is connected to: where its datagrams go. */
static __always_inline int hf_check_connected(const struct hf_subject *subject,
                                              struct socket *socket, __u32 operation) {
  struct hf_case hf_case = hf_network_case(subject, HF_NETWORK_CONNECT, operation);
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
  return BPF_CORE_READ(socket, type) == SOCK_DGRAM
             ? hf_check_connected(&subject, socket, HF_OP_SEND)
             : 0;
}

static __always_inline int hf_check_port(struct socket *socket, struct hf_case *hf_case) {
  if (hf_peer_listed(hf_case, HF_NETWORK_LISTEN)) {
    return 0;
  }
  hf_case->protocol = BPF_CORE_READ(socket, sk, sk_protocol);
  return hf_decide(hf_case) ? hf_constant(-EPERM) : 0;
}

/* A stream socket that was not bound has the port 0 until it listens. */
static __always_inline int hf_check_listen(struct socket *socket) {
  struct hf_subject subject;
  if (!hf_network_asked(&subject, HF_NETWORK_LISTEN)) {
    return 0;
  }
  struct hf_case hf_case = hf_network_case(&subject, HF_NETWORK_LISTEN, HF_OP_LISTEN);
  hf_case.family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
  hf_case.port = BPF_CORE_READ(socket, sk, __sk_common.skc_num);
  return hf_is_internet(hf_case.family) ? hf_check_port(socket, &hf_case) : 0;
}

SEC("lsm/socket_listen")
int BPF_PROG(hf_socket_listen, struct socket *socket) {
  return hf_check_listen(socket);
}

/* What is no stream receives as soon as it is bound. Port 0: a client that lets the kernel choose.
 */
static __always_inline int hf_check_bind(struct socket *socket, __u64 sockaddr) {
  struct hf_subject subject;
  if (BPF_CORE_READ(socket, type) == SOCK_STREAM ||
      !hf_network_asked(&subject, HF_NETWORK_LISTEN)) {
    return 0;
  }
  __u32 family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
  struct hf_case hf_case = hf_network_case(&subject, HF_NETWORK_LISTEN, HF_OP_BIND);
  if (!hf_is_internet(family) || !hf_take_sockaddr(&hf_case, sockaddr, family) || !hf_case.port) {
    return 0;
  }
  return hf_check_port(socket, &hf_case);
}

SEC("lsm/socket_bind")
int BPF_PROG(hf_socket_bind, struct socket *socket) {
  return hf_check_bind(socket, ctx[1]);
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

static __always_inline int hf_check_create(int family, int type, int protocol) {
  struct hf_subject subject;
  bool raw = hf_makes_packets(family, type & SOCK_TYPE_MASK);
  if (!raw && !hf_is_elsewhere(family, protocol)) {
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

SEC("lsm/socket_create")
int BPF_PROG(hf_socket_create, int family, int type, int protocol, int kernel) {
  return kernel ? 0 : hf_check_create(family, type, protocol);
}

/* The back end `tracepoint`. */

/* An address of the internet families, as far as it is looked at. */
struct hf_sockaddr_copy {
  __u8 bytes[24];
};

#define HF_SOCKADDR_IN_SIZE 8 /* of an IPv4 one */

/* What the caller has at `user_address`: where that is too little for IPv6, an IPv4 address. A copy
 * that fails leaves zeroes. */
static __always_inline bool hf_copy_sockaddr(struct hf_sockaddr_copy *copy, __u64 user_address) {
  return !bpf_probe_read_user(copy, sizeof(*copy), (void *)user_address) ||
         !bpf_probe_read_user(copy, HF_SOCKADDR_IN_SIZE, (void *)user_address);
}

/* include/uapi/linux/errno.h: how a connection ends that the kernel let begin. */
#define EINPROGRESS 115
#define EINVAL 22

/* Where the call failed or nothing is connected, the address as the caller has it now. */
static __always_inline int hf_tell_peer(const struct hf_subject *subject, struct socket *socket,
                                        __u64 user_address, __u32 operation) {
  struct hf_sockaddr_copy copy = {};
  return hf_copy_sockaddr(&copy, user_address)
             ? hf_check_peer(subject, socket, (__u64)&copy, operation)
             : 0;
}

static __always_inline int hf_tell_connect(struct socket *socket, const struct hf_call *call) {
  struct hf_subject subject;
  int type = BPF_CORE_READ(socket, type);
  if (!hf_network_asked(&subject, HF_NETWORK_CONNECT) || type == SOCK_DGRAM) {
    return 0;
  }
  /* connect(2) to no family has ended the connection. */
  if (!call->result && type == SOCK_STREAM && !BPF_CORE_READ(socket, sk, __sk_common.skc_dport)) {
    return 0;
  }
  return call->result == 0 || call->result == -EINPROGRESS
             ? hf_check_connected(&subject, socket, HF_OP_CONNECT)
             : hf_tell_peer(&subject, socket, call->argument[1], HF_OP_CONNECT);
}

/* struct msghdr begins with the address; of several messages the first is looked at. */
static __always_inline __u64 hf_destination(const struct hf_call *call) {
  __u64 name = 0;
  if (call->nr == HF_NR_SENDTO) {
    return call->argument[4];
  }
  bpf_probe_read_user(&name, call->is_ia32 ? 4 : 8, (void *)call->argument[1]);
  return name;
}

static __always_inline int hf_tell_send(struct socket *socket, const struct hf_call *call) {
  struct hf_subject subject;
  if (!hf_network_asked(&subject, HF_NETWORK_CONNECT)) {
    return 0;
  }
  __u64 name = hf_destination(call);
  if (name) {
    return hf_tell_peer(&subject, socket, name, HF_OP_SEND);
  }
  return BPF_CORE_READ(socket, type) == SOCK_DGRAM
             ? hf_check_connected(&subject, socket, HF_OP_SEND)
             : 0;
}

static __always_inline int hf_tell_bind(struct socket *socket, __u64 user_address) {
  struct hf_sockaddr_copy copy = {};
  return hf_copy_sockaddr(&copy, user_address) ? hf_check_bind(socket, (__u64)&copy) : 0;
}

/* What the kernel refused by itself did not happen. */
static __always_inline bool hf_was_refused(__s64 result) {
  return result == -EPERM || result == -EACCES || result == -EINVAL;
}

__noinline int hf_trace_network(struct hf_call *call) {
  if (!call || hf_was_refused(call->result)) {
    return 0;
  }
  if (call->nr == HF_NR_SOCKET) {
    return call->result < 0
               ? 0
               : hf_check_create(call->argument[0], call->argument[1], call->argument[2]);
  }
  struct socket *socket =
      hf_socket_of(hf_file_at(bpf_get_current_task_btf(), (__s32)call->argument[0]));
  if (!socket) {
    return 0;
  }
  switch (call->nr) {
    case HF_NR_CONNECT:
      return hf_tell_connect(socket, call);
    case HF_NR_LISTEN:
      return call->result ? 0 : hf_check_listen(socket);
    case HF_NR_BIND:
      return call->result ? 0 : hf_tell_bind(socket, call->argument[1]);
    default:
      return hf_tell_send(socket, call);
  }
}
