#!/usr/bin/env bats
# The monitor's life: one on a host, started when needed, gone afterwards, replaced without a gap.
load lib

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() { ID=monitor-$BATS_TEST_NUMBER; }

teardown() {
  hf_stop "$ID" >/dev/null 2>&1
  hf_monitor_stop
}

no_monitor() { [[ -z $(hf_listener) ]]; }

nothing_pinned() { [[ -z $(find /sys/fs/bpf/holdfast -mindepth 2 2>/dev/null) ]]; }

@test "a container starts a monitor when none runs; it leaves after the last one" {
  wait_until no_monitor
  hf_bundle "$ID" --mode detect -- sleep 600
  hf_background "$ID"
  local pid
  pid=$(hf_listener)
  [[ -n $pid ]]
  hf_stop "$ID"
  wait_until hf_process_gone "$pid"
  wait_until nothing_pinned
}

@test "that monitor is nobody's child and outside the container's and the caller's cgroup" {
  hf_bundle "$ID" --mode detect -- sleep 600
  hf_background "$ID"
  local pid
  pid=$(hf_listener)
  [ "$(awk '/^PPid/ {print $2}' "/proc/$pid/status")" -eq 1 ] ||
    [ "$(awk '/^PPid/ {print $2}' "/proc/$pid/status")" -eq 0 ]
  [[ $(sed -n 's/^0:://p' "/proc/$pid/cgroup") == *holdfast* ]]
  # None of our descriptors; it has /dev/null and a log of its own.
  [[ -z $(find "/proc/$pid/fd" -lname "$HF_DIR/*" ! -lname "$HF_ALERTS") ]]
  [ "$(readlink "/proc/$pid/fd/1")" == /dev/null ]
  [ "$(readlink "/proc/$pid/fd/2")" == /run/holdfast/monitor.log ]
  [ "$(stat -c %a /run/holdfast/monitor.log)" == 600 ]
}

@test "ps on a host without a monitor shows an empty table" {
  HF_PATIENCE=120 wait_until hf_monitor_absent
  run "$HF_CLI" ps --json
  [ "$status" -eq 0 ]
  [[ $output == *"no monitor listens"* && $output == *"[]" ]]
  run "$HF_CLI" ps
  [[ $status -eq 0 && ${lines[-1]} =~ ^ID\ +NAME\ +PROFILE\ +MODE\ +PID\ +USER\ +IMAGE$ ]]
}

@test "a monitor with mounts of its own, which lack the container's, guards the root file system" {
  wait_until no_monitor
  # As under systemd, to which podman's private storage does not propagate.
  unshare -m --propagation private "$HF_CLI" monitor --alerts "$HF_ALERTS" >>"$HF_DIR/monitor.log" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/monitor.pid"
  wait_until hf_monitor_answers
  hf_bundle "$ID" --overlay --profile default --script <(
    hf_prelude
    echo 't create creat /usr/bin/new'
  )
  hf_run "$ID"
  assert_result "$ID" create "creat: ok"
  wait_until hf_told "$ID" /usr/bin/new
}

@test "a new monitor takes over: the guard never opens, and no event is lost" {
  require enforcing
  hf_monitor_start
  hf_bundle "$ID" --overlay --profile immutable --script <(
    hf_prelude
    # shellcheck disable=SC2016
    echo 'n=0; while :; do n=$((n + 1)); t "try-$n" mkdir "/new-$n"; sleep 0.2; done'
  )
  hf_background "$ID"
  wait_until hf_alerted "$ID" rootfs.create
  hf_monitor_kill
  sleep 2
  hf_monitor_start
  sleep 2
  hf_stop "$ID"
  # Not one attempt went through, and each that was made has its alert.
  refute grep -qE 'mkdir: (ok|E[^R])' "$HF_DIR/$ID/out"
  assert_absent "$HF_DIR/$ID/upper"/new-*
  local tried told
  tried=$(grep -c 'mkdir: EROFS' "$HF_DIR/$ID/out")
  told=$(hf_alerts "$ID" rootfs.create | jq -r .object.path | sort -u | wc -l)
  echo "tried $tried, told $told"
  ((tried >= 5 && told >= tried))
}

attach_type() {
  bpftool -j link show pinned /sys/fs/bpf/holdfast/v*/links/"$1" | jq -r .attach_type
}

@test "a monitor with another back end replaces the programs of the one before" {
  require enforcing
  [[ $(hf_backend) == lsm ]] || skip "needs a kernel with both enforcing back ends"
  hf_monitor_start --backend modify-return
  hf_bundle "$ID" --overlay --profile immutable --script <(
    hf_prelude
    # shellcheck disable=SC2016
    echo 'n=0; while :; do n=$((n + 1)); t "try-$n" mkdir "/new-$n"; sleep 0.2; done'
  )
  hf_background "$ID"
  wait_until hf_alerted "$ID" rootfs.create
  [ "$(attach_type hf_path_mkdir)" == modify_return ]
  hf_monitor_kill
  hf_monitor_start
  [ "$(attach_type hf_path_mkdir)" == lsm_mac ]
  [ -z "$(find /sys/fs/bpf/holdfast/v*/links -name '*-new')" ]
  wait_until hf_alerted "$ID" rootfs.create '.backend == "lsm"'
  hf_stop "$ID"
  refute grep -qE 'mkdir: (ok|E[^R])' "$HF_DIR/$ID/out"
}

@test "a container that ended while no monitor ran is forgotten by the next" {
  require enforcing
  hf_monitor_start
  hf_bundle "$ID" --overlay --profile immutable -- sleep 600
  hf_background "$ID"
  hf_monitor_kill
  kill -KILL "$(hf_container_pid "$ID")"
  hf_monitor_start
  run "$HF_CLI" ps --json
  [ "$(jq length <<<"$output")" -eq 0 ]
}

@test "doctor names the back end in force" {
  run "$HF_CLI" doctor
  [[ $output == *'In force: the back end "'* ]]
}

@test "it works with no more capabilities than its unit gives" {
  local names
  names=$(sed -n 's/^CapabilityBoundingSet=//p' "$HF_ROOT/contrib/systemd/holdfast.service" | tr ' ' '\n' |
    sed 's/^CAP_/+/' | tr '[:upper:]' '[:lower:]' | paste -sd,)
  setpriv --bounding-set "-all,$names" --inh-caps -all \
    "$HF_CLI" monitor --alerts "$HF_ALERTS" >>"$HF_DIR/monitor.log" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/monitor.pid"
  disown
  wait_until hf_monitor_answers
  hf_bundle "$ID" --mode detect --profile immutable -- sleep 600
  hf_background "$ID"
  "$RUNTIME" exec "$ID" mkdir /new
  wait_until hf_alerted "$ID" rootfs.create
  "$HF_CLI" respond freeze "$ID"
  "$HF_CLI" respond thaw "$ID"
  "$HF_CLI" respond kill-container "$ID"
  # A kernel that runs no LSM programs may tell nobody.
  ! hf_enforces || refute grep "verdicts are not kept" "$HF_DIR/monitor.log"
}

