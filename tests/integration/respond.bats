#!/usr/bin/env bats
# What the monitor does about a container beyond telling: freeze, isolate, kill and their opposites, by
# hand and by profile; and to whom it does nothing.
load lib

setup_file() {
  hf_setup
  hf_configure ".monitor.incidents = \"$HF_DIR/incidents\""
  hf_monitor_start
}

teardown_file() { hf_teardown; }

setup() { ID=respond-$BATS_TEST_NUMBER; }

teardown() {
  local pid
  for pid in ${HELPERS:-}; do
    kill "$pid" 2>/dev/null || true
  done
  "$HF_CLI" respond thaw "$ID" >/dev/null 2>&1 || true
  hf_stop "$ID" >/dev/null 2>&1
}

# container SCRIPT [OPTION OF make-bundle]…: runs in the background, with the directory DIR/ID/vol as
# /vol and a name of its own.
container() {
  local script=$HF_DIR/$ID.sh
  echo "$1" >"$script"
  shift
  mkdir -p "$HF_DIR/$ID-vol"
  hf_bundle "$ID" --overlay --script "$script" --mount "$HF_DIR/$ID-vol:/vol" "$@"
  hf_background "$ID"
}

VOL_TICKS='while :; do echo tick >>/vol/ticks; sleep 0.1; done'

ticks() { wc -l <"$HF_DIR/$ID-vol/ticks" 2>/dev/null || echo 0; }

# ticking FROM: there are more ticks than that.
ticking() { (($(ticks) > $1)); }

assert_ticking() { wait_until ticking "$(ticks)"; }

assert_silent() {
  local before
  sleep 0.3 # for the one that was being written
  before=$(ticks)
  sleep 1
  [[ $(ticks) -eq $before ]] || {
    echo "ticks went from $before to $(ticks)" >&2
    return 1
  }
}

cgroup_dir() {
  local path mount=/sys/fs/cgroup
  path=$(sed -n 's/^0:://p' "/proc/$(hf_container_pid "$ID")/cgroup")
  [[ -e $mount/cgroup.controllers ]] || mount=$mount/unified
  echo "$mount$path"
}

respond() { "$HF_CLI" respond "$@" 3>&-; }

container_has_ended() { [[ $("$RUNTIME" state "$ID" 2>/dev/null | jq -r .status) != running ]]; }

# answered RESPONSE ACTION [FILTER]: how many lines tell of it.
answered() {
  hf_alerts "$ID" "respond.$1" ".action == \"$2\" and (${3:-true})" | wc -l
}

was_answered() { (($(answered "$@") > 0)); }

@test "freeze stops every process of a container, thaw lets them go on, and both are told" {
  container "$VOL_TICKS"
  assert_ticking
  run respond freeze "$ID"
  [ "$status" -eq 0 ]
  grep -qx 'frozen 1' "$(cgroup_dir)/cgroup.events"
  assert_silent
  run respond thaw "$ID"
  [ "$status" -eq 0 ]
  assert_ticking
  [ "$(answered freeze 'done' '.response.by.uid == 0 and .response.by.pid > 0')" -eq 1 ]
  [ "$(answered thaw 'done')" -eq 1 ]
}

