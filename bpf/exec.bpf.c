// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about executing files and mapping code, and ends a task's set-up.
#include "bpf/lib/cgroup.h"
#include "bpf/lib/descriptor.h"
#include "bpf/lib/inode.h"
#include "bpf/lib/namespace.h"
#include "bpf/lib/peer.h"
#include "bpf/lib/root.h"
#include "bpf/lib/trace.h"

/* A walk from an executed file up to a directory that is a container's. */
struct hf_search {
  struct dentry *dentry;
  __u32 dev;
  __u32 slot; /* 0: not found */
};

/* A callback of bpf_loop: 1 ends the loop. */
static long hf_search_step(__u32 index, struct hf_search *search) {
  struct dentry *dentry = search->dentry;
  struct hf_directory_key key = {.dentry = (__u64)dentry, .dev = search->dev};
  key.ino = BPF_CORE_READ(dentry, d_inode, i_ino);
  __u32 *slot = bpf_map_lookup_elem(&hf_rootfs, &key);
  if (slot) {
    search->slot = *slot;
    return 1;
  }
  search->dentry = BPF_CORE_READ(dentry, d_parent);
  return search->dentry == dentry;
}

/* Slot of the container whose rootfs, or upper layer, holds `dentry`; 0: none. `thorough`: looks on
 * superblocks that are shared with others, too. */
static __always_inline __u32 hf_slot_of_file(struct dentry *dentry, bool thorough) {
  __u32 dev = BPF_CORE_READ(dentry, d_sb, s_dev);
  __u32 *slot = bpf_map_lookup_elem(&hf_superblocks, &dev);
  if (!slot || *slot != HF_SUPERBLOCK_SHARED) {
    return slot ? *slot : 0;
  }
  struct hf_search search = {.dentry = dentry, .dev = dev};
  if (thorough) {
    bpf_loop(HF_MAX_DEPTH, hf_search_step, &search, 0);
  }
  return search.slot;
}

static __always_inline int hf_decide_exec(const struct hf_subject *subject, struct file *file,
                                          __u32 class_id, __u32 operation) {
  struct hf_case hf_case = hf_case_of(subject, class_id, operation, EACCES);
  hf_case.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
  hf_case.mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
  hf_case.flags = subject->tag->flags & HF_TASK_SETTING_UP ? HF_EVENT_SETTING_UP : 0;
  return hf_decide(&hf_case) ? -EACCES : 0;
}

/* CVE-2024-21626: runc was made to start a program whose working directory is outside the
 * container. */
static __always_inline int hf_check_cwd(struct hf_subject *subject) {
  struct vfsmount *mount = subject->task->fs->pwd.mnt;
  if (hf_mount_own(subject, mount)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_ESCAPE_OUTSIDE_MOUNT, HF_OP_CHDIR, EACCES);
  hf_case.dentry = (__u64)subject->task->fs->pwd.dentry;
  hf_case.mount = (__u64)mount;
  hf_case.flags = HF_EVENT_SETTING_UP;
  return hf_decide(&hf_case) ? -EACCES : 0;
}

/* How the kernel knows a script (fs/binfmt_script.c). */
static __always_inline bool hf_is_script(struct linux_binprm *bprm) {
  return bprm->buf[0] == '#' && bprm->buf[1] == '!';
}

/* What is executed must come from the image. A script's interpreter is asked about in its turn. */
static __always_inline int hf_check_origin(struct hf_subject *subject, struct linux_binprm *bprm) {
  struct file *file = bprm->file;
  struct inode *inode = file->f_inode;
  if (hf_has_no_name(inode)) {
    return hf_decide_exec(subject, file, HF_FILELESS_EXEC, HF_OP_EXEC);
  }
  if (!hf_from_image(subject->policy, inode)) {
    return hf_decide_exec(subject, file, HF_DRIFT_EXEC,
                          hf_is_script(bprm) ? HF_OP_EXEC_SCRIPT : HF_OP_EXEC);
  }
  return 0;
}

