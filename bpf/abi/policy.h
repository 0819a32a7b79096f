/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What user space tells the kernel about a container. */
#ifndef HOLDFAST_BPF_ABI_POLICY_H
#define HOLDFAST_BPF_ABI_POLICY_H

#include <linux/types.h>

#include "bpf/abi/limits.h"

/* Every class of event: X(enumerator, name in alerts and profiles). The number is ABI: append only.
 */
#define HF_CLASSES(X)                                        \
  X(HF_ESCAPE_OUTSIDE_MOUNT, "escape.outside-mount")         \
  X(HF_ESCAPE_NAMESPACE, "escape.namespace")                 \
  X(HF_ESCAPE_CREDENTIALS, "escape.credentials")             \
  X(HF_ESCAPE_HOST_EXEC, "escape.host-exec")                 \
  X(HF_ESCAPE_MOUNT, "escape.mount")                         \
  X(HF_ESCAPE_KERNEL_INTERFACE, "escape.kernel-interface")   \
  X(HF_ESCAPE_DEVICE, "escape.device")                       \
  X(HF_ESCAPE_MODULE, "escape.module")                       \
  X(HF_ESCAPE_BPF, "escape.bpf")                             \
  X(HF_ESCAPE_PTRACE, "escape.ptrace")                       \
  X(HF_ESCAPE_CGROUP, "escape.cgroup")                       \
  X(HF_ROOTFS_WRITE, "rootfs.write")                         \
  X(HF_ROOTFS_CREATE, "rootfs.create")                       \
  X(HF_ROOTFS_DELETE, "rootfs.delete")                       \
  X(HF_ROOTFS_RENAME, "rootfs.rename")                       \
  X(HF_ROOTFS_LINK, "rootfs.link")                           \
  X(HF_ROOTFS_ATTR, "rootfs.attr")                           \
  X(HF_DRIFT_EXEC, "drift.exec")                             \
  X(HF_FILELESS_EXEC, "fileless.exec")                       \
  X(HF_ESCAPE_KEXEC, "escape.kexec")                         \
  X(HF_ESCAPE_IO, "escape.io")                               \
  X(HF_DRIFT_LIBRARY, "drift.library")                       \
  X(HF_ESCAPE_RUNTIME_OVERWRITE, "escape.runtime-overwrite") \
  X(HF_ESCAPE_SOCKET, "escape.socket")                       \
  X(HF_TAMPER_MONITOR, "tamper.monitor")                     \
  X(HF_EXEC_UNEXPECTED, "exec.unexpected")                   \
  X(HF_FILE_SENSITIVE, "file.sensitive")                     \
  X(HF_NETWORK_UNEXPECTED, "network.unexpected")             \
  X(HF_PRIVILEGE_SETUID, "privilege.setuid")                 \
  X(HF_PRIVILEGE_CAPABILITY, "privilege.capability")         \
  X(HF_PROCESS_INJECTION, "process.injection")               \
  X(HF_PROCESS_REVERSE_SHELL, "process.reverse-shell")

enum hf_class {
  HF_CLASS_NONE = 0,
#define HF_CLASS_ENUMERATOR(enumerator, name) enumerator,
  HF_CLASSES(HF_CLASS_ENUMERATOR)
#undef HF_CLASS_ENUMERATOR
      HF_CLASS_COUNT,
};

/* Room for classes in a policy; a power of two, so that the verifier can bound an index with a
 * mask. */
#define HF_CLASS_MAX 64

/* From weakest to strongest. */
enum hf_action {
  HF_OFF = 0,
  HF_RECORD = 1,
  HF_ALERT = 2,
  HF_DENY = 3,
  HF_KILL = 4,
};

enum hf_policy_flag {
  /* config.json gives the container a user namespace of its own. */
  HF_POLICY_OWN_USER_NS = 1u << 0,
  /* The rootfs is a directory on a superblock it shares with others (no overlay of its own). */
  HF_POLICY_ROOTFS_SHARED = 1u << 1,
  /* The rootfs is an overlay: the upper dentry behind an inode tells what did not come from the
     image. */
  HF_POLICY_ROOTFS_OVERLAY = 1u << 2,
  /* config.json grants every device ("a *:* rwm"). */
  HF_POLICY_ALL_DEVICES = 1u << 3,
  /* The profile has rules about files: an open is worth building its path. */
  HF_POLICY_FILE_RULES = 1u << 4,
};

/* The file of a program, by its inode: no name of it matters. */
struct hf_program {
  __u64 ino; /* 0: unknown */
  __u32 dev; /* kernel encoding: major << 20 | minor */
  __u32 padding;
};

/* Programs of the runtime that are remembered: the one that is the container's init while it is set
 * up (runc makes a sealed copy of itself first), and the one that started it. */
#define HF_RUNTIME_PROGRAMS 2

/* What network.unexpected asks of, each with an action of its own. */
enum hf_network_use {
  HF_NETWORK_CONNECT = 0, /* connect(2), sending without it, sockets of other families */
  HF_NETWORK_LISTEN = 1,  /* listen(2), and bind(2) of a datagram socket to a port */
  HF_NETWORK_RAW = 2,     /* raw, packet and XDP sockets */
  HF_NETWORK_USES = 3,
};

