/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the kernel tells user space: one struct hf_event per ring record. */
#ifndef HOLDFAST_BPF_ABI_EVENTS_H
#define HOLDFAST_BPF_ABI_EVENTS_H

#include <linux/types.h>

#include "bpf/abi/limits.h"
#include "bpf/abi/policy.h"

/* What an event is about, within its class. The number is ABI: append only. */
#define HF_OPERATIONS(X)                  \
  X(HF_OP_OPEN, "open")                   \
  X(HF_OP_CREATE, "create")               \
  X(HF_OP_MKDIR, "mkdir")                 \
  X(HF_OP_MKNOD, "mknod")                 \
  X(HF_OP_SYMLINK, "symlink")             \
  X(HF_OP_LINK, "link")                   \
  X(HF_OP_RENAME, "rename")               \
  X(HF_OP_UNLINK, "unlink")               \
  X(HF_OP_RMDIR, "rmdir")                 \
  X(HF_OP_CHMOD, "chmod")                 \
  X(HF_OP_CHOWN, "chown")                 \
  X(HF_OP_SETXATTR, "setxattr")           \
  X(HF_OP_REMOVEXATTR, "removexattr")     \
  X(HF_OP_UTIMES, "utimes")               \
  X(HF_OP_TRUNCATE, "truncate")           \
  X(HF_OP_EXEC, "exec")                   \
  X(HF_OP_CHDIR, "chdir")                 \
  X(HF_OP_MOUNT, "mount")                 \
  X(HF_OP_UMOUNT, "umount")               \
  X(HF_OP_MOVE_MOUNT, "move_mount")       \
  X(HF_OP_PIVOT_ROOT, "pivot_root")       \
  X(HF_OP_CLONE, "clone")                 \
  X(HF_OP_UNSHARE, "unshare")             \
  X(HF_OP_SETNS, "setns")                 \
  X(HF_OP_SYSCALL, "syscall")             \
  X(HF_OP_BPF, "bpf")                     \
  X(HF_OP_PERF, "perf_event_open")        \
  X(HF_OP_PTRACE, "ptrace")               \
  X(HF_OP_CGROUP_ATTACH, "cgroup_attach") \
  X(HF_OP_MMAP, "mmap")                   \
  X(HF_OP_CONNECT, "connect")             \
  X(HF_OP_SEND, "send")                   \
  X(HF_OP_LISTEN, "listen")               \
  X(HF_OP_BIND, "bind")                   \
  X(HF_OP_SOCKET, "socket")               \
  X(HF_OP_SIGNAL, "signal")               \
  X(HF_OP_SETUID, "setuid")               \
  X(HF_OP_CAPABILITY, "capability")       \
  X(HF_OP_EXEC_SCRIPT, "exec_script")

enum hf_operation {
  HF_OP_NONE = 0,
#define HF_OPERATION_ENUMERATOR(enumerator, name) enumerator,
  HF_OPERATIONS(HF_OPERATION_ENUMERATOR)
#undef HF_OPERATION_ENUMERATOR
      HF_OP_COUNT,
};

/* What became of the operation. */
enum hf_outcome {
  HF_OUTCOME_SEEN = 0,    /* it went on: we only tell */
  HF_OUTCOME_DENIED = 1,  /* we refused it */
  HF_OUTCOME_KILLED = 2,  /* we refused it and killed the process */
  HF_OUTCOME_REFUSED = 3, /* the kernel refused it by itself (read-only mount, seccomp, capability):
                             `result` is the errno */
};

