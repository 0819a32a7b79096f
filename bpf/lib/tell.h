/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Telling user space what happened. */
#ifndef HOLDFAST_BPF_LIB_TELL_H
#define HOLDFAST_BPF_LIB_TELL_H

#include "bpf/lib/decide.h"
#include "bpf/lib/scratch.h"

/* Sends the event of a case that ended with `outcome` (enum hf_outcome); the path of the object is
 * in `scratch` when there is one (path_len != 0), and is overwritten. What cannot be sent is
 * counted. Always returns 0. */
int hf_tell(struct hf_scratch *scratch, struct hf_case *hf_case, __u32 outcome);

#endif
