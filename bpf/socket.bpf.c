// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about escape.socket: reaching a socket by which the host is controlled. It is known by
// the name that the daemon gave it, whatever name led the container there.
#include "bpf/lib/cgroup.h"
#include "bpf/lib/descriptor.h"
#include "bpf/lib/namespace.h"
#include "bpf/lib/peer.h"
#include "bpf/lib/target.h"
#include "bpf/lib/trace.h"

#define HF_SUN_PATH_OFFSET 2 /* of struct sockaddr_un: behind the family */

/* Where the kernel has the name of a bound socket, and its length in bytes; 0: it has none. */
static __always_inline __u64 hf_socket_name(struct sock *sk, __u32 *size) {
  struct unix_sock *unix_socket = (void *)sk;
  struct unix_address *address = BPF_CORE_READ(unix_socket, addr);
  int len = address ? BPF_CORE_READ(address, len) - HF_SUN_PATH_OFFSET : 0;
  if (len <= 0 || len > HF_SOCKET_PATH_MAX) {
    return 0;
  }
  *size = len;
  return (__u64)address + bpf_core_field_offset(struct unix_address, name) + HF_SUN_PATH_OFFSET;
}

/* The class of a socket by its name; 0: nobody's business. */
static __always_inline __u32 hf_socket_class(__u64 name, __u32 size, bool *abstract) {
  struct hf_socket_key key = {.prefix_bits = 8 * HF_SOCKET_PATH_MAX};
  HF_MASK(size, 127);
  if (size > HF_SOCKET_PATH_MAX || bpf_probe_read_kernel(key.name, size, (void *)name)) {
    return HF_CLASS_NONE;
  }
  *abstract = !key.name[0];
  __u32 *class_id = bpf_map_lookup_elem(&hf_control_sockets, &key);
  return class_id ? *class_id : HF_CLASS_NONE;
}

/* A socket that was bound below a mount of the container is one of its own daemons'; one that was
 * made in the cgroup of any guarded container is no daemon of the host (docker-in-docker in a pod).
 * An abstract name has no mount. */
static __always_inline bool hf_bound_within(struct hf_subject *subject, struct sock *sk) {
  struct unix_sock *unix_socket = (void *)sk;
  struct vfsmount *mount = BPF_CORE_READ(unix_socket, path.mnt);
  return mount && hf_mount_own(subject, mount);
}

/* `by_container`: it was made by a process of a container. */
static __always_inline int hf_judge_socket(struct hf_subject *subject, struct sock *other,
                                           bool by_container, __u32 operation) {
  __u32 size = 0;
  bool abstract = false;
  __u64 name = hf_socket_name(other, &size);
  __u32 class_id = name ? hf_socket_class(name, size, &abstract) : HF_CLASS_NONE;
  if (!class_id || by_container || hf_bound_within(subject, other)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, class_id, operation, EPERM);
  hf_case.name = name;
  hf_case.name_len = abstract ? size : size - 1; /* a path has a terminator */
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
}

static __always_inline int hf_check_socket(struct sock *other, __u32 operation) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  bool by_container = hf_slot_of_cgroup(other->sk_cgrp_data.cgroup);
  return hf_judge_socket(&subject, other, by_container, operation);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(hf_unix_connect, struct sock *sk, struct sock *other) {
  return hf_check_socket(other, HF_OP_CONNECT);
}

SEC("lsm/unix_may_send")
int BPF_PROG(hf_unix_may_send, struct socket *socket, struct socket *other) {
  struct sock *sk = other->sk;
  return sk ? hf_check_socket(sk, HF_OP_SEND) : 0;
}

/* The back end `tracepoint`. A connection's far end carries the daemon's name but was made by the
 * client's connect(2); who listens is kept in the near end's sk_peer_pid. */
__noinline int hf_trace_unix(struct hf_call *call) {
  struct hf_subject subject;
  if (!call || call->result < 0 || !hf_guarded(&subject)) {
    return 0;
  }
  struct socket *socket = hf_socket_of(hf_file_at(subject.task, (__s32)call->argument[0]));
  struct sock *sk = socket ? BPF_CORE_READ(socket, sk) : NULL;
  if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX) {
    return 0;
  }
  struct unix_sock *unix_socket = (void *)sk;
  struct sock *peer = BPF_CORE_READ(unix_socket, peer);
  struct task_struct *listener = hf_task_of(BPF_CORE_READ(sk, sk_peer_pid));
  bool by_container = listener && hf_is_guarded(BPF_CORE_READ(listener, tgid));
  return peer ? hf_judge_socket(&subject, peer, by_container, HF_OP_CONNECT) : 0;
}
