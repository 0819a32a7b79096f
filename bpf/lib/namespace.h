/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which namespaces and mounts are a container's own. */
#ifndef HOLDFAST_BPF_LIB_NAMESPACE_H
#define HOLDFAST_BPF_LIB_NAMESPACE_H

#include "bpf/lib/compat.h"
#include "bpf/lib/decide.h"

/* include/uapi/linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET. User
 * namespaces have a hook of their own, and a time namespace hides nothing. */
#define HF_CLONE_NAMESPACES 0x6e020000ULL

/* fs/mount.h: MNT_NS_INTERNAL is ERR_PTR(-EINVAL), the namespace of mounts that the kernel made for
 * itself. */
#define HF_IS_ERR(pointer) ((__u64)(pointer) >= (__u64)-4095)

static __always_inline bool hf_namespace_is(__u32 slot, __u32 inum) {
  struct hf_namespace_key key = {.slot = slot, .inum = inum};
  return bpf_map_lookup_elem(&hf_namespaces, &key) != NULL;
}

static __always_inline void hf_namespace_add(__u32 slot, __u32 inum) {
  struct hf_namespace_key key = {.slot = slot, .inum = inum};
  bpf_map_update_elem(&hf_namespaces, &key, &slot, BPF_ANY);
}

/* All namespaces that `task` is in become the container's. */
static __always_inline void hf_namespaces_adopt(__u32 slot, struct task_struct *task) {
  struct nsproxy *proxy = task->nsproxy;
  if (!proxy) {
    return;
  }
  hf_namespace_add(slot, BPF_CORE_READ(proxy, mnt_ns, ns.inum));
  hf_namespace_add(slot, BPF_CORE_READ(proxy, net_ns, ns.inum));
  hf_namespace_add(slot, BPF_CORE_READ(proxy, ipc_ns, ns.inum));
  hf_namespace_add(slot, BPF_CORE_READ(proxy, uts_ns, ns.inum));
  hf_namespace_add(slot, BPF_CORE_READ(proxy, cgroup_ns, ns.inum));
  hf_namespace_add(slot, BPF_CORE_READ(proxy, pid_ns_for_children, ns.inum));
  hf_namespace_add(slot, BPF_CORE_READ(task, real_cred, user_ns, ns.inum));
}

/* Whether `inum` is a namespace of the subject's container. A task that policy let make namespaces
 * brings its new ones in when it is first seen in them; but not in a user's container, whose policy
 * may let it make as many as there is room for in all. */
static __always_inline bool hf_namespace_own(struct hf_subject *subject, __u32 inum) {
  if (hf_namespace_is(subject->tag->slot, inum)) {
    return true;
  }
  if (!(subject->tag->flags & HF_TASK_NEW_NAMESPACES) || subject->policy->owner) {
    return false;
  }
  hf_namespaces_adopt(subject->tag->slot, subject->task);
  subject->tag->flags &= ~HF_TASK_NEW_NAMESPACES;
  return hf_namespace_is(subject->tag->slot, inum);
}

/* A namespace, beyond the mount one, that the subject is in and that is not its container's; 0:
 * none. */
static __always_inline __u32 hf_foreign_namespace(struct hf_subject *subject) {
  struct task_struct *task = subject->task;
  struct nsproxy *proxy = task->nsproxy;
  __u32 foreign = 0;
  __u32 inum = BPF_CORE_READ(proxy, net_ns, ns.inum);
  foreign = hf_namespace_own(subject, inum) ? foreign : inum;
  inum = BPF_CORE_READ(proxy, ipc_ns, ns.inum);
  foreign = hf_namespace_own(subject, inum) ? foreign : inum;
  inum = BPF_CORE_READ(proxy, uts_ns, ns.inum);
  foreign = hf_namespace_own(subject, inum) ? foreign : inum;
  inum = BPF_CORE_READ(proxy, cgroup_ns, ns.inum);
  foreign = hf_namespace_own(subject, inum) ? foreign : inum;
  inum = BPF_CORE_READ(proxy, pid_ns_for_children, ns.inum);
  foreign = hf_namespace_own(subject, inum) ? foreign : inum;
  inum = BPF_CORE_READ(task, real_cred, user_ns, ns.inum);
  return hf_namespace_own(subject, inum) ? foreign : inum;
}

/* Whether a task that enters the container has arrived: its mounts are the container's, the first
 * ones or those that a program in it made since. */
static __always_inline bool hf_arrived(const struct hf_subject *subject) {
  __u32 inum = subject->task->nsproxy->mnt_ns->ns.inum;
  return inum == subject->policy->mount_ns || hf_namespace_is(subject->tag->slot, inum);
}

