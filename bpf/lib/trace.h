/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The back end `tracepoint`, in parts: each judges calls that have ended, by what they left behind,
 * with the decisions of the hooks beside which it stands. What returns an int returns 0, but for
 * the first: not 0 where there is no path, and the call is about its descriptor. */
#ifndef HOLDFAST_BPF_LIB_TRACE_H
#define HOLDFAST_BPF_LIB_TRACE_H

#include "bpf/lib/call.h"
#include "bpf/lib/decide.h"

int hf_trace_change(struct hf_call *call, __u32 other); /* of a file by its path, or `other` one */
int hf_trace_change_file(struct hf_call *call);         /* of a file by a descriptor */
int hf_trace_node(struct hf_call *call);                /* of a device */
int hf_trace_kernel(struct hf_call *call); /* mounts, namespaces, modules, bpf and so on */
int hf_trace_map(struct hf_call *call);    /* code */
int hf_trace_network(struct hf_call *call);
int hf_trace_setuid(struct hf_call *call);
int hf_trace_unix(struct hf_call *call); /* connections to daemons */

/* The address of the task that ptrace or its kind is about; 0: none. */
__u64 hf_trace_target(struct hf_call *call);

/* An attempt to attach to the task at the address `target`; 0: none. */
int hf_trace_attach(__u64 target, __s64 result);

/* What happened, or what was refused by somebody else when `result` is a negative errno. */
static __always_inline struct hf_case hf_traced_case(const struct hf_subject *subject,
                                                     __u32 class_id, __u32 operation,
                                                     __s64 result) {
  struct hf_case hf_case = hf_case_of(subject, class_id, operation, result < 0 ? -result : 0);
  hf_case.flags = result < 0 ? HF_EVENT_REFUSED : 0;
  return hf_case;
}

#endif
