#!/usr/bin/env bats
# What was told adds up: with what the kernel counted, line by line, also when the monitor is killed.
# Floods take their time, and the monitor works beside them.
export HF_PATIENCE=150
load lib

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() {
  ID=loss-$BATS_TEST_NUMBER
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

# When $1 is there in the directory of signals, the container goes on.
await() { printf 'until [ -e /signal/%s ]; do sleep 0.1; done\n' "$1"; }

# Signals to the containers, and waits until each has said $1 as its last word.
go() {
  touch "$SIGNAL/$1"
  local id
  for id in "${@:2}"; do
    wait_until grep -q "^$1 done" "$HF_DIR/$id/out"
  done
}

# container ID PROFILE <SCRIPT
container() {
  hf_bundle "$1" --overlay --profile "$2" --mount "$SIGNAL:/signal" --script <(
    hf_prelude
    cat
    echo 'sleep 600'
  )
  hf_background "$1"
}

# Sum over all slots of a counter of the kernel, by enum hf_counter.
counter() {
  bpftool -j map dump pinned /sys/fs/bpf/holdfast/v*/maps/hf_counters |
    jq --argjson at "$1" '[.[].formatted.value.of[$at]] | add'
}

# The log as numbers. One line is one event, repeat or loss.
columns() {
  jq -r '[.seq, .origin.queue, .origin.epoch, .origin.position, .count, .cause // "-"] | @tsv' \
    "$HF_ALERTS" >"$HF_DIR/columns"
}

lines_of() { awk -v q="$1" '$2 == q' "$HF_DIR/columns" | wc -l; }
sum_of() { awk -v q="$1" '$2 ~ q { n += $5 } END { print n + 0 }' "$HF_DIR/columns"; }
sum_of_cause() { awk -v c="$1" '$6 == c { n += $5 } END { print n + 0 }' "$HF_DIR/columns"; }

# Whether log and kernel agree. What they say is printed.
accounts_agree() {
  columns || return 1
  local alerts records repeated alerts_full records_full no_buffer
  alerts=$(counter 0) records=$(counter 1) alerts_full=$(counter 2) records_full=$(counter 3)
  no_buffer=$(counter 4) repeated=$(counter 6)
  echo "kernel: $alerts alerts, $records records, $repeated repeated," \
    "lost $alerts_full alerts, $records_full records, $no_buffer without a buffer"
  echo "log: $(lines_of alerts) alerts, $(lines_of records) records," \
    "$(sum_of '^(alerts|records|repeats)$') events, lost $(sum_of_cause alerts-full) alerts," \
    "$(sum_of_cause records-full) records, $(sum_of_cause no-buffer) without a buffer"
  [[ $(lines_of alerts) == "$alerts" && $(lines_of records) == "$records" ]] &&
    [[ $(sum_of '^(alerts|records|repeats)$') == $((alerts + records + repeated)) ]] &&
    [[ $(sum_of_cause alerts-full) == "$alerts_full" ]] &&
    [[ $(sum_of_cause records-full) == "$records_full" ]] &&
    [[ $(sum_of_cause no-buffer) == "$no_buffer" ]]
}

# Each line once, numbered from 1 without a gap, and all from one set of maps.
lines_are_whole() {
  awk '$1 != NR { print "line " NR " has the number " $1; bad = 1 } END { exit bad }' \
    "$HF_DIR/columns" &&
    [[ -z $(cut -f 2-4 "$HF_DIR/columns" | sort | uniq -d) ]] &&
    [[ $(cut -f 3 "$HF_DIR/columns" | sort -u | wc -l) -eq 1 ]]
}

show() { sed 's/^/# /' >&3; }

@test "a monitor killed ten times in a flood: the log has every event exactly once" {
  require enforcing
  hf_monitor_start
  # Each name three times: one is sent, two are counted.
  container "$ID-a" immutable <<'SCRIPT'
n=0
while [ ! -e /signal/end ]; do
  attack flood /new-$n- 20 3 >/dev/null
  n=$((n + 1))
  sleep 0.3
done
echo end done
SCRIPT
  container "$ID-b" default <<'SCRIPT'
n=0
while [ ! -e /signal/end ]; do
  attack flood /tmp/new-$n- 20 1 >/dev/null
  if [ -e /signal/burst ] && [ ! -e /tmp/burst ]; then
    attack flood /tmp/burst- 4000 1 >/dev/null
    touch /tmp/burst
    echo burst done
  fi
  n=$((n + 1))
  sleep 0.3
done
echo end done
SCRIPT
  local round
  for round in 1 2 3 4 5 6 7 8 9 10; do
    sleep "0.$((round * 7 % 10))"
    hf_monitor_kill
    # Once the ring of records runs full while nobody reads it.
    [[ $round != 5 ]] || go burst "$ID-b"
    hf_monitor_start
  done
  go end "$ID-a" "$ID-b"
  wait_until accounts_agree >"$HF_DIR/accounts" || {
    tail -n 2 "$HF_DIR/accounts" >&2
    return 1
  }
  tail -n 2 "$HF_DIR/accounts" | show
  lines_are_whole
  # All of that happened: repeats, records, and a loss that was told with its container and cause.
  (($(lines_of alerts) > 100 && $(lines_of records) > 100 && $(lines_of repeats) > 0))
  (($(sum_of_cause records-full) > 0))
  jq -e -s --arg id "$ID-b" 'map(select(.cause == "records-full")) | length > 0 and
    all(.container.id == $id and .class == "monitor.lost")' "$HF_ALERTS"
  refute grep -qE 'mkdir: (ok|E[^R])' "$HF_DIR/$ID-a/out"
}

@test "a flood of records loses no alert, neither of its container nor of another" {
  require enforcing
  hf_monitor_start
  container "$ID-a" default < <(
    await flood
    echo 'attack flood /tmp/new- 8000 1; echo flood done'
    await alerts
    echo 'attack flood /new- 50 1; echo alerts done'
  )
  container "$ID-b" immutable < <(
    await alerts
    echo 'attack flood /new- 50 1; echo alerts done'
  )
  kill -STOP "$(hf_monitor_pid)"
  go flood "$ID-a"
  go alerts "$ID-a" "$ID-b"
  kill -CONT "$(hf_monitor_pid)"
  wait_until accounts_agree >"$HF_DIR/accounts"
  tail -n 2 "$HF_DIR/accounts" | show
  lines_are_whole
  local made denied
  made=$(hf_alerts "$ID-a" rootfs.create '.object.path | startswith("/new-")' | wc -l)
  denied=$(hf_alerts "$ID-b" rootfs.create '.action == "denied"' | wc -l)
  echo "made $made, denied $denied"
  ((made == 50 && denied == 50))
  (($(sum_of_cause records-full) > 0 && $(sum_of_cause alerts-full) == 0))
  # The alerts did not wait for the records that were there before them.
  [ "$(awk '$2 == "alerts" { last = NR } $2 == "records" && !first { first = NR }
    END { print(last < first ? "first" : "later") }' "$HF_DIR/columns")" == first ]
}

@test "a container that fills the ring of alerts is told of with its losses" {
  require enforcing
  hf_monitor_start
  container "$ID-a" immutable < <(
    await flood
    echo 'attack flood /new- 20000 1; echo flood done'
  )
  kill -STOP "$(hf_monitor_pid)"
  go flood "$ID-a"
  kill -CONT "$(hf_monitor_pid)"
  wait_until accounts_agree >"$HF_DIR/accounts"
  tail -n 2 "$HF_DIR/accounts" | show
  lines_are_whole
  [ "$(counter 2)" -gt 0 ]
  [ "$(($(counter 0) + $(counter 2)))" -ge 20000 ]
  assert_alert "$ID-a" monitor.lost alerted '.cause == "alerts-full"'
}

@test "the same again within a second is counted, and told when the second is over" {
  require enforcing
  hf_monitor_start
  container "$ID-a" immutable < <(
    await same
    echo 'attack flood /same 1 1000; echo same done'
  )
  go same "$ID-a"
  wait_until accounts_agree >"$HF_DIR/accounts"
  tail -n 2 "$HF_DIR/accounts" | show
  lines_are_whole
  [ "$(jq -s --arg id "$ID-a" 'map(select(.container.id == $id and .class == "rootfs.create") |
    .count) | add' "$HF_ALERTS")" -eq 1000 ]
  # One line for each second that it took, and one for what was left.
  (($(hf_alerts "$ID-a" rootfs.create | wc -l) < 100))
  assert_alert "$ID-a" rootfs.create denied \
    '.origin.queue == "repeats" and .process.pid > 0 and (.object.path | endswith("/same0"))'
}

@test "what is the same for longer is told at growing intervals, also when the monitor is killed" {
  require enforcing
  hf_monitor_start
  container "$ID-a" immutable < <(
    await same
    # shellcheck disable=SC2016  # for the container's shell
    echo 'n=0; end=$(($(date +%s) + 15)); while [ $(date +%s) -lt $end ]; do
      attack flood /same 1 1 >/dev/null; n=$((n + 1)); done; echo "tried $n"; echo same done
    until [ -e /signal/other ]; do attack flood /same 1 1 >/dev/null; sleep 0.2; done
    attack flood /other 1 1; echo other done'
  )
  go same "$ID-a"
  # Once within a long window, once between telling and the next window, as it happens.
  hf_monitor_kill
  hf_monitor_start
  local tried lines
  tried=$(sed -n 's/^tried //p' "$HF_DIR/$ID-a/out")
  # What has just been told of, and is being counted for ten seconds or more, hides nothing else.
  go other "$ID-a"
  wait_until hf_told "$ID-a" /other0
  hf_stop "$ID-a"
  # The container has gone: what was still being counted of it is told without waiting for the end.
  HF_PATIENCE=20 wait_until accounts_agree >"$HF_DIR/accounts"
  tail -n 2 "$HF_DIR/accounts" | show
  lines_are_whole
  lines=$(hf_alerts "$ID-a" rootfs.create '.object.path | endswith("/same0")' | wc -l)
  echo "$tried tried in 15 s, $lines lines" | tee -a /dev/fd/3
  ((tried >= 15 && lines <= 8))
  # One line is of more than a second's.
  hf_alerts "$ID-a" rootfs.create '.origin.queue == "repeats"' | jq -s -e --argjson n "$tried" \
    'map(.count) | max > $n / 3'
}

@test "what a container alerts beyond its budget is kept as records, and counted" {
  require enforcing
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
  require enforcing
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
  require enforcing
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
  require enforcing
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
  require enforcing
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
