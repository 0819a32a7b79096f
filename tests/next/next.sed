# Makes of the headers in bpf/abi those of another version of holdfast: its own number, and longer
# values of hf_policies and hf_tasks. Everything that bpf/abi/handover.h promises stays.
s/^(#define HF_ABI_VERSION) .*/\1 1000/
/^struct hf_policy \{/,/^\};/ s/^\};/  __u64 of_this_version[3];\n};/
/^struct hf_task \{/,/^\};/ s/^\};/  __u64 of_this_version;\n};/
