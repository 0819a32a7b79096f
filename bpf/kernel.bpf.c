// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tells, for the back end `tracepoint`, calls that reach for the kernel itself: mounts, namespaces,
// modules, bpf, kexec, raw ports. What the caller lacks the capability for the kernel refuses by
// itself, and nothing is told.
#include "bpf/lib/compat.h"
#include "bpf/lib/namespace.h"
#include "bpf/lib/trace.h"

/* include/uapi/linux/capability.h */
#define HF_CAP(number) (1ULL << (number))
#define HF_CAP_SYS_MODULE HF_CAP(16)
#define HF_CAP_SYS_RAWIO HF_CAP(17)
#define HF_CAP_SYS_ADMIN HF_CAP(21)
#define HF_CAP_SYS_BOOT HF_CAP(22)
#define HF_CAP_PERFMON HF_CAP(38)
#define HF_CAP_BPF HF_CAP(39)

#define HF_CLONE_NEWUSER 0x10000000ULL
#define HF_CLONE_ANY_NAMESPACE (HF_CLONE_NAMESPACES | HF_CLONE_NEWUSER)
#define OPEN_TREE_CLONE 1

/* What a call was asked, from its arguments. */
struct hf_asked {
  __u64 argument;   /* of struct hf_event */
  __u64 user_path;  /* address in the caller's memory; 0: none */
  __u64 capability; /* one of these is needed; 0: none is */
  __u32 class_id;   /* 0: nothing to tell */
  __u32 operation;
};

static __always_inline struct hf_asked hf_asked_of(__u32 class_id, __u32 operation, __u64 argument,
                                                   __u64 user_path) {
  struct hf_asked asked = {
      .class_id = class_id,
      .operation = operation,
      .argument = argument,
      .user_path = user_path,
  };
  return asked;
}

static __always_inline struct hf_asked hf_with(__u64 capability, struct hf_asked asked) {
  asked.capability = capability;
  return asked;
}

static __always_inline struct hf_asked hf_by_name(__u32 class_id, const struct hf_call *call,
                                                  __u64 user_path) {
  return hf_asked_of(class_id, HF_OP_SYSCALL, call->nr, user_path);
}

/* A user namespace needs no capability. */
static __always_inline struct hf_asked hf_ask_namespaces(__u32 operation, __u64 flags) {
  flags &= HF_CLONE_ANY_NAMESPACE;
  return hf_with(flags & HF_CLONE_NEWUSER ? 0 : HF_CAP_SYS_ADMIN,
                 hf_asked_of(flags ? HF_ESCAPE_NAMESPACE : 0, operation, flags, 0));
}

static __always_inline __u64 hf_clone3_flags(__u64 user_args) {
  __u64 flags = 0;
  bpf_probe_read_user(&flags, sizeof(flags), (void *)user_args);
  return flags;
}

static __always_inline struct hf_asked hf_ask_mount(const struct hf_call *call) {
  const __u64 *argument = call->argument;
  switch (call->nr) {
    case HF_NR_MOUNT:
      return hf_asked_of(HF_ESCAPE_MOUNT, HF_OP_MOUNT, argument[3], argument[1]);
    case HF_NR_UMOUNT2:
      return hf_asked_of(HF_ESCAPE_MOUNT, HF_OP_UMOUNT, argument[1], argument[0]);
    case HF_NR_PIVOT_ROOT:
      return hf_asked_of(HF_ESCAPE_MOUNT, HF_OP_PIVOT_ROOT, 0, argument[0]);
    case HF_NR_MOVE_MOUNT:
      return hf_asked_of(HF_ESCAPE_MOUNT, HF_OP_MOVE_MOUNT, 0, argument[3]);
    case HF_NR_OPEN_TREE:
    case HF_NR_OPEN_TREE_ATTR:
      return hf_by_name(argument[2] & OPEN_TREE_CLONE ? HF_ESCAPE_MOUNT : 0, call, argument[1]);
    case HF_NR_FSOPEN:
      return hf_by_name(HF_ESCAPE_MOUNT, call, 0);
    case HF_NR_FSPICK:
    case HF_NR_MOUNT_SETATTR:
      return hf_by_name(HF_ESCAPE_MOUNT, call, argument[1]);
    default:
      return hf_asked_of(0, 0, 0, 0);
  }
}

