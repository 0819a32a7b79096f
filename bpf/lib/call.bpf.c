// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Which system call a task is in.
#include "bpf/lib/call.h"

/* From the number of a 32-bit process to ours; 0: none that is looked at. What 32-bit processes
 * lack has their number 0, which is restart_syscall(2). */
static const __u16 hf_from_ia32[HF_NR_MAX] = {
#define HF_FROM_IA32(enumerator, name, number, ia32, part) [ia32] = number,
    HF_SYSCALLS(HF_FROM_IA32)
#undef HF_FROM_IA32
#define HF_FROM_IA32(name, ia32, enumerator) [ia32] = HF_NR_##enumerator,
        HF_SYSCALLS_IA32(HF_FROM_IA32)
#undef HF_FROM_IA32
};

/* include/uapi/linux/net.h: SYS_SOCKET and so on, the first argument of socketcall(2). */
#define SYS_SEND 9

static __always_inline int hf_from_socketcall(__u64 call) {
  switch (call) {
    case 1:
      return HF_NR_SOCKET;
    case 2:
      return HF_NR_BIND;
    case 3:
      return HF_NR_CONNECT;
    case 4:
      return HF_NR_LISTEN;
    case SYS_SEND:
    case 11:
      return HF_NR_SENDTO;
    case 16:
      return HF_NR_SENDMSG;
    case 20:
      return HF_NR_SENDMMSG;
    default:
      return -1;
  }
}

static __always_inline int hf_number_of_ia32(const struct pt_regs *regs) {
  __u32 nr = regs->orig_ax;
  if (nr == HF_NR_IA32_SOCKETCALL) {
    return hf_from_socketcall((__u32)regs->bx);
  }
  int number = nr && nr < HF_NR_MAX ? hf_from_ia32[nr] : 0;
  return number ? number : -1;
}

__noinline int hf_current_syscall(void) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
  if (hf_is_ia32(task)) {
    return hf_number_of_ia32(regs);
  }
  int nr = (int)regs->orig_ax;
  return nr < 0 ? -1 : nr & ~(int)X32_SYSCALL_BIT;
}

/* Arguments that lie in the caller's memory, 32 bits each. One at a time: there may be fewer, and
 * nothing behind them. */
static __always_inline void hf_take_words(struct hf_call *call, __u64 address) {
  for (int i = 0; i < HF_CALL_ARGUMENTS; i++) {
    __u32 word = 0;
    bpf_probe_read_user(&word, sizeof(word), (void *)(address + i * sizeof(word)));
    call->argument[i] = word;
  }
}

static __always_inline void hf_take_ia32(struct hf_call *call, const struct pt_regs *regs) {
  call->argument[0] = (__u32)regs->bx;
  call->argument[1] = (__u32)regs->cx;
  call->argument[2] = (__u32)regs->dx;
  call->argument[3] = (__u32)regs->si;
  call->argument[4] = (__u32)regs->di;
  call->argument[5] = (__u32)regs->bp;
  if (regs->orig_ax == HF_NR_IA32_SOCKETCALL) {
    hf_take_words(call, call->argument[1]);
    if ((__u32)regs->bx == SYS_SEND) { /* sendto(2) without an address */
      call->argument[4] = 0;
    }
  } else if (regs->orig_ax == HF_NR_IA32_OLD_MMAP) {
    hf_take_words(call, call->argument[0]);
  }
}

__noinline int hf_current_call(struct hf_call *call) {
  if (!call) {
    return 0;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
  call->result = 0;
  call->nr = hf_current_syscall();
  call->is_ia32 = hf_is_ia32(task);
  if (call->is_ia32) {
    hf_take_ia32(call, regs);
    return 0;
  }
  call->argument[0] = regs->di;
  call->argument[1] = regs->si;
  call->argument[2] = regs->dx;
  call->argument[3] = regs->r10;
  call->argument[4] = regs->r8;
  call->argument[5] = regs->r9;
  return 0;
}
