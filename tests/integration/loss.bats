#!/usr/bin/env bats
# What was told adds up: with what the kernel counted, line by line, also when the monitor is killed.
# Floods take their time, and the monitor works beside them.
export HF_PATIENCE=150
load lib
load flood

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
