// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tells whether this kernel runs BPF LSM programs: loaded, attached, and then seen to run. Without
// "bpf" in the active LSM list such a program loads and attaches, and is never called.
#include "bpf/lib/types.h"

__u32 hf_probe_tgid = 0;
__u32 hf_probe_seen = 0;

SEC("?lsm/file_open")
int BPF_PROG(hf_probe_lsm, struct file *file) {
  struct task_struct *task = bpf_get_current_task_btf();
  if ((__u32)task->tgid == hf_probe_tgid) {
    hf_probe_seen = 1;
  }
  return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(hf_probe_tracepoint, struct task_struct *task) {
  return 0;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
