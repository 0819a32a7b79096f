// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Decides about changing mounts. The calls that have no hook of their own are in capable.bpf.c.
#include "bpf/lib/decide.h"

static __always_inline int hf_decide_mount(struct dentry *dentry, struct vfsmount *mount,
                                           __u32 operation, __u64 argument) {
  struct hf_subject subject;
  if (!hf_guarded(&subject)) {
    return 0;
  }
  struct hf_case hf_case = hf_case_of(&subject, HF_ESCAPE_MOUNT, operation, EPERM);
  hf_case.dentry = (__u64)dentry;
  hf_case.mount = (__u64)mount;
  hf_case.argument = argument;
  return hf_decide(&hf_case) ? -EPERM : 0;
}

/* mount(2), whatever it does: new, bind, move, remount, propagation. Comes before the check of
 * CAP_SYS_ADMIN. */
SEC("lsm/sb_mount")
int BPF_PROG(hf_sb_mount, const char *device, const struct path *path, const char *type,
             unsigned long flags) {
  return hf_decide_mount(path->dentry, path->mnt, HF_OP_MOUNT, flags);
}

SEC("lsm/sb_umount")
int BPF_PROG(hf_sb_umount, struct vfsmount *mount, int flags) {
  return hf_decide_mount(mount->mnt_root, mount, HF_OP_UMOUNT, flags);
}

SEC("lsm/move_mount")
int BPF_PROG(hf_move_mount, const struct path *from, const struct path *to) {
  return hf_decide_mount(to->dentry, to->mnt, HF_OP_MOVE_MOUNT, 0);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(hf_sb_pivotroot, const struct path *old_root, const struct path *new_root) {
  return hf_decide_mount(new_root->dentry, new_root->mnt, HF_OP_PIVOT_ROOT, 0);
}
