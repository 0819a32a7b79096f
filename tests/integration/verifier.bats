#!/usr/bin/env bats
# How much of the verifier's limit our programs take. One that comes near it is one that the next
# kernel, whose verifier looks closer, or the next line of it may not load.
load lib

# Half of BPF_COMPLEXITY_LIMIT_INSNS (include/linux/bpf.h).
MOST=500000

setup_file() {
  hf_setup
  hf_monitor_start
  hf_backend >/dev/null
  "$HF_BUILD/tests/bench/verified" >"$HF_DIR/verified" || echo "exit code $?" >"$HF_DIR/verified-failed"
  sort -o "$HF_DIR/verified" "$HF_DIR/verified"
  [[ -z ${HOLDFAST_RESULTS:-} ]] || cp "$HF_DIR/verified" "$HOLDFAST_RESULTS/verified"
}

teardown_file() { hf_teardown; }

@test "the kernel tells of every program of the back end in force" {
  [[ ! -e $HF_DIR/verified-failed ]]
  grep -q '^hf_cgroup_attach_task ' "$HF_DIR/verified"
  hf_enforces || skip "the back end $(hf_backend) has no programs for security hooks"
  grep -q '^hf_file_open ' "$HF_DIR/verified"
  grep -q '^hf_path_rename ' "$HF_DIR/verified"
}

@test "no program takes more than half of what the verifier allows" {
  awk -v most="$MOST" '$2 > most { print $1 " takes " $2 " of 1000000"; over = 1 }
    END { exit over || NR == 0 }' "$HF_DIR/verified"
}
