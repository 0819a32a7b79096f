/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Paths from dentries: what the kernel holds, never what a caller spelled. */
#ifndef HOLDFAST_BPF_LIB_PATH_H
#define HOLDFAST_BPF_LIB_PATH_H

#include "bpf/lib/scratch.h"

/* Writes the path of `dentry` to the scratch buffer, root first: path_start, path_len and
 * path_flags tell where. With `vfsmount` the walk crosses mounts up to the root of the mount
 * namespace. Without, it ends at the root of the superblock, or earlier at the directory whose
 * dentry is `stop`. Always returns 0. */
int hf_build_path(struct hf_scratch *scratch, __u64 dentry, __u64 vfsmount, __u64 stop);

#endif