enum hf_event_flag {
  HF_EVENT_TRUNCATED = 1u << 0,     /* `path` lost its beginning, or as USER_PATH its end */
  HF_EVENT_EXE_TRUNCATED = 1u << 1, /* `exe` lost its beginning */
  HF_EVENT_UPPER_LAYER = 1u << 2,   /* the executable of the process is not from the image */
  HF_EVENT_USER_PATH =
      1u << 3, /* `path` was read from the caller's memory: as spelled, not as resolved */
  HF_EVENT_SETTING_UP = 1u << 4, /* the task was still the runtime's own init */
  HF_EVENT_BYSTANDER = 1u << 5,  /* the task belongs to no container (escape.host-exec) */
  HF_EVENT_TOO_LATE = 1u << 6,   /* told after it happened: policy could not refuse it here */
  HF_EVENT_REFUSED =
      1u << 7, /* told after the kernel had refused it by itself: HF_OUTCOME_REFUSED */
  HF_EVENT_ARGS_TRUNCATED = 1u << 8, /* the command line lost its end */
  HF_EVENT_BUILT_PATH = 1u << 9,     /* USER_PATH was relative: `path` begins where the mount
                                        namespace does, not at the root of the process */
};

/* A process as it was when the event was: whoever has its pid later, or whatever program it is
 * later, is another. */
struct hf_ancestor {
  __u64 start_ns; /* as task_start_ns */
  __u32 tgid;     /* 0: there is none */
  __u32 exec_id;
};

/* Lengths are in bytes and exclude a terminator; there is none. The record ends after path_len +
 * exe_len + args_len bytes of `text`: the path first, then the executable, then the command line,
 * whose arguments end with a zero byte each (the last one's may be cut off). All ids are the
 * host's. */
struct hf_event {
  __u64 time_ns;       /* CLOCK_BOOTTIME */
  __u64 task_start_ns; /* start of the thread group leader, CLOCK_BOOTTIME: with tgid, an identity
                          that is never reused */
  __u64 cap_effective; /* of real_cred */
  __u64 object_ino;    /* inode the event is about; 0: none */
  __u64 parent_ino;    /* of the directory that the object's name is in; 0: it is in none */
  __u64 exe_ino;       /* inode of the process's executable */
  __u64 argument;   /* by operation: clone and unshare flags, mount flags, namespace inode, syscall
                       number, mode (of chmod, create, link and rename), target's tgid for ptrace,
                       capability bits beyond the bounding set for escape.credentials */
  __u32 object_dev; /* device of its superblock, kernel encoding */
  __u32 exe_dev;
  __u32 slot;
  __u32 generation;   /* of the slot, so that a late event is not told of the slot's next owner */
  __u32 class_id;     /* enum hf_class */
  __u32 operation;    /* enum hf_operation */
  __u32 outcome;      /* enum hf_outcome */
  __s32 result;       /* 0, or the positive errno the caller gets, where it is known */
  __u32 flags;        /* enum hf_event_flag */
  __u32 object_mode;  /* st_mode of the object; 0: unknown */
  __u32 object_rdev;  /* for device nodes, kernel encoding */
  __u32 object_magic; /* magic number of the object's superblock (statfs(2)) */
  __u32 pid;          /* thread id */
  __u32 tgid;
  __u32 ppid;          /* tgid of the real parent */
  __u32 container_pid; /* tgid in the innermost pid namespace of the task */
  __u32 uid;           /* real_cred, in the initial user namespace */
  __u32 gid;
  __u32 count;   /* how often it happened: those before were the same and within a window */
  __u32 exec_id; /* of the process: rises with every program it executes, children begin with it */
  __u16 path_len;
  __u16 exe_len;
  __u16 args_len;
  __u16 family;     /* of the address, AF_INET or AF_INET6; 0: the event has none */
  __u16 port;       /* host byte order */
  __u16 protocol;   /* of the socket, IPPROTO_TCP and the like */
  __u8 address[16]; /* IPv4: the first four */
  __u8 action;      /* enum hf_action that policy has for it: HF_RECORD is for forensics only */
  __u8 severity;    /* that a rule of the profile gives it, syslog's number plus one; 0: none */
  __u16 padding;
  struct hf_ancestor ancestors[HF_ANCESTORS]; /* the parent first, up to the host's init */
  char comm[HF_COMM_MAX];
  char text[HF_EVENT_PATH_MAX + HF_EVENT_EXE_MAX + HF_EVENT_ARGS_MAX];
};

