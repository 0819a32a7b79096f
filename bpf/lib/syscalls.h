/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The system calls that programs ask about: the one table of their numbers. */
#ifndef HOLDFAST_BPF_LIB_SYSCALLS_H
#define HOLDFAST_BPF_LIB_SYSCALLS_H

/* X(enumerator, name, x86-64 number, that of a 32-bit process or 0, which part of the back end
 * `tracepoint` looks at it). arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl. */
/* clang-format off */
#define HF_SYSCALLS(X) \
  X(OPEN, "open", 2, 5, OPEN) \
  X(CREAT, "creat", 85, 8, OPEN) \
  X(OPENAT, "openat", 257, 295, OPEN) \
  X(OPENAT2, "openat2", 437, 437, OPEN) \
  X(OPEN_BY_HANDLE_AT, "open_by_handle_at", 304, 342, OPEN) \
  X(TRUNCATE, "truncate", 76, 92, CHANGE) \
  X(RENAME, "rename", 82, 38, CHANGE) \
  X(RENAMEAT, "renameat", 264, 302, CHANGE) \
  X(RENAMEAT2, "renameat2", 316, 353, CHANGE) \
  X(MKDIR, "mkdir", 83, 39, CHANGE) \
  X(MKDIRAT, "mkdirat", 258, 296, CHANGE) \
  X(RMDIR, "rmdir", 84, 40, CHANGE) \
  X(UNLINK, "unlink", 87, 10, CHANGE) \
  X(UNLINKAT, "unlinkat", 263, 301, CHANGE) \
  X(LINK, "link", 86, 9, CHANGE) \
  X(LINKAT, "linkat", 265, 303, CHANGE) \
  X(SYMLINK, "symlink", 88, 83, CHANGE) \
  X(SYMLINKAT, "symlinkat", 266, 304, CHANGE) \
  X(MKNOD, "mknod", 133, 14, CHANGE) \
  X(MKNODAT, "mknodat", 259, 297, CHANGE) \
  X(CHMOD, "chmod", 90, 15, CHANGE) \
  X(FCHMODAT, "fchmodat", 268, 306, CHANGE) \
  X(FCHMODAT2, "fchmodat2", 452, 452, CHANGE) \
  X(CHOWN, "chown", 92, 182, CHANGE) \
  X(LCHOWN, "lchown", 94, 16, CHANGE) \
  X(FCHOWNAT, "fchownat", 260, 298, CHANGE) \
  X(UTIME, "utime", 132, 30, CHANGE) \
  X(UTIMES, "utimes", 235, 271, CHANGE) \
  X(FUTIMESAT, "futimesat", 261, 299, CHANGE) \
  X(UTIMENSAT, "utimensat", 280, 320, CHANGE) \
  X(SETXATTR, "setxattr", 188, 226, CHANGE) \
  X(LSETXATTR, "lsetxattr", 189, 227, CHANGE) \
  X(REMOVEXATTR, "removexattr", 197, 235, CHANGE) \
  X(LREMOVEXATTR, "lremovexattr", 198, 236, CHANGE) \
  X(SETXATTRAT, "setxattrat", 463, 463, CHANGE) \
  X(REMOVEXATTRAT, "removexattrat", 466, 466, CHANGE) \
  X(FILE_SETATTR, "file_setattr", 469, 469, CHANGE) \
  X(FTRUNCATE, "ftruncate", 77, 93, CHANGE_FILE) \
  X(FCHMOD, "fchmod", 91, 94, CHANGE_FILE) \
  X(FCHOWN, "fchown", 93, 95, CHANGE_FILE) \
  X(FSETXATTR, "fsetxattr", 190, 228, CHANGE_FILE) \
  X(FREMOVEXATTR, "fremovexattr", 199, 237, CHANGE_FILE) \
  X(IOCTL, "ioctl", 16, 54, CHANGE_FILE) \
  X(MOUNT, "mount", 165, 21, KERNEL) \
  X(UMOUNT2, "umount2", 166, 52, KERNEL) \
  X(PIVOT_ROOT, "pivot_root", 155, 217, KERNEL) \
  X(MOVE_MOUNT, "move_mount", 429, 429, KERNEL) \
  X(OPEN_TREE, "open_tree", 428, 428, KERNEL) \
  X(OPEN_TREE_ATTR, "open_tree_attr", 467, 467, KERNEL) \
  X(FSOPEN, "fsopen", 430, 430, KERNEL) \
  X(FSPICK, "fspick", 433, 433, KERNEL) \
  X(MOUNT_SETATTR, "mount_setattr", 442, 442, KERNEL) \
  X(UNSHARE, "unshare", 272, 310, KERNEL) \
  X(SETNS, "setns", 308, 346, KERNEL) \
  X(CLONE, "clone", 56, 120, KERNEL) \
  X(CLONE3, "clone3", 435, 435, KERNEL) \
  X(INIT_MODULE, "init_module", 175, 128, KERNEL) \
  X(FINIT_MODULE, "finit_module", 313, 350, KERNEL) \
  X(DELETE_MODULE, "delete_module", 176, 129, KERNEL) \
  X(KEXEC_LOAD, "kexec_load", 246, 283, KERNEL) \
  X(KEXEC_FILE_LOAD, "kexec_file_load", 320, 0, KERNEL) \
  X(IOPL, "iopl", 172, 110, KERNEL) \
  X(IOPERM, "ioperm", 173, 101, KERNEL) \
  X(BPF, "bpf", 321, 357, KERNEL) \
  X(PERF_EVENT_OPEN, "perf_event_open", 298, 336, KERNEL) \
  X(PTRACE, "ptrace", 101, 26, PROCESS) \
  X(PROCESS_VM_READV, "process_vm_readv", 310, 347, PROCESS) \
  X(PROCESS_VM_WRITEV, "process_vm_writev", 311, 348, PROCESS) \
  X(PIDFD_GETFD, "pidfd_getfd", 438, 438, PROCESS) \
  X(MMAP, "mmap", 9, 90, MAP) \
  X(MPROTECT, "mprotect", 10, 125, MAP) \
  X(PKEY_MPROTECT, "pkey_mprotect", 329, 380, MAP) \
  X(SOCKET, "socket", 41, 359, NETWORK) \
  X(CONNECT, "connect", 42, 362, NETWORK) \
  X(BIND, "bind", 49, 361, NETWORK) \
  X(LISTEN, "listen", 50, 363, NETWORK) \
  X(SENDTO, "sendto", 44, 369, NETWORK) \
  X(SENDMSG, "sendmsg", 46, 370, NETWORK) \
  X(SENDMMSG, "sendmmsg", 307, 345, NETWORK) \
  X(SETUID, "setuid", 105, 23, SETUID) \
  X(SETREUID, "setreuid", 113, 70, SETUID) \
  X(SETRESUID, "setresuid", 117, 164, SETUID) \
  X(SETFSUID, "setfsuid", 122, 138, SETUID)