@test "a freeze keeps what the container was doing" {
  container 'exec 7</data/other; echo changed >/etc/changed; : >/vol/ready
sleep 1000 & while :; do sleep 1; done'
  wait_until test -e "$HF_DIR/$ID-vol/ready"
  run respond freeze "$ID" --json
  [ "$status" -eq 0 ]
  local dir init
  dir=$(jq -r .incident <<<"$output")
  init=$(hf_container_pid "$ID")
  [[ $dir == "$HF_DIR"/incidents/* && $(stat -c %a "$dir") == 700 ]]
  [ "$(jq -r .container.id "$dir/index.json")" == "$ID" ]
  [ "$(jq .frozen_throughout "$dir/index.json")" == true ]
  # The tree: the init, and what it started.
  jq -e --argjson init "$init" '.processes | any(.pid == $init)' "$dir/index.json"
  jq -e --argjson init "$init" '.processes | any(.ppid == $init and (.argv | index("1000")))' \
    "$dir/index.json"
  grep -q '^Name:' "$dir/$init.status"
  grep -q 'r-xp' "$dir/$init.maps"
  jq -e 'any(.fd == "7" and (.target | endswith("/data/other")))' "$dir/$init.files.json"
  compgen -G "$dir/net-*.tcp"
  compgen -G "$dir/net-*.unix"
  jq -e 'any(.path == "/etc/changed" and .type == "file")' "$dir/changes.json"
  # Nobody else can read it, and nothing in it is larger than it may be.
  [[ -z $(find "$dir" -type f \( -perm /077 -o -size +300k \)) ]]
  [ "$(answered freeze 'done' ".response.incident == \"$dir\"")" -eq 1 ]
}

@test "only so many incidents are kept" {
  mkdir -p "$HF_DIR/incidents"
  local i
  for ((i = 0; i < 40; ++i)); do
    mkdir -p "$HF_DIR/incidents/incident-19700101T0000$i-1"
  done
  container 'sleep 1000'
  respond freeze "$ID"
  [ "$(find "$HF_DIR/incidents" -mindepth 1 -maxdepth 1 | wc -l)" -eq 32 ]
}

@test "kill-process ends one process of the container, and no other" {
  container 'sleep 1000 & echo $! >/vol/child; '"$VOL_TICKS"
  assert_ticking
  local init victim
  init=$(hf_container_pid "$ID")
  victim=$(pgrep -P "$init" -f 'sleep 1000')
  run respond kill-process "$ID" --pid "$victim"
  [ "$status" -eq 0 ]
  wait_until hf_process_gone "$victim"
  assert_ticking
  [ "$(answered kill-process 'done' ".response.target_pid == $victim")" -eq 1 ]
}

@test "kill-process leaves the host's processes alone" {
  container 'sleep 1000'
  sleep 1000 3>&- &
  HELPERS=$!
  run respond kill-process "$ID" --pid "$HELPERS"
  [ "$status" -eq 1 ]
  [[ $output == *"not in the container's"* ]]
  kill -0 "$HELPERS"
  [ "$(answered kill-process failed)" -eq 1 ]
}

@test "kill-container ends all of it" {
  container 'sleep 1000 & sleep 1001 & sleep 1002'
  run respond kill-container "$ID"
  [ "$status" -eq 0 ]
  wait_until container_has_ended
  [ "$(answered kill-container 'done')" -eq 1 ]
}

# A network namespace with loopback, and one who listens there outside the container's cgroup, with an
# input that never ends: at its end nc would hang up.
listener() {
  mkfifo "$HF_DIR/$ID-fifo"
  # shellcheck disable=SC2016  # for that shell
  unshare -n sh -c 'busybox ip link set lo up; : >"$1"; exec busybox nc -l -p 4000' \
    sh "$HF_DIR/$ID-up" <>"$HF_DIR/$ID-fifo" >"$HF_DIR/$ID-heard" 2>/dev/null 3>&- &
  HELPERS=$!
  wait_until test -e "$HF_DIR/$ID-up"
}

heard() { wc -l <"$HF_DIR/$ID-heard"; }
hears() { (($(heard) > $1)); }

connected_container() {
  listener
  container 'while :; do echo tick; sleep 0.1; done | nc 127.0.0.1 4000' --edit \
    ".linux.namespaces |= map(if .type == \"network\" then .path = \"/proc/$HELPERS/ns/net\" else . end)"
  wait_until hears 3
}

assert_deaf() {
  sleep 0.5
  local before
  before=$(heard)
  sleep 1.5
  [ "$(heard)" -eq "$before" ]
}

@test "isolate cuts an open connection, without a monitor too, and release mends it" {
  connected_container
  run respond isolate "$ID"
  [ "$status" -eq 0 ]
  assert_deaf
  hf_monitor_kill
  assert_deaf
  hf_monitor_start
  assert_deaf
  run respond release "$ID"
  [ "$status" -eq 0 ]
  wait_until hears "$(heard)"
  [ "$(answered isolate 'done')" -eq 1 ]
  [ "$(answered release 'done')" -eq 1 ]
  [[ ! -e /sys/fs/bpf/holdfast/isolated ]]
}

@test "nothing is left of an isolated container that has ended" {
  container 'sleep 1000'
  respond isolate "$ID"
  [[ -n $(ls /sys/fs/bpf/holdfast/isolated) ]]
  hf_stop "$ID"
  [[ ! -e /sys/fs/bpf/holdfast/isolated ]]
}

@test "a cgroup that a host process is in is left alone" {
  sleep 1000 3>&- &
  HELPERS=$!
  sleep 0.1
  container "$VOL_TICKS"
  echo "$HELPERS" >"$(cgroup_dir)/cgroup.procs"
  local action
  for action in freeze kill-container isolate; do
    run respond "$action" "$ID"
    [ "$status" -eq 1 ]
    [[ $output == *"process $HELPERS, which is older than the container"* ]]
  done
  kill -0 "$HELPERS"
  assert_ticking
  [ "$(answered kill-container failed)" -eq 1 ]
}

@test "a user can ask nothing of root's container" {
  container "$VOL_TICKS"
  run setpriv --reuid 65534 --regid 65534 --clear-groups "$HF_CLI" respond freeze "$ID" \
    --socket /run/holdfast/monitor.sock
  [ "$status" -eq 1 ]
  [[ $output == *"no guarded container is \"$ID\""* ]]
  assert_ticking
}

@test "a container is named by its id or the beginning of it, and by no more than one" {
  container 'sleep 1000'
  run respond freeze no-such-container
  [ "$status" -eq 1 ]
  [[ $output == *'no guarded container is "no-such-container"'* ]]
  run respond kill-process "$ID"
  [ "$status" -eq 1 ]
  [[ $output == *"kill-process needs the process: --pid PID"* ]]
  run respond explode "$ID"
  [ "$status" -ne 0 ]
  run respond freeze "${ID%?}"
  [ "$status" -eq 0 ]
}

@test "an alert that the profile wants answered freezes the container, once" {
  # shellcheck disable=SC2016  # for the container's shell
  container 'i=0; while [ $i -lt 200 ]; do cat /data/file >/dev/null; i=$((i + 1)); sleep 0.1; done
: >/vol/ended; sleep 1000' --profile responding
  wait_until was_answered freeze 'done'
  grep -qx 'frozen 1' "$(cgroup_dir)/cgroup.events"
  [[ ! -e $HF_DIR/$ID-vol/ended ]]
  assert_alert "$ID" file.sensitive alerted '.severity == "critical"'
  [ "$(answered freeze 'done' '.response.by.profile == "responding" and
    .response.by.class == "file.sensitive" and .response.by.severity == "critical"')" -eq 1 ]
  # The alert that it is about is what was kept first.
  local dir
  dir=$(hf_alerts "$ID" respond.freeze | jq -r .response.incident)
  [ "$(jq -r .alert.object.path "$dir/index.json")" == /data/file ]
}

@test "an alert that the profile wants answered ends the process that it is about" {
  container 'sh -c "exec 7</data/other; : >/vol/opened; while :; do sleep 1; done" || : >/vol/killed
'"$VOL_TICKS" --profile responding
  wait_until test -e "$HF_DIR/$ID-vol/killed"
  assert_ticking
  [ "$(answered kill-process 'done')" -eq 1 ]
}

@test "in mode detect nothing is done, and what would have been is told" {
  container 'cat /data/file >/dev/null; '"$VOL_TICKS" --profile responding --mode detect
  wait_until was_answered freeze withheld
  assert_ticking
  [ "$(answered freeze 'done')" -eq 0 ]
}
