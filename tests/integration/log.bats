#!/usr/bin/env bats
# The alert file when there is no room in it, when it goes away, and what a container may fill it with.
export HF_PATIENCE=150
load lib
load flood

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() {
  ID=log-$BATS_TEST_NUMBER
  HF_ALERTS=$HF_DIR/$ID-log/alerts.jsonl
  SIGNAL=$HF_DIR/signal-$BATS_TEST_NUMBER
  mkdir "$SIGNAL"
  # Floods are what these tests are about: their records are written.
  hf_configure '.noise = {records_burst: 1000000}'
}

teardown() {
  hf_stop "$ID-a" >/dev/null 2>&1
  hf_stop "$ID-b" >/dev/null 2>&1
  hf_monitor_stop
}

show() { sed 's/^/# /' >&3; }

@test "what a container alerts beyond its budget is kept as records, and counted" {
  hf_monitor_start
  container "$ID-a" immutable < <(
    await flood
    echo 'attack flood /new- 60 1; attack flood /new-dir-that-is-not-temporary- 60 1; echo flood done'
  )
  container "$ID-b" immutable < <(
    await other
    echo 'attack flood /other- 5 1; echo other done'
  )
  go flood "$ID-a"
  go other "$ID-b"
  wait_until accounts_agree >"$HF_DIR/accounts"
  # shellcheck disable=SC2016 # jq's variable
  local of_a='select(.container.id == $id and (.class | startswith("rootfs.")))'
  # The first twenty, and as many as came in meanwhile.
  jq -s -e --arg id "$ID-a" "map($of_a) | length >= 120 and
    ([.[] | select(.kind == \"alert\")] | length >= 20 and length < 60) and
    all(.kind == \"alert\" or (.held_back | type == \"string\"))" "$HF_ALERTS"
  # The other container has a budget of its own.
  jq -s -e --arg id "$ID-b" "map($of_a) | length >= 5 and all(.kind == \"alert\")" "$HF_ALERTS"
  assert_budget_adds_up() {
    jq -s -e --arg id "$ID-a" '([.[] | select(.held_back)] | length) as $held |
      [.[] | select(.class == "monitor.noise")] | all(.kind == "alert" and .container.id == $id) and
      ([.[].count] | add) == $held' "$HF_ALERTS" >/dev/null
  }
  # Told by itself after ten seconds; and what is held back after that, when the container goes.
  wait_until assert_budget_adds_up
  hf_stop "$ID-a"
  hf_stop "$ID-b"
  hf_monitor_stop
  assert_budget_adds_up
  columns && lines_are_whole
}

@test "records beyond a container's budget are counted and not written" {
  hf_configure '.noise = {records_burst: 50, records_per_minute: 60}'
  hf_monitor_start
  container "$ID-a" default < <(
    await flood
    echo 'attack flood /tmp/new- 300 1; echo flood done' # makes and removes 300
  )
  go flood "$ID-a"
  hf_stop "$ID-a"
  # shellcheck disable=SC2016 # jq's variable
  assert_all_are_counted() {
    jq -s -e --arg id "$ID-a" 'map(select(.container.id == $id)) |
      (map(select(.class | startswith("rootfs."))) | length) as $written |
      (map(select(.class == "monitor.noise" and .kind == "record") | .count) | add) as $unwritten |
      $written >= 50 and $written < 300 and $written + $unwritten >= 600' "$HF_ALERTS" >/dev/null
  }
  wait_until assert_all_are_counted
  columns && lines_are_whole
}

# A container that makes a few alerts all the time, until /signal/end is there.
trickle() {
  container "$1" immutable <<'SCRIPT'
n=0
while [ ! -e /signal/end ]; do
  attack flood /new-$n- 3 1 >/dev/null
  n=$((n + 1))
  sleep 0.5
done
echo end done
SCRIPT
}

@test "a full disk delays lines, also when the monitor is killed meanwhile" {
  mkdir "$HF_DIR/$ID-log"
  mount -t tmpfs -o size=512k tmpfs "$HF_DIR/$ID-log"
  hf_monitor_start
  trickle "$ID-a"
  wait_until hf_alerted "$ID-a" rootfs.create
  head -c 1M /dev/zero >"$HF_DIR/$ID-log/filler" 2>/dev/null || true
  local before
  before=$(stat -c %s "$HF_ALERTS")
  sleep 3
  hf_monitor_kill
  hf_monitor_start
  sleep 1
  # What did fit in its last page.
  (($(stat -c %s "$HF_ALERTS") - before < 8192))
  rm "$HF_DIR/$ID-log/filler"
  go end "$ID-a"
  wait_until accounts_agree >"$HF_DIR/accounts"
  tail -n 2 "$HF_DIR/accounts" | show
  lines_are_whole
  hf_monitor_stop
  umount "$HF_DIR/$ID-log"
}

@test "a log directory that is removed is made again, and the numbers go on" {
  hf_monitor_start
  trickle "$ID-a"
  wait_until hf_alerted "$ID-a" rootfs.create
  local last
  last=$(jq .seq "$HF_ALERTS" | tail -n 1)
  rm -r "$HF_DIR/$ID-log"
  wait_until test -s "$HF_ALERTS"
  go end "$ID-a"
  wait_until hf_alerted "$ID-a" rootfs.create
  # Between the last that we saw and the removal some more may have been written.
  jq -s -e --argjson last "$last" 'map(.seq) | .[0] > $last and . == [range(.[0]; .[0] + length)]' "$HF_ALERTS"
  [ "$(stat -c %a "$HF_DIR/$ID-log")" = 750 ]
}

@test "a restart with the log rotated goes on with its numbers" {
  hf_monitor_start
  container "$ID-a" immutable < <(
    await one
    echo 'attack flood /one 20 1; echo one done'
    await two
    echo 'attack flood /two 20 1; echo two done'
  )
  go one "$ID-a"
  wait_until accounts_agree >/dev/null
  hf_monitor_kill
  mv "$HF_ALERTS" "$HF_ALERTS.1"
  go two "$ID-a"
  hf_monitor_start
  wait_until hf_told "$ID-a" /two19
  cat "$HF_ALERTS.1" "$HF_ALERTS" >"$HF_DIR/both"
  HF_ALERTS=$HF_DIR/both
  accounts_agree
  lines_are_whole
}

# flushes: how often the monitor has flushed its file to the disk since it is watched.
flushes() { grep -c '^[0-9]* *fdatasync(.* = 0' "$HF_DIR/$ID-trace" || true; }
has_flushed() { (($(flushes) >= $1)); }
is_watched() { grep -q '^TracerPid:.*[1-9]' "/proc/$(hf_monitor_pid)/status"; }

@test "fsync: alerts are flushed to the disk, records are not" {
  require_command strace
  hf_configure '.monitor.fsync = "alerts"'
  hf_monitor_start
  strace -f -qq -e trace=fdatasync -o "$HF_DIR/$ID-trace" -p "$(hf_monitor_pid)" 3>&- &
  wait_until is_watched
  container "$ID-a" default < <(
    await records
    echo 'attack creat /tmp/a -- creat /tmp/b -- creat /tmp/c; echo records done'
    await alerts
    echo 'attack creat /usr/bin/a -- creat /etc/b; echo alerts done'
  )
  go records "$ID-a"
  wait_until hf_told "$ID-a" /tmp/c
  [ "$(flushes)" -eq 0 ]
  go alerts "$ID-a"
  wait_until hf_told "$ID-a" /etc/b
  wait_until has_flushed 1
}