/* The ring an event is sent by. */
enum hf_ring {
  HF_RING_ALERTS = 0,
  HF_RING_RECORDS = 1, /* HF_RECORD: a flood of them leaves room for alerts */
  HF_RING_COUNT = 2,
};

/* What is counted for each slot; what belongs to no container, or to none that is known, for slot
 * 0.
 */
enum hf_counter {
  HF_COUNT_ALERTS = 0,       /* submitted to the ring of alerts */
  HF_COUNT_RECORDS = 1,      /* submitted to the ring of records */
  HF_COUNT_ALERTS_FULL = 2,  /* found the ring of alerts full */
  HF_COUNT_RECORDS_FULL = 3, /* found the ring of records full */
  HF_COUNT_NO_BUFFER = 4,    /* all buffers of the CPU were taken */
  HF_COUNT_NO_STORAGE = 5,   /* task storage could not be allocated: a task runs untagged until its
                                next exec */
  HF_COUNT_REPEATED = 6,     /* counted in hf_repeats instead of sent, and told or to be told */
  HF_COUNT_ASKED_AGAIN = 7,  /* one call that asks several times, told once */
  HF_COUNTER_COUNT = 8,
};

/* Element of the array `hf_counters`, by slot; never reset, whoever has the slot. Of the same shape
 * is `hf_told`: how much of each loss the monitor has told; the kernel does not look at it. */
struct hf_counts {
  __u64 of[HF_COUNTER_COUNT]; /* by enum hf_counter */
};

/* What makes two events the same. All of it is compared, so nothing else is ever counted in. */
struct hf_repeat_key {
  __u64 object_ino; /* of the object; 0: there is none yet, and its name says which */
  __u64 parent_ino; /* of the directory that the object's name is in */
  __u64 argument;   /* from here as in struct hf_event */
  __u64 exe_ino;
  __u32 exe_dev;
  __u32 object_dev;
  __u32 slot;
  __u32 generation;
  __u32 class_id;
  __u32 operation;
  __u32 outcome;
  __s32 result;
  __u32 flags; /* those that the hook knows */
  __u32 object_mode;
  __u32 object_rdev;
  __u16 family;
  __u16 port;
  __u16 protocol;
  __u16 name_len;
  __u8 action;
  __u8 severity;
  __u16 padding;
  char name[HF_REPEAT_NAME_MAX]; /* last part of the path, a socket's name, or the address */
};

/* Element of the array `hf_repeats`, a table of its own: an event has one place in it, by its key's
 * hash. `state` holds phase, count and, in its upper half, a number that rises with every use, so
 * that whoever changes it by compare-and-swap knows that the rest was still the same. */
struct hf_repeat {
  __u64 state;
  __u64 since_ns;      /* CLOCK_BOOTTIME of the event that was sent, or since when it counts anew */
  __u64 task_start_ns; /* and its process, as in struct hf_event */
  __u32 pid;
  __u32 tgid;
  __u32 ppid;
  __u32 uid;
  __u32 gid;
  __u32 window_ms; /* how long it counts; 0: HF_REPEAT_NS. Written by whoever opens it */
  __u32 exec_id;
  __u32 padding;
  char comm[HF_COMM_MAX];
  struct hf_repeat_key key;
};

#define HF_REPEAT_COUNT 0x3fffffffULL /* how many were not sent */
#define HF_REPEAT_PHASE 0xc0000000ULL
#define HF_REPEAT_FREE 0x00000000ULL
#define HF_REPEAT_BUSY 0x40000000ULL    /* a program is writing it */
#define HF_REPEAT_LIVE 0x80000000ULL    /* counts until the window is over */
#define HF_REPEAT_CLAIMED 0xc0000000ULL /* the monitor is telling what was counted */
#define HF_REPEAT_USE 0x100000000ULL    /* one more use */

#endif