/* exec.unexpected: the profile does not list the program. */
static __always_inline int hf_check_listed(const struct hf_subject *subject, struct file *file) {
  if (hf_action_of(subject->policy, HF_EXEC_UNEXPECTED) == HF_OFF) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_EXEC_UNEXPECTED, HF_OP_EXEC, EACCES);
  hf_case.dentry = (__u64)file->f_path.dentry;
  hf_case.mount = (__u64)file->f_path.mnt;
  return hf_decide_unlisted(&hf_case) ? hf_constant(-EACCES) : 0;
}

/* The connected internet socket behind a descriptor; NULL where it is something else. */
static __always_inline struct sock *hf_connection_of(struct file *file) {
  struct socket *socket = hf_socket_of(file);
  struct sock *sk = socket ? BPF_CORE_READ(socket, sk) : NULL;
  return sk && hf_is_internet(BPF_CORE_READ(sk, __sk_common.skc_family)) &&
                 BPF_CORE_READ(sk, __sk_common.skc_dport)
             ? sk
             : NULL;
}

/* process.reverse-shell: a program that takes its input from a network connection, or answers into
 * one. A service that is handed its connections by another program does the same: its profile says
 * so. */
static __always_inline int hf_check_stdio(const struct hf_subject *subject, struct file *file) {
  if (hf_action_of(subject->policy, HF_PROCESS_REVERSE_SHELL) == HF_OFF) {
    return 0;
  }
  struct task_struct *task = subject->task;
  struct file **fds = BPF_CORE_READ(task, files, fdt, fd);
  struct file *stdio[2] = {};
  bpf_probe_read_kernel(stdio, sizeof(stdio), fds);
  struct sock *sk = hf_connection_of(stdio[0]);
  sk = sk ? sk : hf_connection_of(stdio[1]);
  if (!sk) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_PROCESS_REVERSE_SHELL, HF_OP_EXEC, EACCES);
  hf_case.dentry = (__u64)file->f_path.dentry;
  hf_case.mount = (__u64)file->f_path.mnt;
  hf_take_peer(&hf_case, sk);
  return hf_decide(&hf_case) ? hf_constant(-EACCES) : 0;
}

/* Namespaces beyond the mount one are looked at here, where the price does not matter. */
static __always_inline int hf_check_namespaces(struct hf_subject *subject) {
  __u32 foreign = hf_foreign_namespace(subject);
  if (!foreign) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, HF_ESCAPE_NAMESPACE, HF_OP_EXEC, EACCES);
  hf_case.argument = foreign;
  return hf_decide(&hf_case) ? -EACCES : 0;
}

static __always_inline int hf_check_exec(struct hf_subject *subject, struct linux_binprm *bprm) {
  struct file *file = bprm->file;
  int verdict = hf_check_namespace(subject, HF_OP_EXEC);
  if (!verdict) {
    verdict = hf_check_namespaces(subject);
  }
  if (!verdict) {
    verdict = hf_check_credentials(subject, HF_OP_EXEC);
  }
  if (!verdict) {
    verdict = hf_check_origin(subject, bprm);
  }
  if (!verdict) {
    verdict = hf_check_listed(subject, file);
  }
  return verdict ? verdict : hf_check_stdio(subject, file);
}

/* escape.host-exec: a task of the host runs, or maps as code, a file of a container's rootfs. That
 * is how release_agent, core_pattern and uevent_helper end (CVE-2022-0492). The container's policy
 * decides. */
static __always_inline int hf_check_host_exec(struct file *file, __u32 operation) {
  struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
  /* The host maps many files: there, only what lies on a container's own superblock is looked for.
   */
  __u32 slot = hf_slot_of_file(dentry, operation == HF_OP_EXEC);
  if (!slot) {
    return 0;
  }
  struct hf_case hf_case = {
      .dentry = (__u64)dentry,
      .slot = slot,
      .class_id = HF_ESCAPE_HOST_EXEC,
      .operation = operation,
      .result = EACCES,
      .flags = HF_EVENT_BYSTANDER,
  };
  return hf_decide(&hf_case) ? -EACCES : 0;
}

/* The runtime's init until now: only what the image could trick it into is judged. Outside the
 * container's mounts it is the host's still, whoever put it into the cgroup: runc executes a copy
 * of itself there. */
