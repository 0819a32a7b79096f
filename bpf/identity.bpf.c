// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides which tasks belong to a container: by descent, and by entering its cgroup.
#include "bpf/abi/requests.h"
#include "bpf/lib/cgroup.h"
#include "bpf/lib/decide.h"
#include "bpf/lib/inode.h"
#include "bpf/lib/namespace.h"

/* Answered one at a time: the monitor has one thread. */
struct hf_tag_request hf_tag_request = {};
struct hf_identify_request hf_identify_request = {};

static __always_inline bool hf_tag(struct task_struct *task, __u32 slot, __u32 generation,
                                   __u32 flags, __u64 told_capabilities) {
  struct hf_task *tag = bpf_task_storage_get(&hf_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!tag) {
    hf_count(slot, HF_COUNT_NO_STORAGE, 1);
    return false;
  }
  tag->slot = slot;
  tag->generation = generation;
  tag->flags = flags;
  tag->told_capabilities = told_capabilities;
  return true;
}

static __always_inline void hf_note_program(struct task_struct *task, struct hf_program *program) {
  struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
  program->ino = BPF_CORE_READ(inode, i_ino);
  program->dev = BPF_CORE_READ(inode, i_sb, s_dev);
}

/* Whether `task` is a container's that a user may not take it from. */
static __always_inline bool hf_is_of_another(struct task_struct *task, __u32 owner) {
  struct hf_task *tag = owner ? hf_tag_of(task) : NULL;
  struct hf_policy *policy = tag ? hf_policy_of(tag) : NULL;
  return policy && policy->owner != owner;
}

/* Tags every thread of the container's init: any of them may be the one that executes the program.
 */
SEC("iter/task")
int hf_tag_threads(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (!task || (__u32)task->tgid != hf_tag_request.tgid) {
    return 0;
  }
  if (!hf_may_have(hf_tag_request.owner, task) || hf_is_of_another(task, hf_tag_request.owner)) {
    return 0;
  }
  if (hf_tag(task, hf_tag_request.slot, hf_tag_request.generation, HF_TASK_SETTING_UP, 0)) {
    hf_tag_request.tagged++;
  }
  hf_namespaces_adopt(hf_tag_request.slot, task);
  hf_note_program(task, &hf_tag_request.runtime[0]);
  hf_note_program(BPF_CORE_READ(task, real_parent), &hf_tag_request.runtime[1]);
  hf_tag_request.mount_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
  hf_tag_request.user_ns = BPF_CORE_READ(task, real_cred, user_ns, ns.inum);
  return 0;
}

static __always_inline void hf_identify(struct dentry *dentry, struct hf_directory_key *key) {
  key->dentry = (__u64)dentry;
  key->ino = BPF_CORE_READ(dentry, d_inode, i_ino);
  key->dev = BPF_CORE_READ(dentry, d_sb, s_dev);
}

/* Tells how the kernel identifies a directory that the monitor has open. */
SEC("iter/task_file")
int hf_identify_file(struct bpf_iter__task_file *ctx) {
  struct task_struct *task = ctx->task;
  struct file *file = ctx->file;
  if (!task || !file || (__u32)task->tgid != hf_identify_request.tgid ||
      ctx->fd != hf_identify_request.fd) {
    return 0;
  }
  struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
  struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
  struct hf_directory_key key = {};
  hf_identify(dentry, &key);
  hf_identify_request.directory = key;
  hf_identify_request.magic = BPF_CORE_READ(sb, s_magic);
  hf_identify_request.is_root = BPF_CORE_READ(sb, s_root) == dentry;
  hf_identify_request.uid = BPF_CORE_READ(dentry, d_inode, i_uid.val);
  hf_identify_request.sb_level = BPF_CORE_READ(sb, s_user_ns, level);
  hf_identify_request.sb_owner = BPF_CORE_READ(sb, s_user_ns, owner.val);
  if (hf_identify_request.magic == HF_MAGIC_OVERLAY) {
    struct dentry *upper = hf_upper_dentry(BPF_CORE_READ(dentry, d_inode));
    if (upper) {
      hf_identify(upper, &key);
      hf_identify_request.upper = key;
    }
  }
  hf_identify_request.found = 1;
  return 0;
}

