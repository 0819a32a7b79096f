/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The system call that a task is in, whichever of the kernel's entries it came by. */
#ifndef HOLDFAST_BPF_LIB_CALL_H
#define HOLDFAST_BPF_LIB_CALL_H

#include "bpf/lib/syscalls.h"
#include "bpf/lib/types.h"

#define HF_CALL_ARGUMENTS 6

struct hf_call {
  __s64 result; /* what the caller gets; 0 while the call goes on */
  __u64 argument[HF_CALL_ARGUMENTS];
  __u32 nr;      /* enum hf_syscall where it is one of them */
  __u32 is_ia32; /* structures in the caller's memory have the layout of 32-bit processes */
};

/* By its x86-64 number; -1 where the task is in no call, or in one of a 32-bit process that
 * syscalls.h does not have. Kernel code cannot change orig_ax between entry and a hook, and ptrace
 * can only before the call starts. */
int hf_current_syscall(void);

/* The same with its arguments. Always returns 0. */
int hf_current_call(struct hf_call *call);

/* arch/x86/include/uapi/asm/unistd.h: set in the numbers of x32, which are those of x86-64 but for
 * some from 512. */
#define X32_SYSCALL_BIT 0x40000000u

/* arch/x86/include/asm/thread_info.h */
#define TS_COMPAT 0x0002

/* Whether the task is in a call of a 32-bit process: int 0x80, which 64-bit processes can do too.
 */
static __always_inline bool hf_is_ia32(const struct task_struct *task) {
  return task->thread_info.status & TS_COMPAT;
}

#endif
