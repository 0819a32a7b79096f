#!/usr/bin/env bats
# Bad input and failure: a message that names the thing and the remedy, and either a container that did
# not start or a warning that its profile asked for.
load lib

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() {
  # A name of its own for every test's container and bundle.
  ID=failure-$BATS_TEST_NUMBER
  hf_configure .
}

teardown() {
  "$RUNTIME" delete --force "$ID" >/dev/null 2>&1 || true
}

# refused TEXT…: the last `run` failed with one plain line on standard error that has all the texts.
refused() {
  local text
  [ "$status" -ne 0 ] || { echo "it went through: $output"; return 1; }
  for text in "$@"; do
    [[ $output == *"$text"* ]] || { echo "no '$text' in: $output"; return 1; }
  done
}

# Runs the bundle of this test; the container's program prints "container ran".
attempt() { run timeout 120 "$HF_SHIM" "$@" run --bundle "$HF_DIR/$ID" "$ID" 3>&- </dev/null; }

bundle() { hf_bundle "$ID" "$@" -- echo container ran; }

not_started() {
  [[ $output != *"container ran"* ]]
  refute "$RUNTIME" state "$ID" >/dev/null 2>&1
}

state() { jq -nc --arg bundle "$HF_DIR/$ID" --arg id "$ID" "{ociVersion: \"1.0.2\", id: \$id, status: \"creating\", pid: 1, bundle: \$bundle} | $1"; }

# --- the hook's standard input ---------------------------------------------------------------

@test "hook: state that is not JSON" {
  run "$HF_HOOK" createRuntime <<<'{"ociVersion": '
  refused "holdfast: standard input"
  [ "${#lines[@]}" -eq 1 ]
}

@test "hook: no state at all" {
  run "$HF_HOOK" createRuntime </dev/null
  refused "standard input"
}

@test "hook: state without id or bundle" {
  run "$HF_HOOK" createRuntime < <(state 'del(.id)')
  refused id
  run "$HF_HOOK" createRuntime < <(state 'del(.bundle)')
  refused bundle
}

@test "hook: a state of 8 MB is refused, and read to its end" {
  # A writer that gets a broken pipe fails the container under crun.
  run bash -c 'set -o pipefail; head -c 8000000 /dev/zero | tr "\0" x | "$1" createRuntime; echo "${PIPESTATUS[*]}"' - "$HF_HOOK"
  [[ $output == *"larger than"*"bytes"* ]]
  [ "${lines[-1]}" == "0 0 1" ]
}

@test "hook: deeply nested state" {
  run "$HF_HOOK" createRuntime < <(printf '[%.0s' {1..20000})
  refused "standard input"
}

@test "hook: a bundle without config.json" {
  mkdir "$HF_DIR/$ID"
  run "$HF_HOOK" createRuntime < <(state .)
  refused "config.json"
}

@test "hook: no stage, or one it does not know" {
  run "$HF_HOOK" </dev/null
  refused "stage"
  run "$HF_HOOK" poststart </dev/null
  refused "poststart"
}

@test "hook: poststop never fails a deletion" {
  run "$HF_HOOK" poststop <<<nonsense
  [ "$status" -eq 0 ]
  [[ $output == *warning* ]]
}

# --- the bundle ------------------------------------------------------------------------------

@test "a bundle that does not exist" {
  attempt
  refused "$HF_DIR/$ID"
}

@test "a bundle without config.json" {
  mkdir "$HF_DIR/$ID"
  attempt
  refused "config.json"
}

@test "config.json that is not JSON" {
  mkdir "$HF_DIR/$ID"
  echo '{"ociVersion"' >"$HF_DIR/$ID/config.json"
  attempt
  refused "$HF_DIR/$ID/config.json"
}

