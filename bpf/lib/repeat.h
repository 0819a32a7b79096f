/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What happens again and again is counted, not sent. */
#ifndef HOLDFAST_BPF_LIB_REPEAT_H
#define HOLDFAST_BPF_LIB_REPEAT_H

#include "bpf/lib/decide.h"
#include "bpf/lib/scratch.h"

/* How many events this case stands for: 0 when it was counted as a repeat of one that was sent
 * and whose window is not over. Otherwise it is to be sent, with those that were counted before it
 * and that nobody has told of. */
int hf_count_repeat(struct hf_scratch *scratch, struct hf_case *hf_case, __u32 outcome);

#endif
