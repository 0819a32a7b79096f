#!/usr/bin/env bats
# The monitor as a service: what it tells a service manager, the socket that is passed to it, how it reads its
# configuration again, and what it may not do any more once it runs.
load lib

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() {
  ID=service-$BATS_TEST_NUMBER
  MANAGED=$BATS_TEST_TMPDIR
  ALERTS=$HF_ALERTS
  HF_PATIENCE=120 wait_until hf_monitor_absent
}

teardown() {
  hf_stop "$ID" >/dev/null 2>&1
  [[ ! -s $MANAGED/manager ]] || kill "$(cat "$MANAGED/manager")" 2>/dev/null || true
  [[ ! -s $MANAGED/pid ]] || kill "$(cat "$MANAGED/pid")" 2>/dev/null || true
  hf_monitor_stop
}

# managed [OPTION OF service-manager]… -- [OPTION OF holdfast monitor]…
managed() {
  local options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  "$BATS_TEST_DIRNAME/service-manager" "$MANAGED" "${options[@]}" -- "$HF_CLI" monitor --alerts "$ALERTS" "${@:2}" \
    >>"$MANAGED/log" 2>&1 3>&- </dev/null &
  echo $! >"$MANAGED/manager"
  disown
}

told() { grep -q "^$1" "$MANAGED/told" 2>/dev/null; }
# What the hooks read, changed by a jq filter, as the monitor's own configuration.
config_with() { jq "$1" /etc/holdfast/holdfast.json >"$MANAGED/config.json"; }

# In what the monitor says about itself.
said() { grep -qF "$1" "$MANAGED/log"; }

@test "the service manager hears when it is ready, reads its configuration, and leaves" {
  managed --
  wait_until told READY=1
  hf_monitor_answers
  kill -HUP "$(cat "$MANAGED/pid")"
  wait_until told RELOADING=1
  grep -q '^MONOTONIC_USEC=[0-9]*$' "$MANAGED/told"
  both() { (($(grep -c '^READY=1' "$MANAGED/told") == 2)); }
  wait_until both
  refute told STOPPING=1
  kill "$(cat "$MANAGED/pid")"
  wait_until told STOPPING=1
}

@test "it tells the watchdog that it is alive, where there is one" {
  managed --watchdog 1 --
  alive() { (($(grep -c '^WATCHDOG=1' "$MANAGED/told") >= 3)); }
  wait_until alive
  kill "$(cat "$MANAGED/pid")"
  wait_until hf_monitor_absent
  : >"$MANAGED/told"
  managed --
  wait_until told READY=1
  sleep 2
  refute told WATCHDOG=1
}

@test "it serves the socket that is passed to it, leaves it there, and is started anew for the next one who connects" {
  mkdir -p /run/holdfast
  managed --listen /run/holdfast/monitor.sock -- --on-demand --linger 1
  hf_bundle "$ID" --mode detect -- sleep 600
  hf_background "$ID"
  wait_until told READY=1
  local first
  first=$(cat "$MANAGED/pid")
  [ "$("$HF_CLI" ps --json | jq -r '.[].id')" == "$ID" ]
  hf_stop "$ID"
  wait_until hf_process_gone "$first"
  [ -S /run/holdfast/monitor.sock ]
  wait_until hf_monitor_answers
  [ "$(cat "$MANAGED/pid")" != "$first" ]
}

@test "--replace takes the place of the monitor that a container started" {
  hf_bundle "$ID" --mode detect -- sleep 600
  hf_background "$ID"
  local first
  first=$("$HF_CLI" doctor 2>/dev/null | sed -n 's/.*the monitor runs: pid \([0-9]*\),.*/\1/p')
  managed -- --replace
  wait_until told READY=1
  hf_process_gone "$first"
  [ "$("$HF_CLI" ps --json | jq -r '.[].id')" == "$ID" ]
}

@test "a monitor that a container started leaves systemd's socket alone when it is replaced" {
  hf_bundle "$ID" --mode detect -- sleep 600
  hf_background "$ID"
  managed --listen /run/holdfast/monitor.sock -- --replace
  # Who asks once the name is systemd's starts the other one.
  answered_by_the_service() { hf_monitor_answers && told READY=1; }
  wait_until answered_by_the_service
  [ -S /run/holdfast/monitor.sock ]
  [ "$("$HF_CLI" ps --json | jq -r '.[].id')" == "$ID" ]
}

@test "a socket elsewhere than where hooks look, or of another kind, is refused" {
  managed --listen "$MANAGED/monitor.sock" --
  connected() {
    /usr/bin/python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(sys.argv[1])' "$MANAGED/monitor.sock" 2>/dev/null
  }
  wait_until connected
  wait_until said "but monitor.socket is /run/holdfast/monitor.sock"
  # The shell becomes it: the pid is the one that is named.
  # shellcheck disable=SC2016 # for the other shell
  run bash -c 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$@" 4</dev/null' - "$HF_CLI" monitor
  [ "$status" -eq 1 ]
  [[ $output == *"LISTEN_FDS passes something else"* ]]
}

