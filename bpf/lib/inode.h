/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Where a file comes from: the image, or something made since. */
#ifndef HOLDFAST_BPF_LIB_INODE_H
#define HOLDFAST_BPF_LIB_INODE_H

#include "bpf/lib/compat.h"
#include "bpf/lib/maps.h"

#define HF_MAGIC_OVERLAY 0x794c7630 /* include/uapi/linux/magic.h */

/* The dentry in the upper layer of an overlay's inode; NULL where the file is an untouched one of
 * the image. struct ovl_inode holds it right behind the VFS inode (fs/overlayfs/ovl_entry.h). */
static __always_inline struct dentry *hf_upper_dentry(struct inode *inode) {
  struct dentry *upper = NULL;
  bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
  return upper;
}

/* Whether the file's content was there when the container was created. On the container's own
 * overlay, a file that has an upper dentry was made or changed since. Elsewhere the
 * change time tells, which only somebody who sets the clock can set back. */
static __always_inline bool hf_from_image(const struct hf_policy *policy, struct inode *inode) {
  if ((policy->flags & HF_POLICY_ROOTFS_OVERLAY) &&
      BPF_CORE_READ(inode, i_sb, s_dev) == policy->rootfs_dev) {
    return !hf_upper_dentry(inode);
  }
  return hf_ctime_ns(inode) < policy->started_ns;
}

/* memfd_create, O_TMPFILE and deleted files have no name left. */
static __always_inline bool hf_has_no_name(struct inode *inode) {
  return BPF_CORE_READ(inode, i_nlink) == 0;
}

#endif
