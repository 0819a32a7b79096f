// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about system calls that have no security hook of their own but cannot go on without a
// capability: the check of that capability, within that call, is where they are refused.
#include "bpf/lib/call.h"
#include "bpf/lib/compat.h"
#include "bpf/lib/namespace.h"

/* include/uapi/linux/capability.h */
#define CAP_DAC_READ_SEARCH 2
#define CAP_SYS_MODULE 16
#define CAP_SYS_RAWIO 17
#define CAP_SYS_ADMIN 21
#define CAP_SYS_BOOT 22

/* Class and operation of a capability check within a system call; class 0: not ours. */
static __always_inline __u32 hf_gate(int capability, int nr, __u32 *operation) {
  *operation = HF_OP_SYSCALL;
  if (capability == CAP_SYS_MODULE) {
    return nr == HF_NR_INIT_MODULE || nr == HF_NR_FINIT_MODULE || nr == HF_NR_DELETE_MODULE
               ? HF_ESCAPE_MODULE
               : 0;
  }
  if (capability == CAP_SYS_BOOT) {
    return nr == HF_NR_KEXEC_LOAD || nr == HF_NR_KEXEC_FILE_LOAD ? HF_ESCAPE_KEXEC : 0;
  }
  if (capability == CAP_SYS_RAWIO) {
    return nr == HF_NR_IOPL || nr == HF_NR_IOPERM ? HF_ESCAPE_IO : 0;
  }
  if (nr == HF_NR_OPEN_BY_HANDLE_AT) {
    return HF_ESCAPE_OUTSIDE_MOUNT; /* a handle names any inode of the file system, in a mount or
                                       not */
  }
  if (capability != CAP_SYS_ADMIN) {
    return 0;
  }
  switch (nr) {
    case HF_NR_UNSHARE:
      *operation = HF_OP_UNSHARE;
      return HF_ESCAPE_NAMESPACE;
    case HF_NR_SETNS:
      *operation = HF_OP_SETNS;
      return HF_ESCAPE_NAMESPACE;
    case HF_NR_OPEN_TREE:
    case HF_NR_FSOPEN:
    case HF_NR_FSPICK:
    case HF_NR_MOUNT_SETATTR:
    case HF_NR_OPEN_TREE_ATTR:
      return HF_ESCAPE_MOUNT;
    default:
      return 0;
  }
}

/* The filter that costs nothing: most questions are about other capabilities. */
static __always_inline bool hf_may_matter(int capability) {
  return capability == CAP_DAC_READ_SEARCH || capability == CAP_SYS_MODULE ||
         capability == CAP_SYS_RAWIO || capability == CAP_SYS_ADMIN || capability == CAP_SYS_BOOT;
}

/* Whether the kernel will say no by itself: then there is nothing to refuse, and nothing to tell.
 * Among LSMs the capabilities' own was asked before us; modify-return comes before all. */
static __always_inline bool hf_lacks(const struct cred *cred, struct user_namespace *ns,
                                     int capability) {
  return cred->user_ns == ns && !(HF_CAPS(cred, cap_effective) & (1ULL << (capability & 63)));
}

/* include/linux/security.h: the kernel only wonders. */
#define CAP_OPT_NOAUDIT 2

/* privilege.capability: one that the profile does not list is used. Credentials that have more than
 * the container can have are the mounter's, which overlayfs takes on. Told once a task where it is
 * not refused: root uses some with every call. */
SEC("lsm/capable")
int BPF_PROG(hf_capability, const struct cred *cred, struct user_namespace *ns, int capability,
             unsigned int options) {
  struct hf_subject subject;
  if (!hf_guarded(&subject) || hf_lacks(cred, ns, capability)) {
    return 0;
  }
  const struct hf_policy *policy = subject.policy;
  __u64 bit = 1ULL << (capability & 63);
  if (hf_action_of(policy, HF_PRIVILEGE_CAPABILITY) == HF_OFF || (policy->capabilities & bit) ||
      (subject.tag->told_capabilities & bit) || (options & CAP_OPT_NOAUDIT) ||
      ns->ns.inum != policy->user_ns || (HF_CAPS(cred, cap_permitted) & ~policy->bounding)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_PRIVILEGE_CAPABILITY, HF_OP_CAPABILITY, EPERM);
  hf_case.argument = bit;
  if (hf_decide(&hf_case)) {
    return hf_constant(-EPERM);
  }
  subject.tag->told_capabilities |= bit;
  return 0;
}

/* What the event of a call says of it: flags of namespaces, or which call it was. */
static __always_inline __u64 hf_gate_argument(int nr) {
  struct hf_call call = {};
  hf_current_call(&call);
  switch (nr) {
    case HF_NR_UNSHARE:
      return call.argument[0];
    case HF_NR_SETNS:
      return call.argument[1];
    default:
      return nr;
  }
}

SEC("lsm/capable")
int BPF_PROG(hf_capable, const struct cred *cred, struct user_namespace *ns, int capability) {
  struct hf_subject subject;
  if (!hf_may_matter(capability) || !hf_guarded(&subject) || hf_lacks(cred, ns, capability)) {
    return 0;
  }
  __u32 operation;
  int nr = hf_current_syscall();
  __u32 class_id = hf_gate(capability, nr, &operation);
  if (!class_id) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, class_id, operation, EPERM);
  hf_case.argument = hf_gate_argument(nr);
  if (hf_decide(&hf_case)) {
    return -EPERM;
  }
  if (operation == HF_OP_UNSHARE) {
    subject.tag->flags |= hf_makes_own(&subject);
  } else if (operation == HF_OP_SETNS) {
    hf_before_setns(&subject);
  }
  return 0;
}

/* A user namespace needs no capability. */
#define CLONE_NEWUSER 0x10000000

SEC("lsm/userns_create")
int BPF_PROG(hf_userns_create, const struct cred *cred) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_NAMESPACE, HF_OP_UNSHARE, EPERM);
  hf_case.argument = CLONE_NEWUSER;
  if (hf_decide(&hf_case)) {
    return -EPERM;
  }
  subject.tag->flags |= hf_makes_own(&subject);
  return 0;
}
