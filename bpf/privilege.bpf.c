// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about reaching into other processes and into the kernel: ptrace, bpf, perf.
#include "bpf/lib/compat.h"
#include "bpf/lib/decide.h"

/* include/linux/ptrace.h: attach, as opposed to the reading of /proc/PID that ps does. */
#define PTRACE_MODE_ATTACH 0x02

/* Whether `target` is of the subject's container. A task of it that is setting up is the runtime's
 * own (`runc exec`) and judged by nothing yet: whoever could attach to it would act unjudged. */
static __always_inline bool hf_may_attach(const struct hf_subject *subject,
                                          const struct hf_task *target) {
  return target && target->slot == subject->tag->slot &&
         target->generation == subject->tag->generation && !(target->flags & HF_TASK_SETTING_UP);
}

/* process_vm_readv, /proc/PID/mem and pidfd_getfd ask the same question. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hf_ptrace, struct task_struct *child, unsigned int mode) {
  struct hf_subject subject;
  if (!(mode & PTRACE_MODE_ATTACH) || !hf_guarded(&subject)) {
    return 0;
  }
  if (hf_may_attach(&subject, hf_tag_of(child))) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_PTRACE, HF_OP_PTRACE, EPERM);
  hf_case.argument = child->tgid;
  return hf_decide(&hf_case) ? -EPERM : 0;
}

/* include/uapi/linux/capability.h */
#define HF_CAPS_OF_BPF (1ULL << 21 | 1ULL << 38 | 1ULL << 39) /* SYS_ADMIN, PERFMON, BPF */

/* Libraries try these calls to see what they may do. Without any of the capabilities the kernel
 * refuses by itself (kernel.unprivileged_bpf_disabled, kernel.perf_event_paranoid), on some kernels
 * after the hook was asked: no word of it then. Where these settings would let it go on, it
 * is refused all the same. */
static __always_inline int hf_decide_bpf(__u32 operation, __u64 argument) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  const struct cred *cred = subject.task->real_cred;
  if (!(HF_CAPS(cred, cap_effective) & HF_CAPS_OF_BPF)) {
    return hf_action_of(subject.policy, HF_ESCAPE_BPF) >= HF_DENY ? hf_constant(-EPERM) : 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_BPF, operation, EPERM);
  hf_case.argument = argument;
  return hf_decide(&hf_case) ? -EPERM : 0;
}

SEC("lsm/bpf")
int BPF_PROG(hf_bpf, int command) {
  return hf_decide_bpf(HF_OP_BPF, command);
}

SEC("lsm/perf_event_open")
int hf_perf_event_open(__u64 *ctx) {
  return hf_decide_bpf(HF_OP_PERF, 0);
}