/* One container's policy, an element of the array `hf_policies`, indexed by slot. */
struct hf_policy {
  __u64 cgroup_id;  /* kernfs id of the container's cgroup (v2); 0: none */
  __u64 started_ns; /* CLOCK_REALTIME_COARSE at registration; a file changed since is drift */
  __u64 bounding;   /* bounding set of config.json, bit n = capability n */
  __u64 rootfs; /* address of the rootfs directory's dentry, which the container's mounts hold */
  __u64 capabilities; /* that the profile expects to be used, bit n = capability n */
  struct hf_program runtime[HF_RUNTIME_PROGRAMS];
  __u32 rootfs_dev; /* device of its superblock in kernel encoding: major << 20 | minor */
  __u32 generation; /* 0: slot is free. A task's tag counts only while its generation matches. */
  __u32 flags;      /* enum hf_policy_flag */
  __u32 mount_ns;   /* inode number of the container's mount namespace */
  __u32 user_ns;    /* and of its user namespace */
  __u8 network[4];  /* enum hf_action, by enum hf_network_use */
  __u8 action[HF_CLASS_MAX]; /* enum hf_action, by enum hf_class */
  __u32 owner;               /* the user who registered it, as the host counts; 0: root */
  __u32 padding;
};

/* What a path is listed for. */
enum hf_path_kind {
  HF_PATH_WRITABLE = 0, /* the rootfs may be changed there */
  HF_PATH_EXEC = 1,     /* may be executed */
  HF_PATH_FILE = 2,     /* a rule of its own about reading and writing */
  HF_PATH_RECORDED = 3, /* changes there are everyday: recorded where policy would alert */
};

/* The slot of paths that are listed for all containers. */
#define HF_SLOT_ALL 0

/* Key of the LPM trie `hf_paths`. `path` begins and ends with a slash and stands for itself and all
 * below; prefix_bits counts slot, kind and path. */
struct hf_path_key {
  __u32 prefix_bits;
  __u32 slot;
  __u32 kind; /* enum hf_path_kind */
  char path[HF_RULE_PATH_MAX];
};

/* Value of `hf_paths`; all 0 but for HF_PATH_FILE. */
struct hf_path_rule {
  __u8 read;     /* enum hf_action */
  __u8 write;    /* the same, for changes of every kind */
  __u8 severity; /* as in struct hf_event */
  __u8 padding;
};

/* Key of the LPM trie `hf_peers`: addresses that a container may connect to, and ports it may
 * listen on. An IPv4 address is written as an IPv6 one, ::ffff:a.b.c.d. prefix_bits counts all but
 * itself. */
struct hf_peer_key {
  __u32 prefix_bits;
  __u32 slot;
  __u16 use;  /* enum hf_network_use */
  __u16 port; /* host byte order; 0: any */
  __u8 address[16];
};

/* Longest name of a unix socket (unix(7)). */
#define HF_SOCKET_PATH_MAX 108

/* Key of the LPM trie `hf_control_sockets`: the name that a daemon of the host gave its socket, its
 * terminator included; without one it stands for all names that begin so. An abstract name begins
 * with a zero byte. */
struct hf_socket_key {
  __u32 prefix_bits;
  char name[HF_SOCKET_PATH_MAX];
};

/* Element of the array `hf_hosts`. */
struct hf_host {
  __u64 protected_devices; /* hf_device_bit of each superblock that hf_protected has files on */
  __u32 monitor;           /* tgid of the running monitor; 0: none */
  __u32 padding;
  __u64 epoch; /* CLOCK_REALTIME in microseconds when the maps were made: tells positions in the
                  rings of one set of maps from those of another */
};

/* One bit of 64, for a set of devices that says "surely not" about most others. */
static inline __u64 hf_device_bit(__u32 dev) {
  return 1ULL << ((dev ^ (dev >> 20)) & 63);
}

#define HF_DEVICE_ANY 0xffffffffu

enum hf_device_access {
  HF_DEVICE_MKNOD = 1u << 0,
  HF_DEVICE_READ = 1u << 1,
  HF_DEVICE_WRITE = 1u << 2,
};

/* Key of `hf_devices`; the value is a __u32 of enum hf_device_access. major and minor may be
 * HF_DEVICE_ANY. */
struct hf_device_key {
  __u32 slot;
  __u32 block; /* 1: block device, 0: character device */
  __u32 major;
  __u32 minor;
};

/* Key of `hf_rootfs`, whose value is the slot: a directory that is a guarded container's root, or
 * the upper layer below it. A directory has one dentry; inode numbers are not unique on a
 * superblock (each subvolume of btrfs begins with 256). The number is there for the time after a
 * container has ended unnoticed, when its dentry's address may be another's. */
struct hf_directory_key {
  __u64 dentry; /* address */
  __u64 ino;
  __u32 dev; /* kernel encoding */
  __u32 padding;
};

#endif
