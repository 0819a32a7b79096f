// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Follows every request for write access to a mount, and decides nothing. What a read-only mount
// refuses (a read-only rootfs, /proc/sys) is told from here, because the kernel refuses it before
// any security hook is asked. And some hooks that come next know an inode but not the mount it was
// reached through: they learn it from here.
#include "bpf/lib/change.h"
#include "bpf/lib/compat.h"
#include "bpf/lib/decide.h"
#include "bpf/lib/interface.h"
#include "bpf/lib/place.h"

/* Whether `mount` shows the container's rootfs. A shared superblock holds volumes as well. */
static __always_inline bool hf_is_rootfs_mount(const struct hf_policy *policy,
                                               struct vfsmount *mount) {
  return mount->mnt_sb->s_dev == policy->rootfs_dev &&
         (!(policy->flags & HF_POLICY_ROOTFS_SHARED) || (__u64)mount->mnt_root == policy->rootfs);
}

/* One call asks several times: an open for the directory and for the file. What asks again from the
 * same place this soon is the same call, or a flood of it. */
#define HF_SAME_CALL_NS 1000000ULL

static __always_inline bool hf_same_call(const struct hf_task *tag, __u64 call) {
  return tag->refused_call == call && bpf_ktime_get_boot_ns() - tag->refused_ns < HF_SAME_CALL_NS;
}

/* What was asked for; class HF_CLASS_NONE: no change. A file or a symbolic link that is read wants
 * to have its time noted (touch_atime in fs/inode.c), and asks like one who writes. Within an open
 * only links are read, and are still being followed then. Of what io_uring does without opening
 * nothing is known, and nothing told. */
static __always_inline struct hf_change hf_asked_for(const struct task_struct *task,
                                                     const struct hf_call *call) {
  const struct hf_change none = {};
  const struct hf_change some_open = hf_change_fd(HF_ROOTFS_WRITE, HF_OP_OPEN, 0);
  struct hf_change change = hf_change_of(call);
  bool opens = change.operation == HF_OP_OPEN;
  if (!task->nameidata) {
    return opens ? none : change;
  }
  if (task->nameidata->depth) {
    return none;
  }
  return opens ? change : some_open;
}

/* What makes two requests the same: the file system and how the path begins, which may have been
 * written into the same memory. */
static __always_inline __u64 hf_mark_of(const struct hf_change *change,
                                        const struct vfsmount *mount) {
  __u64 words[4] = {};
  if (change->path) {
    bpf_probe_read_user_str(words, sizeof(words), (void *)change->path);
  }
  return change->path ^ mount->mnt_sb->s_dev ^ words[0] ^ (words[1] << 1) ^ (words[2] << 2) ^
         (words[3] << 3);
}

static __always_inline int hf_tell_refused(struct hf_subject *subject, struct vfsmount *mount) {
  struct hf_call entered = {};
  hf_current_call(&entered);
  struct hf_change change = hf_asked_for(subject->task, &entered);
  if (!change.class_id) {
    return 0;
  }
  __u64 magic = mount->mnt_sb->s_magic;
  if (magic == HF_MAGIC_PROC || hf_is_interface(magic)) {
    change.class_id = HF_ESCAPE_KERNEL_INTERFACE;
  } else if (!hf_is_rootfs_mount(subject->policy, mount)) {
    return 0;
  }
  __u64 call = hf_mark_of(&change, mount) ^ ((__u64)entered.nr << 48);
  if (hf_same_call(subject->tag, call)) {
    hf_count(subject->tag->slot, HF_COUNT_ASKED_AGAIN, 1);
    return 0;
  }
  struct hf_case hf_case = hf_case_of(subject, change.class_id, change.operation, EROFS);
  hf_case.user_path = change.path;
  hf_case.flags = HF_EVENT_REFUSED;
  if (!change.path) {
    hf_case.dentry = (__u64)mount->mnt_root;
    hf_case.mount = (__u64)mount;
  }
  hf_decide(&hf_case);
  subject->tag->refused_call = call;
  subject->tag->refused_ns = bpf_ktime_get_boot_ns();
  return 0;
}

/* include/linux/mount.h, include/linux/fs.h */
#define MNT_READONLY 0x40
#define SB_RDONLY 1

/* As mnt_is_readonly in fs/namespace.c. */
static __always_inline bool hf_is_read_only(const struct vfsmount *mount) {
  struct super_block *sb = mount->mnt_sb;
  return (mount->mnt_flags & MNT_READONLY) || (sb->s_flags & SB_RDONLY) || sb->s_readonly_remount;
}

/* Every change of a file system asks its mount first, an open for writing too. */
SEC("?fentry/mnt_get_write_access")
int BPF_PROG(hf_want_write, struct vfsmount *mount) {
  if (hf_no_tag()) {
    return 0;
  }
  bool refused = hf_is_read_only(mount);
  struct hf_subject subject;
  if ((!refused && hf_is_opening(bpf_get_current_task_btf())) || !hf_guarded(&subject)) {
    return 0;
  }
  hf_note_place(&subject, mount);
  return refused ? hf_tell_refused(&subject, mount) : 0;
}

/* A change through a descriptor. One that was opened for writing has its mount's leave already, and
 * does not pass the function above. */
SEC("?fentry/mnt_want_write_file")
int BPF_PROG(hf_want_write_file, struct file *file) {
  struct hf_subject subject;
  if (hf_guarded(&subject)) {
    hf_note_place(&subject, file->f_path.mnt);
  }
  return 0;
}