static __always_inline struct hf_asked hf_ask(const struct hf_call *call) {
  const __u64 *argument = call->argument;
  switch (call->nr) {
    case HF_NR_SETNS:
      return hf_with(HF_CAP_SYS_ADMIN,
                     hf_asked_of(HF_ESCAPE_NAMESPACE, HF_OP_SETNS, argument[1], 0));
    case HF_NR_UNSHARE:
      return hf_ask_namespaces(HF_OP_UNSHARE, argument[0]);
    case HF_NR_CLONE:
      return hf_ask_namespaces(HF_OP_CLONE, argument[0]);
    case HF_NR_CLONE3:
      return hf_ask_namespaces(HF_OP_CLONE, hf_clone3_flags(argument[0]));
    case HF_NR_INIT_MODULE:
    case HF_NR_FINIT_MODULE:
    case HF_NR_DELETE_MODULE:
      return hf_with(HF_CAP_SYS_MODULE, hf_by_name(HF_ESCAPE_MODULE, call, 0));
    case HF_NR_KEXEC_LOAD:
    case HF_NR_KEXEC_FILE_LOAD:
      return hf_with(HF_CAP_SYS_BOOT, hf_by_name(HF_ESCAPE_KEXEC, call, 0));
    case HF_NR_IOPL:
    case HF_NR_IOPERM:
      return hf_with(HF_CAP_SYS_RAWIO, hf_by_name(HF_ESCAPE_IO, call, 0));
    case HF_NR_BPF:
      return hf_with(HF_CAP_SYS_ADMIN | HF_CAP_PERFMON | HF_CAP_BPF,
                     hf_asked_of(HF_ESCAPE_BPF, HF_OP_BPF, argument[0], 0));
    case HF_NR_PERF_EVENT_OPEN:
      return hf_with(HF_CAP_SYS_ADMIN | HF_CAP_PERFMON | HF_CAP_BPF,
                     hf_asked_of(HF_ESCAPE_BPF, HF_OP_PERF, 0, 0));
    default:
      return hf_with(HF_CAP_SYS_ADMIN, hf_ask_mount(call));
  }
}

/* It is in its new namespaces already. Those of setns(2) it did not make. */
static __always_inline void hf_note_namespaces(struct hf_subject *subject, __u32 operation) {
  if (operation == HF_OP_UNSHARE || operation == HF_OP_CLONE) {
    subject->tag->flags |= HF_TASK_NEW_NAMESPACES;
  } else if (operation == HF_OP_SETNS) {
    subject->tag->flags &= ~HF_TASK_NEW_NAMESPACES;
  }
}

/* A child leaves clone(2) as well, with 0: what its parent made has been told. */
static __always_inline bool hf_is_child(const struct hf_call *call) {
  return !call->result && (call->nr == HF_NR_CLONE || call->nr == HF_NR_CLONE3);
}

__noinline int hf_trace_kernel(struct hf_call *call) {
  struct hf_subject subject;
  if (!call || !hf_guarded(&subject)) {
    return 0;
  }
  struct hf_asked asked = hf_ask(call);
  const struct cred *cred = subject.task->real_cred;
  if (!asked.class_id || (asked.capability && !(HF_CAPS(cred, cap_effective) & asked.capability))) {
    return 0;
  }
  if (!call->result) {
    hf_note_namespaces(&subject, asked.operation);
  }
  if (hf_is_child(call)) {
    return 0;
  }
  struct hf_case hf_case = hf_traced_case(&subject, asked.class_id, asked.operation, call->result);
  hf_case.argument = asked.argument;
  hf_case.user_path = asked.user_path;
  return hf_decide(&hf_case);
}
