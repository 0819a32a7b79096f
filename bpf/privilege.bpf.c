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

static __always_inline bool hf_is_monitor(const struct task_struct *task) {
  __u32 index = 0;
  struct hf_host *host = bpf_map_lookup_elem(&hf_hosts, &index);
  return host && host->monitor && host->monitor == (__u32)task->tgid;
}

/* Generations between a debugger and what it debugs. */
#define HF_GENERATIONS 16

/* Whether `task` was started by `ancestor`, or by what that started: a debugger's own. */
static __always_inline bool hf_descends(struct task_struct *task, struct task_struct *ancestor) {
  __u32 tgid = ancestor->tgid;
  for (int i = 0; i < HF_GENERATIONS && task; i++) {
    if ((__u32)BPF_CORE_READ(task, tgid) == tgid) {
      return true;
    }
    task = BPF_CORE_READ(task, real_parent);
  }
  return false;
}

/* The host's number of the user that is 0 in the namespace of `cred`: a namespace that has a root
 * maps it first. */
static __always_inline __u32 hf_root_of(const struct cred *cred) {
  return BPF_CORE_READ(cred, user_ns, uid_map.extent[0].lower_first);
}

/* process_vm_readv, /proc/PID/mem and pidfd_getfd ask the same question. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hf_ptrace, struct task_struct *child, unsigned int mode) {
  struct hf_subject subject;
  if (!(mode & PTRACE_MODE_ATTACH) || !hf_guarded(&subject)) {
    return 0;
  }
  __u32 class_id = HF_ESCAPE_PTRACE;
  if (hf_is_monitor(child)) {
    class_id = HF_TAMPER_MONITOR;
  } else if (hf_may_attach(&subject, hf_tag_of(child))) {
    if (hf_descends(child, subject.task)) {
      return 0;
    }
    class_id = HF_PROCESS_INJECTION;
  }
  struct hf_case hf_case = hf_case_of(&subject, class_id, HF_OP_PTRACE, EPERM);
  hf_case.argument = child->tgid;
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
}

/* tamper.monitor: a signal for the monitor, from a container that shares the host's processes. */
SEC("lsm/task_kill")
int BPF_PROG(hf_task_kill, struct task_struct *target) {
  struct hf_subject subject;
  if (!hf_guarded(&subject) || !hf_is_monitor(target)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_TAMPER_MONITOR, HF_OP_SIGNAL, EPERM);
  hf_case.argument = target->tgid;
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
}

/* privilege.setuid: a set-user-ID or set-group-ID program, or one with capabilities of its own. The
 * capabilities are known where other LSMs were asked before; root has them anyway. */
SEC("lsm/bprm_creds_from_file")
int BPF_PROG(hf_bprm_creds, struct linux_binprm *bprm) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  const struct cred *old = subject.task->real_cred;
  const struct cred *new = bprm->cred;
  __u64 gained = HF_CAPS(new, cap_permitted) & ~HF_CAPS(old, cap_permitted);
  bool changed = new->euid.val != old->euid.val || new->egid.val != old->egid.val;
  if (!changed && (!gained || new->euid.val == hf_root_of(new))) {
    return 0;
  }
  struct file *file = bprm->file;
  return hf_refuse_at(&subject, HF_PRIVILEGE_SETUID, HF_OP_EXEC, EACCES, file->f_path.dentry,
                      file->f_path.mnt);
}

/* Whether one of the user ids is root's: who has one can have the others. */
static __always_inline bool hf_is_root_anyhow(const struct cred *cred, __u32 root) {
  return cred->uid.val == root || cred->euid.val == root || cred->suid.val == root ||
         cred->fsuid.val == root;
}

/* privilege.setuid: somebody who was not root in any way becomes root by setuid(2) and its kind. */
SEC("lsm/task_fix_setuid")
int BPF_PROG(hf_fix_setuid, struct cred *new, const struct cred *old) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  __u32 root = hf_root_of(new);
  if (!hf_is_root_anyhow(new, root) || hf_is_root_anyhow(old, root)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_PRIVILEGE_SETUID, HF_OP_SETUID, EPERM);
  return hf_decide(&hf_case) ? hf_constant(-EPERM) : 0;
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
