// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about reaching into other processes and into the kernel: ptrace, bpf, perf.
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

static __always_inline int hf_decide_bpf(__u32 operation, __u64 argument) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
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
