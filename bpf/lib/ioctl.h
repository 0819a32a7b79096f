/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Commands of ioctl(2) that change files. */
#ifndef HOLDFAST_BPF_LIB_IOCTL_H
#define HOLDFAST_BPF_LIB_IOCTL_H

#include "bpf/lib/types.h"

/* What an ioctl(2) changes through a descriptor that was opened for reading: attributes (chattr,
 * fs-verity), and on btrfs subvolumes, which are directories. Told by type and number of the
 * command; the rest of it is a size, which differs for 32-bit processes. include/uapi/linux/fs.h,
 * fscrypt.h, fsverity.h, btrfs.h. */
static __always_inline __u32 hf_ioctl_class(unsigned int command, __u32 *operation) {
  switch (command & 0xffff) {
    case 0x6602: /* FS_IOC_SETFLAGS */
    case 0x5820: /* FS_IOC_FSSETXATTR */
    case 0x7602: /* FS_IOC_SETVERSION */
    case 0x7211: /* FAT_IOCTL_SET_ATTRIBUTES */
    case 0x6613: /* FS_IOC_SET_ENCRYPTION_POLICY */
    case 0x6685: /* FS_IOC_ENABLE_VERITY */
    case 0x941a: /* BTRFS_IOC_SUBVOL_SETFLAGS */
      *operation = HF_OP_SETXATTR;
      return HF_ROOTFS_ATTR;
    case 0x9401: /* BTRFS_IOC_SNAP_CREATE */
    case 0x940e: /* BTRFS_IOC_SUBVOL_CREATE */
    case 0x9417: /* BTRFS_IOC_SNAP_CREATE_V2 */
    case 0x9418: /* BTRFS_IOC_SUBVOL_CREATE_V2 */
      *operation = HF_OP_MKDIR;
      return HF_ROOTFS_CREATE;
    case 0x940f: /* BTRFS_IOC_SNAP_DESTROY */
    case 0x943f: /* BTRFS_IOC_SNAP_DESTROY_V2 */
      *operation = HF_OP_RMDIR;
      return HF_ROOTFS_DELETE;
    default:
      return HF_CLASS_NONE;
  }
}

/* XFS opens and changes any inode by its handle in the name of the mount that the descriptor came
 * through (include/uapi/../fs/xfs/libxfs/xfs_fs.h). */
static __always_inline bool hf_is_by_handle(unsigned int command) {
  switch (command & 0xffff) {
    case 0x586b: /* XFS_IOC_OPEN_BY_HANDLE */
    case 0x586c: /* XFS_IOC_READLINK_BY_HANDLE */
    case 0x587a: /* XFS_IOC_ATTRLIST_BY_HANDLE */
    case 0x587b: /* XFS_IOC_ATTRMULTI_BY_HANDLE */
    case 0x583f: /* XFS_IOC_GETPARENTS_BY_HANDLE */
      return true;
    default:
      return false;
  }
}

#endif
