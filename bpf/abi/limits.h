/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Sizes that the BPF programs and user space must agree on. Each says why it is what it is. */
#ifndef HOLDFAST_BPF_ABI_LIMITS_H
#define HOLDFAST_BPF_ABI_LIMITS_H

/* Version of everything in bpf/abi; part of the pin path, so that two versions can live side by
 * side. */
#define HF_ABI_VERSION 5

/* Slots of containers; slot 0 means "no container". Kubernetes allows 110 pods a node; dense hosts
 * run 1000. */
#define HF_MAX_CONTAINERS 4096

/* PATH_MAX of the kernel: a path longer than that is reported truncated, the decision stands. */
#define HF_PATH_MAX 4096

/* Bytes of a path kept in an event, without terminator (one less, to be exact). Longer ones lose
 * their beginning, `truncated` says so. */
#define HF_EVENT_PATH_MAX 1024

/* Bytes of the path of an executable kept in an event. */
#define HF_EVENT_EXE_MAX 512

/* Bytes of a command line kept in an event: enough for a shell one-liner. Longer ones lose their
 * end. */
#define HF_EVENT_ARGS_MAX 1024

/* Processes above the one that acts that an event names: a shell below a server below the init of
 * a container, and as many again. */
#define HF_ANCESTORS 8

/* NAME_MAX of the kernel. */
#define HF_NAME_MAX 255

/* TASK_COMM_LEN of the kernel. */
#define HF_COMM_MAX 16

/* Longest path of a rule, its closing slash included: the LPM trie takes keys of at most 256 bytes
 * of data, eight of which hold slot and kind. */
#define HF_RULE_PATH_MAX 248

/* Paths with a rule, of all containers together. */
#define HF_MAX_PATHS 65536

/* Addresses and ports of all containers together. */
#define HF_MAX_PEERS 65536

/* Names of control sockets of the host. */
#define HF_MAX_CONTROL_SOCKETS 1024

/* Files and directories of holdfast itself that containers must leave alone. */
#define HF_MAX_PROTECTED 64

/* Device rules of all containers together. */
#define HF_MAX_DEVICES 65536

/* Namespaces known to belong to a container: seven at creation, and those it makes. */
#define HF_MAX_NAMESPACES 65536

/* Directories walked from a file to its root: more than one look-up can go down, which is forty
 * symbolic links of PATH_MAX each. A deeper tree is treated as part of the rootfs. */
#define HF_MAX_DEPTH (1 << 17)

/* Bytes of the ring of alerts: a power of two, 8192 events of average size. */
#define HF_ALERTS_BYTES (4 * 1024 * 1024)

/* Bytes of the ring of records, of which some may be lost in a flood. */
#define HF_RECORDS_BYTES (2 * 1024 * 1024)

/* Events that are looked out for at a time, to be counted when they come again; a power of two. */
#define HF_MAX_REPEATS 4096

/* For this long after an event was sent, the same is counted instead, and longer where the monitor
 * says so (hf_repeat.window_ms). */
#define HF_REPEAT_NS 1000000000ULL

/* And for so long after that, what was counted waits for the monitor, which looks once a second. If
 * it does not come, the next event takes it along. */
#define HF_REPEAT_GRACE_NS 2000000000ULL

/* Bytes of a name that are compared, a power of two; an event about a longer one is always sent. */
#define HF_REPEAT_NAME_MAX 64

#endif
