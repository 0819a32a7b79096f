// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Finds what verdicts depend on.
#include "bpf/lib/verdict.h"

__u64 hf_rename_lock = 0;
__u32 hf_removals = 0;

/* Run once, before anything is attached. A kernel that keeps its addresses from everybody
 * (kernel.kptr_restrict = 2) does not tell; then nothing is kept. */
SEC("syscall")
int hf_find_rename_lock(void *ctx) {
  __u64 address = 0;
  long error = bpf_kallsyms_lookup_name("rename_lock", sizeof("rename_lock"), 0, &address);
  hf_rename_lock = error ? 0 : address;
  return error;
}