@test "config.json without root, or with members of the wrong type" {
  bundle --edit 'del(.root)'
  attempt
  refused "config.json" root
  not_started
  jq '.root = {path: 7}' "$HF_DIR/$ID/config.json" >"$HF_DIR/$ID/new"
  mv "$HF_DIR/$ID/new" "$HF_DIR/$ID/config.json"
  attempt
  refused "config.json" "/root/path"
  not_started
}

@test "config.json of 64 MB" {
  mkdir "$HF_DIR/$ID"
  { printf '{"annotations":{"a":"' && head -c 64000000 /dev/zero | tr '\0' x && printf '"}}'; } \
    >"$HF_DIR/$ID/config.json"
  attempt
  refused "config.json"
}

# --- profiles and configuration --------------------------------------------------------------

@test "an unknown profile is refused, and the known ones can be found" {
  bundle --profile nosuchprofile
  attempt
  refused nosuchprofile "looked for nosuchprofile.json in /etc/holdfast/profiles.d"
  not_started
}

@test "a profile with an unknown key: file, JSON pointer and remedy" {
  echo '{"schema":"holdfast.profile/v1","name":"typo","rootfs":{"gaurd":"enforce"}}' \
    >/etc/holdfast/profiles.d/typo.json
  bundle --profile typo
  attempt
  refused "/etc/holdfast/profiles.d/typo.json" "/rootfs/gaurd" "known here: guard"
  not_started
  rm /etc/holdfast/profiles.d/typo.json
}

@test "a profile that is not JSON, and one that extends itself" {
  echo '{' >/etc/holdfast/profiles.d/broken.json
  bundle --profile broken
  attempt
  refused "/etc/holdfast/profiles.d/broken.json"
  not_started
  echo '{"schema":"holdfast.profile/v1","name":"broken","extends":"broken"}' \
    >/etc/holdfast/profiles.d/broken.json
  attempt
  refused broken
  not_started
  rm /etc/holdfast/profiles.d/broken.json
}

@test "a profile outside the profile directories" {
  cp "$HF_ROOT/profiles/default.json" "$HF_DIR/mine.json"
  bundle --profile "$HF_DIR/mine.json"
  attempt
  refused "$HF_DIR/mine.json"
  not_started
}

@test "an annotation that loosens what the administrator did not allow" {
  hf_configure '.annotations.allow = ["profile"]'
  bundle --profile immutable --mode off
  attempt
  refused io.holdfast.mode annotations
  not_started
}

@test "a misspelled annotation is not silently without effect" {
  bundle --annotation io.holdfast.proflie=immutable
  attempt
  refused io.holdfast.proflie
  not_started
}

@test "holdfast.json that is not valid names itself and the place" {
  hf_configure '.monitor.lingers = 3'
  bundle
  attempt
  refused /etc/holdfast/holdfast.json lingers
  not_started
}

@test "a refusal is one JSON line in --log as well" {
  bundle --profile nosuchprofile
  attempt --log "$HF_DIR/log" --log-format json
  refused nosuchprofile
  [ "$(wc -l <"$HF_DIR/log")" -eq 1 ]
  jq -e '.level == "error" and (.msg | contains("nosuchprofile")) and (.time | length > 10)' "$HF_DIR/log"
}

# --- the monitor and the kernel --------------------------------------------------------------

@test "no monitor can be started: immutable refuses, and says what is missing" {
  hf_configure '.monitor.binary = "/no/such/holdfast"'
  bundle --profile immutable
  attempt
  refused "/no/such/holdfast" immutable
  not_started
}

@test "no monitor can be started: default runs with a warning" {
  hf_configure '.monitor.binary = "/no/such/holdfast"'
  bundle --profile default
  attempt
  [ "$status" -eq 0 ]
  [[ $output == *"container ran"* && $output == *warning* && $output == *"/no/such/holdfast"* ]]
}

