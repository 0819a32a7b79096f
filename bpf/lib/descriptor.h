/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What is behind a task's file descriptors. Pointers are addresses, read by probes. */
#ifndef HOLDFAST_BPF_LIB_DESCRIPTOR_H
#define HOLDFAST_BPF_LIB_DESCRIPTOR_H

#include "bpf/lib/types.h"

#define HF_MAGIC_SOCKFS 0x534f434b /* include/uapi/linux/magic.h */

/* The file behind descriptor `fd`; NULL: none. Another thread may have put another one there since
 * the system call was made. */
static __always_inline struct file *hf_file_at(struct task_struct *task, __s64 fd) {
  struct fdtable *table = task->files->fdt;
  struct file **files = table->fd;
  struct file *file = NULL;
  if (fd >= 0 && fd < table->max_fds) {
    bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
  }
  return file;
}

/* The socket that `file` is; NULL: it is none. */
static __always_inline struct socket *hf_socket_of(struct file *file) {
  struct inode *inode = file ? BPF_CORE_READ(file, f_inode) : NULL;
  if (!inode || BPF_CORE_READ(inode, i_sb, s_magic) != HF_MAGIC_SOCKFS) {
    return NULL;
  }
  struct socket_alloc *alloc =
      (void *)inode - bpf_core_field_offset(struct socket_alloc, vfs_inode);
  return (void *)alloc + bpf_core_field_offset(struct socket_alloc, socket);
}

#endif