static __always_inline int hf_check_first_exec(struct hf_subject *subject,
                                               struct linux_binprm *bprm) {
  struct file *file = bprm->file;
  if (!hf_arrived(subject)) {
    return hf_check_host_exec(file, HF_OP_EXEC);
  }
  int verdict = hf_check_cwd(subject);
  if (!verdict) {
    verdict = hf_check_origin(subject, bprm);
  }
  return verdict ? verdict : hf_check_listed(subject, file);
}

/* include/uapi/asm-generic/mman-common.h, include/uapi/linux/personality.h */
#define PROT_READ 1
#define PROT_EXEC 4
#define READ_IMPLIES_EXEC 0x0400000
#define MAP_SHARED 1
/* include/linux/mm.h */
#define VM_EXEC 4
#define VM_SHARED 8

/* Whether a mapping asked for with `prot` will be executable. */
static __always_inline bool hf_maps_code(unsigned long prot) {
  return (prot & PROT_EXEC) ||
         ((prot & PROT_READ) && (bpf_get_current_task_btf()->personality & READ_IMPLIES_EXEC));
}

/* drift.library: code that is mapped must come from the image as well. A program's own file was
 * judged when it was executed. Shared memory without a name is how just-in-time compilers keep what
 * they write apart from what they run (.NET does); a library would be mapped private. */
static __always_inline int hf_check_library(struct hf_subject *subject, struct file *file,
                                            bool shared) {
  struct inode *inode = BPF_CORE_READ(file, f_inode);
  struct mm_struct *mm = subject->task->mm;
  struct file *exe = BPF_CORE_READ(mm, exe_file);
  if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFREG || BPF_CORE_READ(exe, f_inode) == inode) {
    return 0;
  }
  if (shared && hf_has_no_name(inode)) {
    return 0;
  }
  return !hf_has_no_name(inode) && hf_from_image(subject->policy, inode)
             ? 0
             : hf_decide_exec(subject, file, HF_DRIFT_LIBRARY, HF_OP_MMAP);
}

/* `file` is mapped as code. A task that is setting up maps the libraries of the runtime. */
static __always_inline int hf_check_mapping(struct file *file, bool shared) {
  struct hf_subject subject;
  if (!file) {
    return 0;
  }
  if (!hf_member(&subject)) {
    return hf_check_host_exec(file, HF_OP_MMAP);
  }
  return subject.tag->flags & HF_TASK_SETTING_UP ? 0 : hf_check_library(&subject, file, shared);
}

/* See bpf/lib/verdict.h. */
const volatile bool hf_modify_return = false;

/* `prot` is what is asked for and not what becomes of it: the function that modify-return stands
 * before knows no more. It has no `reqprot` either, so `flags` come one earlier than in the hook.
 * An anonymous mapping has no file. The verifier takes a hook's argument for never NULL (until a
 * BTF annotation told it otherwise, 6.18), would drop the check of one and let the kernel follow
 * the null pointer: so it is read from the context as a number. */
SEC("lsm/mmap_file")
int hf_mmap_file(__u64 *ctx) {
  struct file *file = NULL;
  __u64 flags = 0;
  if (!hf_maps_code(ctx[1])) {
    return 0;
  }
  bpf_probe_read_kernel(&file, sizeof(file), &ctx[0]);
  if (hf_modify_return) {
    bpf_probe_read_kernel(&flags, sizeof(flags), &ctx[2]);
  } else {
    bpf_probe_read_kernel(&flags, sizeof(flags), &ctx[3]);
  }
  return hf_check_mapping(file, flags & MAP_SHARED);
}

/* The back end `tracepoint`: what a call has made executable is looked up by its address. */
static long hf_tell_mapped(struct task_struct *task, struct vm_area_struct *area, void *unused) {
  struct hf_subject subject;
  struct file *file = area->vm_file;
  unsigned long flags = area->vm_flags;
  if (file && (flags & VM_EXEC) && hf_guarded(&subject)) {
    hf_check_library(&subject, file, flags & VM_SHARED);
  }
  return 0;
}