@test "a container that runs without its guard is named until it goes, and metrics fall" {
  hf_configure '.monitor.binary = "/no/such/holdfast"'
  hf_bundle "$ID" --profile default -- sleep 600
  hf_background "$ID"
  run "$HF_CLI" ps
  [[ $output == *"container $ID runs without all of its guard: "*"/no/such/holdfast"* ]]
  "$HF_CLI" metrics --once >"$HF_DIR/page"
  grep -qx 'holdfast_coverage 0' "$HF_DIR/page"
  grep -qx 'holdfast_coverage_part{part="containers"} 0' "$HF_DIR/page"
  hf_stop "$ID"
  run "$HF_CLI" ps
  [[ $output != *"$ID"* ]]
  "$HF_CLI" metrics --once | grep -qx 'holdfast_coverage 1'
}

@test "a kernel without BTF is named, and immutable does not start" {
  [[ -e /sys/kernel/btf/vmlinux ]] || skip "this kernel has no BTF anyway"
  mount --bind /dev/null /sys/kernel/btf/vmlinux
  bundle --profile immutable
  attempt
  umount /sys/kernel/btf/vmlinux
  refused BTF
  not_started
}

@test "without bpffs the message names it and the remedy" {
  mount -t tmpfs tmpfs /sys/fs/bpf
  bundle --profile immutable
  attempt
  umount /sys/fs/bpf
  refused "mount -t bpf bpf /sys/fs/bpf"
  not_started
}

@test "a monitor without the capabilities for BPF says which, and leaves nothing behind" {
  run timeout 120 setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-all \
    "$HF_CLI" monitor --alerts "$HF_DIR/a.jsonl" 3>&-
  refused "holdfast:" CAP_BPF CAP_PERFMON
  [ "$status" -ne 124 ]
  [[ ! -S /run/holdfast/monitor.sock ]]
}

@test "a cgroup that also holds a foreign process is refused" {
  local mount
  mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  [[ $mount == /sys/fs/cgroup ]] || skip "needs cgroup v2 on /sys/fs/cgroup"
  mkdir -p "$mount/hf-test/$ID"
  sleep 300 3>&- &
  local foreign=$!
  echo "$foreign" >"$mount/hf-test/$ID/cgroup.procs"
  bundle --profile immutable
  attempt
  # crun may have ended all that is in the cgroup, when its hook said no.
  kill "$foreign" 2>/dev/null || true
  [ "$status" -ne 0 ]
  [[ $output != *"container ran"* ]]
  # crun loses what its hooks say.
  [[ $RUNTIME == crun || $output == *"also holds process"* ]]
}

@test "alerts wait for a full disk and are all there afterwards" {
  mkdir "$HF_DIR/small"
  mount -t tmpfs -o size=64k tmpfs "$HF_DIR/small"
  HF_ALERTS=$HF_DIR/small/alerts.jsonl
  hf_monitor_start
  head -c 100000 /dev/zero >"$HF_DIR/small/filler" 2>/dev/null || true
  hf_bundle "$ID" --mode detect --script <(
    hf_prelude
    echo 't a creat /full-1'
    echo 't b creat /full-2'
  )
  hf_run "$ID"
  rm "$HF_DIR/small/filler"
  wait_until hf_told "$ID" /full-2
  hf_told "$ID" /full-1
  # Numbered without a gap: nothing was lost.
  jq -s -e '[.[].seq] | . == [range(.[0]; .[0] + length)]' "$HF_ALERTS"
  hf_monitor_stop
}

@test "a monitor killed between create and start: the container is still guarded, and told of" {
  require enforcing
  hf_monitor_start
  hf_bundle "$ID" --overlay --profile immutable --script <(
    hf_prelude
    echo 't creat creat /new'
    echo 'sleep 600'
  )
  hf_create "$ID"
  hf_monitor_kill
  hf_start "$ID"
  wait_until grep -q '^creat' "$HF_DIR/$ID/out"
  assert_result "$ID" creat "creat: EROFS"
  hf_monitor_start
  wait_until hf_alerted "$ID" rootfs.create '.object.path == "/new"'
  hf_stop "$ID"
  hf_monitor_stop
}
