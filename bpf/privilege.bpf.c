// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about reaching into other processes and into the kernel: ptrace, bpf, perf.
#include "bpf/lib/compat.h"
#include "bpf/lib/decide.h"
#include "bpf/lib/descriptor.h"
#include "bpf/lib/root.h"
#include "bpf/lib/target.h"
#include "bpf/lib/trace.h"

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
  return host && host->monitor && host->monitor == (__u32)BPF_CORE_READ(task, tgid);
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

/* What it is to attach to `child`, whose tag is `tag`; 0: a debugger's everyday work. */
static __always_inline __u32 hf_attach_class(const struct hf_subject *subject,
                                             struct task_struct *child, const struct hf_task *tag) {
  if (hf_is_monitor(child)) {
    return HF_TAMPER_MONITOR;
  }
  if (!hf_may_attach(subject, tag)) {
    return HF_ESCAPE_PTRACE;
  }
  return hf_descends(child, subject->task) ? HF_CLASS_NONE : HF_PROCESS_INJECTION;
}

/* process_vm_readv, /proc/PID/mem and pidfd_getfd ask the same question. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hf_ptrace, struct task_struct *child, unsigned int mode) {
  struct hf_subject subject;
  if (!(mode & PTRACE_MODE_ATTACH) || !hf_guarded(&subject)) {
    return 0;
  }
  __u32 class_id = hf_attach_class(&subject, child, hf_tag_of(child));
  if (!class_id) {
    return 0;
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

/* The back end `tracepoint`. */

/* Since 6.2 (3f0e6f2b41d3). Here alone: libbpf cannot link two objects that both name one. */
extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

const volatile bool hf_finds_tasks = false;

__noinline int hf_copy_tag(__u32 tgid, struct hf_task *copy) {
  struct task_struct *task = hf_finds_tasks ? bpf_task_from_pid(tgid) : NULL;
  if (!task) {
    return 0;
  }
  struct hf_task *tag = copy ? bpf_task_storage_get(&hf_tasks, task, 0, 0) : NULL;
  if (tag) {
    *copy = *tag;
  }
  bpf_task_release(task);
  return tag != NULL;
}

__noinline int hf_trace_attach(__u64 target, __s64 result) {
  struct hf_subject subject;
  struct task_struct *child = (void *)target;
  if (!child || !hf_guarded(&subject)) {
    return 0;
  }
  struct hf_task tag = {};
  bool tagged = hf_target_tag(&subject, child, &tag);
  __u32 class_id = hf_attach_class(&subject, child, tagged ? &tag : NULL);
  if (!class_id) {
    return 0;
  }
  struct hf_case hf_case = hf_traced_case(&subject, class_id, HF_OP_PTRACE, result);
  hf_case.argument = BPF_CORE_READ(child, tgid);
  return hf_decide(&hf_case);
}

/* include/uapi/linux/ptrace.h: the requests that attach; all others need that one of these was made
 * before. */
#define PTRACE_ATTACH 16
#define PTRACE_SEIZE 0x4206

#define EBADF 9 /* include/uapi/asm-generic/errno-base.h */

/* A pidfd is a file of its own until 6.9 (cb12fd8e0dab), and then the inode of a file system. */
static __always_inline struct pid *hf_pid_of_pidfd(struct task_struct *task, __s64 fd) {
  struct file *file = hf_file_at(task, fd);
  struct pid *pid = file ? BPF_CORE_READ(file, private_data) : NULL;
  return pid || !file ? pid : BPF_CORE_READ(file, f_inode, i_private);
}

__noinline __u64 hf_trace_target(struct hf_call *call) {
  if (!call) {
    return 0;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  __u64 first = call->argument[0];
  struct pid *pid = NULL;
  if (call->nr == HF_NR_PIDFD_GETFD) {
    /* EBADF: the descriptor may be no process's. */
    pid = call->result == -EBADF ? NULL : hf_pid_of_pidfd(task, (__s32)first);
  } else if (call->nr != HF_NR_PTRACE) {
    pid = hf_pid_at(task, first);
  } else if (first == PTRACE_ATTACH || first == PTRACE_SEIZE) {
    pid = hf_pid_at(task, call->argument[1]);
  }
  return (__u64)hf_task_of(pid);
}

__noinline int hf_trace_setuid(struct hf_call *call) {
  struct hf_subject subject;
  if (!call || call->result < 0 || !hf_guarded(&subject)) {
    return 0;
  }
  const struct cred *cred = subject.task->real_cred;
  if ((subject.tag->flags & HF_TASK_NOT_ROOT) && hf_is_root_anyhow(cred, hf_root_of(cred))) {
    struct hf_case hf_case = hf_traced_case(&subject, HF_PRIVILEGE_SETUID, HF_OP_SETUID, 0);
    hf_decide(&hf_case);
  }
  hf_note_root(subject.tag, cred);
  return 0;
}

/* tamper.monitor: a signal on its way to the monitor. */
SEC("?tp_btf/signal_generate")
int BPF_PROG(hf_tp_signal, int signal, void *info, struct task_struct *target) {
  struct hf_subject subject;
  if (!hf_guarded(&subject) || !hf_is_monitor(target)) {
    return 0;
  }
  struct hf_case hf_case = hf_traced_case(&subject, HF_TAMPER_MONITOR, HF_OP_SIGNAL, 0);
  hf_case.argument = target->tgid;
  hf_decide(&hf_case);
  return 0;
}