/* X(name, number, enumerator): what only a 32-bit process can call, and which of the above it is. */
#define HF_SYSCALLS_IA32(X) \
  X("truncate64", 193, TRUNCATE) \
  X("ftruncate64", 194, FTRUNCATE) \
  X("chown32", 212, CHOWN) \
  X("lchown32", 198, LCHOWN) \
  X("fchown32", 207, FCHOWN) \
  X("utimensat_time64", 412, UTIMENSAT) \
  X("mmap2", 192, MMAP) \
  X("setuid32", 213, SETUID) \
  X("setreuid32", 203, SETREUID) \
  X("setresuid32", 208, SETRESUID) \
  X("setfsuid32", 215, SETFSUID) \
  X("umount", 22, UMOUNT2)
/* clang-format on */

enum hf_syscall {
#define HF_SYSCALL_ENUMERATOR(enumerator, name, number, ia32, part) HF_NR_##enumerator = number,
  HF_SYSCALLS(HF_SYSCALL_ENUMERATOR)
#undef HF_SYSCALL_ENUMERATOR
};

/* Of a 32-bit process: several calls in one, by number, with their arguments in memory; and mmap
 * with its arguments in memory. */
#define HF_NR_IA32_SOCKETCALL 102
#define HF_NR_IA32_OLD_MMAP 90

/* Above all numbers of both tables. */
#define HF_NR_MAX 512

#endif