/* HF_TASK_NEW_NAMESPACES for the namespaces that the subject may make now, or 0: what is made
 * elsewhere than at home is not the container's. */
static __always_inline __u32 hf_makes_own(struct hf_subject *subject) {
  return hf_arrived(subject) && !hf_foreign_namespace(subject) ? HF_TASK_NEW_NAMESPACES : 0;
}

/* Before the subject goes where it did not make anything: what it made so far is the container's.
 */
static __always_inline void hf_before_setns(struct hf_subject *subject) {
  if ((subject->tag->flags & HF_TASK_NEW_NAMESPACES) && !subject->policy->owner) {
    hf_namespaces_adopt(subject->tag->slot, subject->task);
    subject->tag->flags &= ~HF_TASK_NEW_NAMESPACES;
  }
}

/* Whether a file that the subject already holds on stdin, stdout or stderr gives it at least
 * `access`: opening it again by way of /dev/stdout then gains nothing. Images log that way to files
 * that the engine opened. */
static __always_inline bool hf_held_on_stdio(struct task_struct *task, struct inode *inode,
                                             __u32 access) {
  struct file **fds = BPF_CORE_READ(task, files, fdt, fd);
  for (int i = 0; i < 3; i++) {
    struct file *file = NULL;
    bpf_probe_read_kernel(&file, sizeof(file), &fds[i]);
    if (file && BPF_CORE_READ(file, f_inode) == inode && !(access & ~BPF_CORE_READ(file, f_mode))) {
      return true;
    }
  }
  return false;
}

static __always_inline struct mnt_namespace *hf_mount_namespace(const struct vfsmount *vfsmount) {
  const struct mount *mount = (const void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
  return BPF_CORE_READ(mount, mnt_ns);
}

/* Whether `vfsmount` is one that the kernel made for itself, and no process can look into: pipes,
 * memfd, overlay's layers. */
static __always_inline bool hf_mount_is_internal(const struct vfsmount *vfsmount) {
  return HF_IS_ERR(hf_mount_namespace(vfsmount));
}

/* Whether `vfsmount` is mounted in a namespace of the container, or is the kernel's own (pipes,
 * memfd, overlay's layers). A mount without any namespace was detached: it is what a runtime leaves
 * behind after pivot_root. */
static __always_inline bool hf_mount_own(struct hf_subject *subject, struct vfsmount *vfsmount) {
  struct mnt_namespace *ns = hf_mount_namespace(vfsmount);
  if (ns == subject->task->nsproxy->mnt_ns || HF_IS_ERR(ns)) {
    return true;
  }
  if (!ns) {
    return false;
  }
  __u32 inum = BPF_CORE_READ(ns, ns.inum);
  return inum == subject->policy->mount_ns || hf_namespace_own(subject, inum);
}

/* escape.namespace: the subject runs in a mount namespace that is not its container's. */
static __always_inline int hf_check_namespace(struct hf_subject *subject, __u32 operation) {
  __u32 inum = subject->task->nsproxy->mnt_ns->ns.inum;
  if (inum == subject->policy->mount_ns || hf_namespace_own(subject, inum)) {
    return 0;
  }
  if (subject->tag->flags & HF_TASK_TOLD_NAMESPACE) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_ESCAPE_NAMESPACE, operation, EPERM);
  hf_case.argument = inum;
  if (hf_decide(&hf_case)) {
    return -EPERM;
  }
  subject->tag->flags |= HF_TASK_TOLD_NAMESPACE;
  return 0;
}

/* escape.credentials: capabilities beyond the bounding set of config.json, or the host's user
 * namespace in a container that has its own. Judged by real_cred: overlayfs and others override
 * cred for their own work. */
static __always_inline int hf_check_credentials(struct hf_subject *subject, __u32 operation) {
  const struct cred *cred = subject->task->real_cred;
  struct user_namespace *ns = cred->user_ns;
  __u64 excess = 0;
  if (ns->ns.inum == subject->policy->user_ns) {
    excess =
        (HF_CAPS(cred, cap_effective) | HF_CAPS(cred, cap_permitted)) & ~subject->policy->bounding;
  } else if ((subject->policy->flags & HF_POLICY_OWN_USER_NS) && ns->level == 0) {
    excess = ~0ULL;
  }
  if (!excess || (subject->tag->flags & HF_TASK_TOLD_CREDENTIALS)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_ESCAPE_CREDENTIALS, operation, EPERM);
  hf_case.argument = excess;
  if (hf_decide(&hf_case)) {
    return -EPERM;
  }
  subject->tag->flags |= HF_TASK_TOLD_CREDENTIALS;
  return 0;
}

#endif
