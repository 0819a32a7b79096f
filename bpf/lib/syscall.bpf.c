// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Which system call a task is in.
#include "bpf/lib/compat.h"

/* arch/x86/include/asm/thread_info.h, uapi/asm/unistd.h */
#define TS_COMPAT 0x0002
#define X32_SYSCALL_BIT 0x40000000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct thread_info {
  __u32 status;
};
struct task_struct___thread_info {
  struct thread_info thread_info;
};
#pragma clang attribute pop

/* The few calls that a 32-bit process can make as well and whose number we ask for. */
static __always_inline int hf_from_ia32(int nr) {
  switch (nr) {
    case 310:
      return 272; /* unshare */
    case 346:
      return 308; /* setns */
    case 342:
      return 304; /* open_by_handle_at */
    case 128:
      return 175; /* init_module */
    case 129:
      return 176; /* delete_module */
    case 350:
      return 313; /* finit_module */
    case 101:
      return 173; /* ioperm */
    case 110:
      return 172; /* iopl */
    case 283:
      return 246; /* kexec_load */
    default:
      return nr >= 424 ? nr : -1; /* the same on every architecture from here */
  }
}

__noinline int hf_current_syscall(void) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
  int nr = (int)regs->orig_ax;
  const struct task_struct___thread_info *thread = (const void *)task;
  if (BPF_CORE_READ(thread, thread_info.status) & TS_COMPAT) {
    return hf_from_ia32(nr);
  }
  return nr < 0 ? -1 : nr & ~X32_SYSCALL_BIT;
}
