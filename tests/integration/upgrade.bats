#!/usr/bin/env bats
# A version of holdfast with another ABI takes over what the one before guards: never a moment without
# a guard, nothing left of the old one, and nothing dropped without a word.
# Loading and attaching beside what is attached takes long in an emulated machine.
export HF_PATIENCE=180
load lib
# The same sources with another version and longer values in its maps: see tests/next.
NEXT=$HF_BUILD/tests/next/holdfast-next
THIS=$HF_CLI
PINS=/sys/fs/bpf/holdfast
ABI=$(sed -n 's/^#define HF_ABI_VERSION //p' "$HF_ROOT/bpf/abi/limits.h")

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() {
  ID=upgrade-$BATS_TEST_NUMBER
  HF_ALERTS=$HF_DIR/$ID.jsonl
  SIGNAL=$HF_DIR/signal-$BATS_TEST_NUMBER
  mkdir "$SIGNAL"
}

teardown() {
  touch "$SIGNAL/end"
  hf_stop "$ID" >/dev/null 2>&1
  "$RUNTIME" delete --force "$ID-free" >/dev/null 2>&1 || true
  hf_monitor_stop
  rm -rf "$PINS/v2"
}

# monitor PROGRAM: the monitor of a version.
monitor() { HF_CLI=$1 hf_monitor_start; }

versions() { ls "$PINS" 2>/dev/null; }

# One that tries all the time, from wherever it has got to.
trying() {
  # shellcheck disable=SC2016  # for the container's shell
  printf 'n=0; while [ ! -e /signal/end ]; do n=$((n + 1)); t "%s-$n" mkdir "/%s-$n"; sleep 1; done\n' \
    "$1" "$1"
}

# What a container does while its monitor changes: it tries in its own cgroup, in one below, in the root
# cgroup, by processes of which each lives only until it has made the next, and by a thread that has
# outlived its leader.
restless() {
  hf_prelude
  # shellcheck disable=SC2016
  cat <<SCRIPT
own=/cgroup/hf-test/$ID
mkdir \$own/below
cat >/dev/shm/relay <<'RELAY'
[ -e /signal/end ] && exit
attack mkdir "/relay-\$1" | sed "s/^/relay-\$1 /"
sleep 1
sh /dev/shm/relay \$((\$1 + 1)) &
RELAY
$(typeset_in_container nested)
$(typeset_in_container root)
attack cgroup-move \$own/below -- become /bin/sh /dev/shm/nested &
attack cgroup-move /cgroup -- become /bin/sh /dev/shm/root &
attack cgroup-move /cgroup -- become /bin/sh /dev/shm/relay 1 &
attack outlive -- await /signal/thread -- mkdir /by-thread | sed 's/^/thread /' &
$(trying own)
SCRIPT
}

# A script of its own for a place that tries.
typeset_in_container() {
  echo "cat >/dev/shm/$1 <<'TRYING'"
  hf_prelude
  trying "$1"
  echo TRYING
}

container() {
  hf_bundle "$ID" --overlay --profile roaming --caps all --mount /sys/fs/cgroup:/cgroup \
    --mount "$SIGNAL:/signal" --script <(restless)
  hf_background "$ID"
}

# The same without a guard, and a process of the host.
free_container() {
  hf_bundle "$ID-free" --overlay --mount "$SIGNAL:/signal" --script <(
    hf_prelude
    trying free
  )
  "$RUNTIME" create --bundle "$HF_DIR/$ID-free" "$ID-free" >"$HF_DIR/$ID-free/out" \
    2>"$HF_DIR/$ID-free/err" 3>&- </dev/null
  "$RUNTIME" start "$ID-free" 3>&-
}

host_process() {
  local n=0 program
  program=$(type -P true)
  while [[ ! -e $SIGNAL/end ]]; do
    n=$((n + 1))
    mkdir "$HF_DIR/$ID-host-$n" && cp "$program" "$HF_DIR/$ID-host-$n/" &&
      "$HF_DIR/$ID-host-$n/true" && echo host ok || echo host refused
    sleep 1
  done >"$HF_DIR/$ID-host" 2>&1
}

tried() { grep -c "^$1-.*mkdir: EROFS" "$HF_DIR/$ID/out" || true; }

# Whether each place has tried $1 times since this was asked with a `mark`.
mark() {
  local place
  for place in own nested root relay; do tried "$place" >"$HF_DIR/mark-$place"; done
}
tried_again() {
  local place
  for place in own nested root relay; do
    (($(tried "$place") >= $(cat "$HF_DIR/mark-$place") + $1)) || return 1
  done
}

# Not one attempt went through.
nothing_written() {
  refute grep -E 'mkdir: (ok|E[^R])' "$HF_DIR/$ID/out"
  assert_absent "$HF_DIR/$ID/upper"/{own,nested,root,relay}-* "$HF_DIR/$ID/upper/by-thread"
}