static __always_inline bool hf_inherit(struct task_struct *child, const struct hf_task *parent,
                                       __u32 flags) {
  return hf_tag(child, parent->slot, parent->generation, flags, parent->told_capabilities);
}

/* Children inherit the tag. Not at sched_process_fork, which io_uring's workers never pass. */
SEC("lsm/task_alloc")
int BPF_PROG(hf_task_alloc, struct task_struct *child, unsigned long clone_flags) {
  struct hf_subject subject;
  if (!hf_member(&subject)) {
    return 0;
  }
  __u32 flags = subject.tag->flags;
  __u64 namespaces = clone_flags & HF_CLONE_NAMESPACES;
  if (namespaces && !(flags & HF_TASK_SETTING_UP)) {
    struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_NAMESPACE, HF_OP_CLONE, EPERM);
    hf_case.argument = namespaces;
    if (hf_decide(&hf_case)) {
      return -EPERM;
    }
    flags |= hf_makes_own(&subject);
  }
  /* A child without its tag would be a hole: rather no child. */
  return hf_inherit(child, subject.tag, flags) ? 0 : -EPERM;
}

/* include/uapi/linux/sched.h */
#define CLONE_INTO_CGROUP 0x200000000ULL

/* escape.cgroup: a new task was born into a cgroup that is not its container's. */
static __always_inline void hf_check_birthplace(struct task_struct *child) {
  struct hf_subject subject;
  if (!hf_guarded(&subject) || hf_slot_of_cgroup(child->cgroups->dfl_cgrp) == subject.tag->slot) {
    return;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_CGROUP, HF_OP_CGROUP_ATTACH, 0);
  hf_case.argument = child->tgid;
  hf_case.flags = HF_EVENT_TOO_LATE;
  hf_decide(&hf_case);
}

/* The last moment before the child can run, io_uring's workers included. Where nothing may refuse,
 * children get their tag here; elsewhere those whose parent's hook was left out. */
SEC("tp_btf/task_newtask")
int BPF_PROG(hf_task_newtask, struct task_struct *child, __u64 clone_flags) {
  struct hf_subject subject;
  if (!hf_member(&subject)) {
    return 0;
  }
  if (!hf_tag_of(child)) {
    hf_inherit(child, subject.tag, subject.tag->flags);
  }
  if (clone_flags & CLONE_INTO_CGROUP) {
    hf_check_birthplace(child);
  }
  return 0;
}

/* escape.cgroup: a task of a container moves one out of the container's cgroup, or pulls in one of
 * somebody else's, which its cgroup's limits, freezing and killing then reach. */
static __always_inline void hf_check_move(const struct hf_subject *mover,
                                          const struct task_struct *task, const struct hf_task *tag,
                                          __u32 slot) {
  __u32 own = mover->tag->slot;
  if (tag && tag->slot == own && slot == own) {
    return;
  }
  struct hf_case hf_case = hf_case_of(mover, HF_ESCAPE_CGROUP, HF_OP_CGROUP_ATTACH, 0);
  hf_case.argument = task->tgid;
  hf_case.flags = HF_EVENT_TOO_LATE;
  hf_decide(&hf_case);
}

/* A task that the host puts into a container's cgroup (runc exec) becomes the container's; one that
 * leaves stays the container's. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(hf_cgroup_attach_task, struct cgroup *to, const char *path, struct task_struct *task,
             bool threadgroup) {
  if (BPF_CORE_READ(to, root, hierarchy_id) != 0) {
    return 0; /* cgroup v1: its ids mean nothing in ours */
  }
  __u32 slot = hf_slot_of_cgroup(to);
  struct hf_task *tag = hf_tag_of(task);
  if (tag && !hf_policy_of(tag)) {
    tag = NULL; /* its container is gone */
  }
  struct hf_subject mover;
  if (hf_guarded(&mover)) {
    hf_check_move(&mover, task, tag, slot);
    return 0;
  }
  struct hf_policy *policy = tag ? NULL : hf_policy_to_join(slot, task);
  if (policy) {
    hf_tag(task, slot, policy->generation, HF_TASK_SETTING_UP, 0);
  }
  return 0;
}
