/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* From "this happened" to a verdict: policy's action, the event, the signal. */
#ifndef HOLDFAST_BPF_LIB_DECIDE_H
#define HOLDFAST_BPF_LIB_DECIDE_H

#include "bpf/lib/subject.h"

/* One thing to be judged. Pointers are kernel addresses as numbers, because a function that the
 * verifier checks once, on its own, takes no typed kernel pointers. */
struct hf_case {
  __u64 dentry;    /* object; 0: none */
  __u64 mount;     /* struct vfsmount it was reached through; 0: unknown */
  __u64 user_path; /* instead of dentry: a path in the caller's memory; 0: none */
  __u64 name;      /* instead of both: name_len bytes of the kernel's memory; 0: none */
  __u64 argument;  /* of struct hf_event */
  __u32 slot;
  __u32 class_id;
  __u32 operation;
  __u32 flags;  /* enum hf_event_flag, as far as the caller knows them */
  __s32 result; /* errno that the caller will see when the answer is no */
  __u32 mode;   /* of an object that does not exist yet */
  __u32 rdev;
  __u32 name_len;
  __u32 action; /* enum hf_action; HF_OFF: what policy has for the class */
  __u16 family; /* and the rest of an address, as in struct hf_event */
  __u16 port;
  __u16 protocol;
  __u8 severity;     /* of struct hf_event */
  __u8 siblings_too; /* answer of hf_decide_rootfs: allowed, and so is what else is in its
                        directory */
  __u8 address[16];
};

/* Tells the monitor and kills the task where policy says so. Returns 1 when the operation must be
 * refused. */
int hf_decide(struct hf_case *hf_case);

/* The same for a change of the file at `dentry`, if that is part of the container's rootfs and not
 * writable by policy; 0 without a word otherwise. */
int hf_decide_rootfs(struct hf_case *hf_case);

/* The same for the execution of the file at `dentry`, if policy does not list it. */
int hf_decide_unlisted(struct hf_case *hf_case);

/* The same, when all is over, for a change of what `user_path` leads to. A plain name in the
 * directory at `dentry` (`exact`) is judged like a dentry. Of any other path the monitor finds out
 * whether it is part of the rootfs; a relative one begins at `dentry`, reached through `mount`. */
int hf_decide_named(struct hf_case *hf_case, __u32 exact);

enum hf_file_access {
  HF_ACCESS_READ = 1u << 0,
  HF_ACCESS_WRITE = 1u << 1, /* a change of any kind */
};

/* The same for `access` (enum hf_file_access) to the file at `dentry`, if policy has a rule of its
 * own for it. */
int hf_decide_file(struct hf_case *hf_case, __u32 access);

static __always_inline struct hf_case hf_case_of(const struct hf_subject *subject, __u32 class_id,
                                                 __u32 operation, __s32 result) {
  struct hf_case hf_case = {
      .slot = subject->tag->slot,
      .class_id = class_id,
      .operation = operation,
      .result = result,
  };
  return hf_case;
}

/* Keeps the compiler from computing -EPERM as minus a truth value: the verifier of 6.12 loses the
 * range of a negated number, and wants to see that of an LSM program's answer. */
static __always_inline int hf_constant(int number) {
  asm volatile("" : "+r"(number));
  return number;
}

/* Judges what is done to the file at `dentry`, reached through `mount`: 0, or -`error`. */
static __always_inline int hf_refuse_at(const struct hf_subject *subject, __u32 class_id,
                                        __u32 operation, __s32 error, const struct dentry *dentry,
                                        const struct vfsmount *mount) {
  struct hf_case hf_case = hf_case_of(subject, class_id, operation, error);
  hf_case.dentry = (__u64)dentry;
  hf_case.mount = (__u64)mount;
  return hf_decide(&hf_case) ? hf_constant(-error) : 0;
}

/* Policy's action for a class. */
static __always_inline __u32 hf_action_of(const struct hf_policy *policy, __u32 class_id) {
  return policy->action[class_id & (HF_CLASS_MAX - 1)];
}

#endif
