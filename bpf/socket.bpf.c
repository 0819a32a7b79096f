// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about escape.socket: reaching a socket by which the host is controlled. It is known by
// the name that the daemon gave it, whatever name led the container there.
#include "bpf/lib/cgroup.h"
#include "bpf/lib/namespace.h"

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
static __always_inline bool hf_socket_own(struct hf_subject *subject, struct sock *sk) {
  struct unix_sock *unix_socket = (void *)sk;
  struct vfsmount *mount = BPF_CORE_READ(unix_socket, path.mnt);
  return (mount && hf_mount_own(subject, mount)) || hf_slot_of_cgroup(sk->sk_cgrp_data.cgroup);
}

static __always_inline int hf_check_socket(struct sock *other, __u32 operation) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  __u32 size = 0;
  bool abstract = false;
  __u64 name = hf_socket_name(other, &size);
  __u32 class_id = name ? hf_socket_class(name, size, &abstract) : HF_CLASS_NONE;
  if (!class_id || hf_socket_own(&subject, other)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, class_id, operation, EPERM);
  hf_case.name = name;
  hf_case.name_len = abstract ? size : size - 1; /* a path has a terminator */
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
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
