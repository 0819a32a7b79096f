/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Where kernels differ. Each difference names the commit that made it. */
#ifndef HOLDFAST_BPF_LIB_COMPAT_H
#define HOLDFAST_BPF_LIB_COMPAT_H

#include "bpf/lib/types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Before f122a08b197d (6.3) a capability set was an array of two words. */
struct kernel_cap_struct {
  __u32 cap[2];
};

struct cred___words {
  struct kernel_cap_struct cap_permitted;
  struct kernel_cap_struct cap_effective;
  struct kernel_cap_struct cap_ambient;
};

struct timespec64 {
  __s64 tv_sec;
  long tv_nsec;
};

/* The change time: i_ctime until 13bc24457850 (6.6), __i_ctime until 3aa63a569c64 (6.11), then two
 * scalars. */
struct inode___ctime {
  struct timespec64 i_ctime;
};

struct inode___private_ctime {
  struct timespec64 __i_ctime;
};

struct inode___split_ctime {
  __s64 i_ctime_sec;
  __u32 i_ctime_nsec;
};

#pragma clang attribute pop

#define HF_NS_PER_S 1000000000ULL

/* Since 4e40eff0b573 (6.13) the highest bit of the nanoseconds says that somebody asked for the
 * time. */
#define HF_CTIME_NS_MASK 0x3fffffffU

/* CO-RE knows which of the two layouts this kernel has when the program is loaded, so one branch
 * remains. */
#define HF_CAPS(cred, set)                                                   \
  (bpf_core_type_exists(struct kernel_cap_struct)                            \
       ? (((__u64)((const struct cred___words *)(cred))->set.cap[1] << 32) | \
          ((const struct cred___words *)(cred))->set.cap[0])                 \
       : (cred)->set.val)

/* Change time of an inode in nanoseconds since the epoch. It cannot be set by a process, only the
 * clock can. */
static __always_inline __u64 hf_ctime_ns(const struct inode *inode) {
  const struct inode___split_ctime *split = (const void *)inode;
  if (bpf_core_field_exists(split->i_ctime_sec)) {
    return (__u64)BPF_CORE_READ(split, i_ctime_sec) * HF_NS_PER_S +
           (BPF_CORE_READ(split, i_ctime_nsec) & HF_CTIME_NS_MASK);
  }
  const struct inode___private_ctime *hidden = (const void *)inode;
  if (bpf_core_field_exists(hidden->__i_ctime)) {
    return (__u64)BPF_CORE_READ(hidden, __i_ctime.tv_sec) * HF_NS_PER_S +
           BPF_CORE_READ(hidden, __i_ctime.tv_nsec);
  }
  const struct inode___ctime *plain = (const void *)inode;
  return (__u64)BPF_CORE_READ(plain, i_ctime.tv_sec) * HF_NS_PER_S +
         BPF_CORE_READ(plain, i_ctime.tv_nsec);
}

#endif
