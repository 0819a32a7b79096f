/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which devices config.json grants. */
#ifndef HOLDFAST_BPF_LIB_DEVICE_H
#define HOLDFAST_BPF_LIB_DEVICE_H

#include "bpf/lib/subject.h"

static __always_inline __u32 hf_device_rule(struct hf_device_key *key, __u32 major, __u32 minor) {
  key->major = major;
  key->minor = minor;
  __u32 *access = bpf_map_lookup_elem(&hf_devices, key);
  return access ? *access : 0;
}

/* Whether `access` (enum hf_device_access; 0 is an open for ioctl alone, which needs any grant) is
 * granted on the device `rdev`, in kernel encoding. */
static __always_inline bool hf_device_granted(const struct hf_subject *subject, bool block,
                                              __u32 rdev, __u32 access) {
  if (subject->policy->flags & HF_POLICY_ALL_DEVICES) {
    return true;
  }
  struct hf_device_key key = {.slot = subject->tag->slot, .block = block};
  __u32 major = rdev >> 20;
  __u32 minor = rdev & 0xfffff;
  __u32 granted = hf_device_rule(&key, major, minor);
  granted |= hf_device_rule(&key, major, HF_DEVICE_ANY);
  granted |= hf_device_rule(&key, HF_DEVICE_ANY, minor);
  granted |= hf_device_rule(&key, HF_DEVICE_ANY, HF_DEVICE_ANY);
  return granted && !(access & ~granted);
}

/* From the encoding of mknod(2) (new_encode_dev in include/linux/kdev_t.h) to the kernel's own. */
static __always_inline __u32 hf_device_decode(__u32 dev) {
  __u32 major = (dev & 0xfff00) >> 8;
  __u32 minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return major << 20 | minor;
}

#endif