__noinline int hf_trace_map(struct hf_call *call) {
  struct hf_subject subject;
  if (!call || !hf_maps_code(call->argument[2]) || call->result < 0 || !hf_guarded(&subject)) {
    return 0;
  }
  __u64 address = call->nr == HF_NR_MMAP ? call->result : call->argument[0];
  bpf_find_vma(bpf_get_current_task_btf(), address, hf_tell_mapped, NULL, 0);
  return 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(hf_file_mprotect, struct vm_area_struct *area, unsigned long prot) {
  return hf_maps_code(prot) ? hf_check_mapping(BPF_CORE_READ(area, vm_file),
                                               BPF_CORE_READ(area, vm_flags) & VM_SHARED)
                            : 0;
}

/* A task without a tag that runs in a container's cgroup was put there without our seeing it (clone
 * into a cgroup, or out of memory when it should have been tagged). */
static __always_inline bool hf_join_by_cgroup(struct task_struct *task) {
  __u32 slot = hf_slot_of_cgroup(task->cgroups->dfl_cgrp);
  struct hf_policy *policy = hf_policy_to_join(slot, task);
  if (!policy) {
    return false;
  }
  struct hf_task *tag = bpf_task_storage_get(&hf_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!tag) {
    hf_count(slot, HF_COUNT_NO_STORAGE, 1);
    return false;
  }
  tag->slot = slot;
  tag->generation = policy->generation;
  tag->flags = HF_TASK_SETTING_UP;
  return true;
}

/* Whether the current task belongs to a container, or does from now on. */
static __always_inline bool hf_member_or_joined(struct hf_subject *subject) {
  return hf_member(subject) || (hf_join_by_cgroup(subject->task) && hf_member(subject));
}

SEC("lsm/bprm_check_security")
int BPF_PROG(hf_bprm_check, struct linux_binprm *bprm) {
  struct hf_subject subject;
  if (!hf_member_or_joined(&subject)) {
    return hf_check_host_exec(bprm->file, HF_OP_EXEC);
  }
  return subject.tag->flags & HF_TASK_SETTING_UP ? hf_check_first_exec(&subject, bprm)
                                                 : hf_check_exec(&subject, bprm);
}

/* The new program is in place: inside the container's mounts, the task is the container's from here
 * on. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(hf_bprm_committed, struct linux_binprm *bprm) {
  struct hf_subject subject;
  if (hf_member(&subject) && hf_arrived(&subject)) {
    subject.tag->flags &= ~HF_TASK_SETTING_UP;
  }
  return 0;
}

/* The back end `tracepoint`: the same questions, asked when the new program is in place. What it
 * was before is not known any more: a set-user-ID program shows by what the kernel made of it. */
static __always_inline void hf_tell_privileges(const struct hf_subject *subject,
                                               struct linux_binprm *bprm) {
  const struct cred *cred = subject->task->real_cred;
  struct file *file = bprm->file;
  umode_t mode = BPF_CORE_READ(file, f_inode, i_mode);
  bool set_id = (mode & S_ISUID) || (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  bool gained = HF_CAPS(cred, cap_permitted) & ~HF_CAPS(cred, cap_ambient);
  bool root = hf_is_root_anyhow(cred, hf_root_of(cred));
  if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec) && (set_id || (gained && !root))) {
    hf_refuse_at(subject, HF_PRIVILEGE_SETUID, HF_OP_EXEC, EACCES, file->f_path.dentry,
                 file->f_path.mnt);
  }
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(hf_tp_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm) {
  struct hf_subject subject;
  if (!hf_member_or_joined(&subject)) {
    hf_check_host_exec(bprm->file, HF_OP_EXEC);
    return 0;
  }
  if (!(subject.tag->flags & HF_TASK_SETTING_UP)) {
    hf_check_exec(&subject, bprm);
    hf_tell_privileges(&subject, bprm);
  } else {
    hf_check_first_exec(&subject, bprm);
    if (hf_arrived(&subject)) {
      subject.tag->flags &= ~HF_TASK_SETTING_UP;
    }
  }
  hf_note_root(subject.tag, subject.task->real_cred);
  return 0;
}