# move_on FROM TO SIGNAL: a container under the version FROM, whose monitor is ended by SIGNAL, gets
# the guard of the version TO.
move_on() {
  local from=$1 to=$2 signal=$3 old before
  monitor "$from"
  container
  free_container
  host_process &
  mark && wait_until tried_again 2
  old=$(versions)
  hf_monitor_end "$signal"
  mark && wait_until tried_again 2
  before=$(wc -l <"$HF_ALERTS")
  monitor "$to"
  mark && wait_until tried_again 3
  touch "$SIGNAL/thread"
  wait_until grep -q '^thread' "$HF_DIR/$ID/out"
  nothing_written
  # The new version's pins are all that there is.
  [ "$(versions | wc -l)" -eq 1 ]
  [ "$(versions)" != "$old" ]
  run "$to" ps --json
  [ "$(jq -r ".[] | select(.id == \"$ID\") | .pid" <<<"$output")" == "$(hf_container_pid "$ID")" ]
  # All that is told now is told with the container's name, wherever it comes from.
  local place
  for place in own- nested- root- relay- by-thread; do
    wait_until told_since "$before" "/$place"
  done
  # What happened while no monitor ran waited where this version does not look.
  tail -n +$((before + 1)) "$HF_ALERTS" | jq -e -s \
    'map(select(.cause == "former-version")) | length == 1 and .[0].class == "monitor.lost" and
      .[0].count >= 8'
  # Lines are numbered without a gap.
  jq -s -e '[.[].seq] | . == [range(1; length + 1)]' "$HF_ALERTS"
  twins_went_on "$old"
  [ "$(jq -s '[.[] | select(.class == "escape.host-exec")] | length' "$HF_ALERTS")" -eq 0 ]
  hf_stop "$ID"
  run "$to" ps --json
  [ "$(jq length <<<"$output")" -eq 0 ]
  hf_monitor_stop
  [ -z "$(versions)" ]
}

# told_since LINE PREFIX
told_since() {
  tail -n +$(($1 + 1)) "$HF_ALERTS" | jq -e -s --arg id "$ID" --arg path "$2" \
    'any(.container.id == $id and .action == "denied" and .class == "rootfs.create" and
      (.object.path | startswith($path)))' >/dev/null
}

twins_went_on() {
  [ "$(grep -c 'mkdir: ok' "$HF_DIR/$ID-free/out")" -gt 5 ]
  refute grep -E 'mkdir: E' "$HF_DIR/$ID-free/out"
  [ "$(grep -c 'host ok' "$HF_DIR/$ID-host")" -gt 5 ]
  refute grep -E 'refused' "$HF_DIR/$ID-host"
  refute grep -F "\"$ID-free\"" "$HF_ALERTS"
}

@test "an upgrade after a kill: the guard never opens, and tasks are known wherever they have got to" {
  require enforcing
  move_on "$THIS" "$NEXT" KILL
}

@test "a downgrade after an orderly end: the same" {
  require enforcing
  move_on "$NEXT" "$THIS" TERM
}

# Whether programs of both versions are attached.
moving() { compgen -G "$PINS/v1000/links/*" >/dev/null && compgen -G "$PINS/v$ABI/links/*" >/dev/null; }

# start_and_kill PROGRAM: its monitor, killed in the middle of the move.
start_and_kill() {
  "$1" monitor --alerts "$HF_ALERTS" >>"$HF_DIR/monitor.log" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/monitor.pid"
  disown
  local end=$((SECONDS + HF_PATIENCE)) never
  # It is soon over where nothing is emulated; elsewhere the monitor needs the processor. Nothing is ever read.
  exec {never}<> <(:)
  until moving; do
    ((SECONDS < end)) || return 1
    read -rt 0.01 -u "$never" || true
  done
  exec {never}>&-
  hf_monitor_kill
  moving
}

@test "an upgrade that is killed midway is finished by the next monitor, whichever that is" {
  require enforcing
  monitor "$THIS"
  container
  mark && wait_until tried_again 1
  hf_monitor_kill
  local to
  for to in "$NEXT" "$THIS"; do
    start_and_kill "$NEXT"
    monitor "$to"
    mark && wait_until tried_again 2
    nothing_written
    [ "$(versions | wc -l)" -eq 1 ]
    hf_monitor_kill
    [[ $to == "$THIS" ]] || monitor "$THIS"
    hf_monitor_kill
  done
}

# The monitor of $NEXT must not start, and say each of these; this version's guard stays.
refused() {
  local said text code=0
  said=$(timeout 180 "$NEXT" monitor --alerts "$HF_ALERTS" 2>&1 3>&-) || code=$?
  [ "$code" -eq 1 ]
  for text in "$@"; do
    [[ $said == *"$text"* ]] || { echo "no '$text' in: $said"; return 1; }
  done
  [ ! -e "$PINS/v1000" ]
  mark && wait_until tried_again 2
  nothing_written
}

@test "what cannot be taken over stays under its guard, and the monitor says why" {
  require enforcing
  monitor "$THIS"
  container
  mark && wait_until tried_again 1
  hf_monitor_stop
  mkdir "$PINS/v2"
  refused "$PINS/v2 is of a version from which this one cannot take over"
  rmdir "$PINS/v2"
  local file=/run/holdfast/containers/$ID.json
  cp "$file" "$HF_DIR/kept.json"
  jq -c '.version = 2' "$HF_DIR/kept.json" >"$file"
  refused "$file" "/version" "is 2"
  cp "$HF_DIR/kept.json" "$file"
  # A weaker back end would take away what was promised.
  run timeout 180 "$NEXT" monitor --backend tracepoint --alerts "$HF_ALERTS" 3>&-
  [ "$status" -eq 1 ]
  [[ $output == *"stay under the guard of holdfast's ABI version $ABI"* ]]
  mark && wait_until tried_again 2
  monitor "$NEXT"
  mark && wait_until tried_again 2
  nothing_written
}