@test "SIGHUP: the new configuration holds; one with a mistake leaves the old one in force" {
  config_with '.monitor.rotate = {max_bytes: 1, keep: 2}'
  ALERTS=$MANAGED/alerts.jsonl
  managed -- --config "$MANAGED/config.json"
  wait_until told READY=1
  hf_bundle "$ID" --mode detect --profile immutable -- sleep 600
  hf_background "$ID"
  # Every line is alone in its file.
  telling() { "$RUNTIME" exec "$ID" mkdir "/new-$1"; }
  rotated() { find "$MANAGED" -name 'alerts.jsonl.*Z' | wc -l; }
  two() { (($(rotated) == 2)); }
  for name in a b c d; do telling "$name" && sleep 1.2; done
  wait_until two
  config_with '.monitor.rotate = {max_byte: 1}'
  kill -HUP "$(cat "$MANAGED/pid")"
  wait_until said "/monitor/rotate/max_byte: is not a known key"
  said "what was in force stays"
  hf_monitor_answers
  config_with '.monitor.rotate = {keep: 1, max_bytes: 1}'
  kill -HUP "$(cat "$MANAGED/pid")"
  wait_until said "read configuration and profiles again; 0 of 1 containers"
  telling e
  one() { (($(rotated) == 1)); }
  wait_until one
}

@test "profiles that are read again hold for the container that runs; a mistake in one changes nothing" {
  hf_write_profile again '{extends: "immutable", rootfs: {writable: ["/etc"]}}'
  managed --
  wait_until told READY=1
  hf_bundle "$ID" --overlay --attack --profile again --mode detect -- sleep 600
  hf_background "$ID"
  hf_inside "$ID" creat /etc/allowed
  [ "$("$HF_CLI" reload)" == "0 of 1 containers have another policy now" ]
  hf_write_profile again '{extends: "immutable", rootfs: {writable: []}}'
  [ "$("$HF_CLI" reload)" == "1 of 1 containers have another policy now" ]
  hf_inside "$ID" creat /etc/forbidden
  wait_until hf_told "$ID" /etc/forbidden
  refute hf_told "$ID" /etc/allowed
  assert_alert "$ID" monitor.reload alerted '.kind == "record" and (.message | test("as pid [0-9]+ \\(uid 0\\) asked"))'
  echo '{"schema": "holdfast.profile/v1", "name": "again", "mod": "off"}' >/etc/holdfast/profiles.d/again.json
  run "$HF_CLI" reload
  [ "$status" -eq 1 ]
  [[ $output == *"container $ID: "*"/etc/holdfast/profiles.d/again.json"* ]]
  hf_inside "$ID" creat /etc/still
  wait_until hf_told "$ID" /etc/still
  hf_write_profile again '{extends: "immutable", rootfs: {writable: ["/etc"]}}'
  kill -HUP "$(cat "$MANAGED/pid")"
  wait_until said "read configuration and profiles again; 1 of 1 containers have another policy now"
  hf_inside "$ID" creat /etc/again
  hf_inside "$ID" creat /sentinel
  wait_until hf_told "$ID" /sentinel
  refute hf_told "$ID" /etc/again
  # The next monitor knows it as well.
  kill -KILL "$(cat "$MANAGED/pid")"
  hf_monitor_start
  hf_inside "$ID" creat /etc/later
  hf_inside "$ID" creat /sentinel-2
  wait_until hf_told "$ID" /sentinel-2
  refute hf_told "$ID" /etc/later
}

@test "once it runs, its own filter keeps it from starting programs and from the network" {
  managed --
  wait_until told READY=1
  local status
  for status in /proc/"$(cat "$MANAGED/pid")"/task/*/status; do
    grep -q '^Seccomp:[[:space:]]*2$' "$status"
    grep -q '^NoNewPrivs:[[:space:]]*1$' "$status"
  done
}

@test "systemd understands the units" {
  command -v systemd-analyze >/dev/null || skip "there is no systemd-analyze"
  sed "s|^ExecStart=/usr/bin/holdfast|ExecStart=$HF_CLI|" "$HF_ROOT/contrib/systemd/holdfast.service" \
    >"$MANAGED/holdfast.service"
  cp "$HF_ROOT/contrib/systemd/holdfast.socket" "$MANAGED"
  run systemd-analyze verify "$MANAGED/holdfast.service" "$MANAGED/holdfast.socket"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ -z $output ]]
}
