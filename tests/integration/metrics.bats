#!/usr/bin/env bats
# `holdfast metrics`: what Prometheus gets of a monitor that works, of one that is gone, and of sinks.
load lib

setup_file() { hf_setup; }
teardown_file() { hf_teardown; }

setup() {
  ID=metrics-$BATS_TEST_NUMBER
  HF_ALERTS=$HF_DIR/$ID.jsonl
  SERVER=
  hf_configure .
}

teardown() {
  [[ -z $SERVER ]] || kill "$SERVER" 2>/dev/null || true
  hf_stop "$ID" >/dev/null 2>&1
  hf_monitor_stop
  rm -rf /run/holdfast/containers
}

once() { "$HF_CLI" metrics --once "$@"; }

# value METRIC [OPTION…]: of a sample, written as in the text; empty where there is none. Read whole:
# metrics that found their pipe closed would fail.
value() { once "${@:2}" 2>/dev/null | awk -v name="$1" '$1 == name { found = $2 } END { print found }'; }
is() { [[ $(value "$1") == "$2" ]]; }

# expect METRIC VALUE
expect() {
  is "$@" || {
    echo "$1 should be $2; there is:" >&2
    once >&2
    return 1
  }
}

part() { printf 'holdfast_coverage_part{part="%s"}' "$1"; }
# Every line of the file is counted, and each alert under its class.
all_counted() {
  local alerts
  alerts=$(jq -s 'map(select(.kind == "alert")) | length' "$HF_ALERTS")
  ((alerts > 0)) && is 'holdfast_lines_total{kind="alert"}' "$alerts" &&
    is holdfast_alert_file_last_seq "$(jq -s 'last.seq' "$HF_ALERTS")" &&
    (($(once | awk '/^holdfast_alerts_total/ { n += $2 } END { print n }') == alerts))
}

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve [OPTION]…: in the background, until the test ends; what it says is in $HF_DIR/serving.
serve() {
  "$HF_CLI" metrics "$@" >"$HF_DIR/serving" 2>&1 3>&- </dev/null &
  SERVER=$!
  disown
}

served() { curl -sf --max-time 10 "http://127.0.0.1:$PORT/metrics" >"$HF_DIR/page"; }
served_with() { served && grep -qxF -- "$1" "$HF_DIR/page"; }

# As --enforcing has it everywhere but on the tracepoint back end.
enforces() { if hf_enforces; then echo 1; else echo 0; fi; }

@test "promtool accepts what is told, by a monitor and without one" {
  local promtool
  promtool=$("$BATS_TEST_DIRNAME/fetch-promtool" 2>"$HF_DIR/fetch") || skip "promtool cannot be fetched: $(tail -n 1 "$HF_DIR/fetch")"
  hf_configure '.sinks = [{name: "a", type: "stdout"}]'
  wait_until hf_monitor_absent
  once | "$promtool" check metrics
  hf_monitor_start
  hf_attack "$ID" <<<'t write write /etc/passwd'
  grep -q '^holdfast_alerts_total{' <(once)
  once | "$promtool" check metrics
}

@test "an event, a container and its registration are counted" {
  hf_monitor_start
  local events registrations
  expect holdfast_up 1
  expect holdfast_containers 0
  expect "holdfast_monitor_info{backend=\"$(hf_backend)\"}" 1
  expect holdfast_enforcing "$(enforces)"
  registrations=$(value holdfast_registration_duration_seconds_count)
  events=$(value 'holdfast_events_total{ring="alerts"}')
  hf_bundle "$ID" --overlay --script <(hf_prelude && echo 't sentinel creat /sentinel' && echo 'sleep 600')
  hf_background "$ID"
  wait_until hf_told_all "$ID"
  expect holdfast_containers 1
  expect holdfast_registration_duration_seconds_count $((registrations + 1))
  (($(value 'holdfast_events_total{ring="alerts"}') > events))
  (($(value 'holdfast_ring_size_bytes{ring="alerts"}') > 0))
  wait_until all_counted
  hf_stop "$ID"
  wait_until is holdfast_containers 0
}

@test "coverage falls with an alert file that takes nothing, and rises again" {
  mkdir -p "$HF_DIR/full"
  mount -t tmpfs -o size=4k tmpfs "$HF_DIR/full"
  HF_ALERTS=$HF_DIR/full/alerts.jsonl
  hf_monitor_start
  expect "$(part alerts)" 1
  dd if=/dev/zero of="$HF_DIR/full/filler" bs=4k count=1 2>/dev/null || true
  hf_bundle "$ID" --overlay --script <(hf_prelude && echo 't sentinel creat /sentinel')
  hf_run "$ID"
  wait_until is "$(part alerts)" 0
  expect holdfast_coverage 0
  (($(value holdfast_alert_file_waiting_lines) > 0))
  rm "$HF_DIR/full/filler"
  mount -o remount,size=1m "$HF_DIR/full"
  wait_until is "$(part alerts)" 1
  expect holdfast_alert_file_waiting_lines 0
}

@test "a monitor that died and left a container is a gap; a host without containers is none" {
  wait_until hf_monitor_absent
  expect holdfast_up 0
  expect holdfast_coverage 1
  hf_monitor_start
  hf_bundle "$ID" --profile default -- sleep 600
  hf_background "$ID"
  expect holdfast_up 1
  expect "$(part monitor)" 1
  expect holdfast_coverage "$(enforces)"
  hf_monitor_kill
  expect holdfast_up 0
  expect "$(part monitor)" 0
  expect holdfast_coverage 0
  # Whoever reads the log of the service learns why.
  once 2>&1 >/dev/null | grep -q 'cannot reach the monitor'
  hf_monitor_start
  expect holdfast_up 1
  expect "$(part monitor)" 1
}

@test "a scrape over HTTP asks the monitor anew, and outlives it" {
  require_command curl
  PORT=$(free_port)
  hf_configure ".metrics = {listen: \"127.0.0.1:$PORT\"}"
  wait_until hf_monitor_absent
  serve
  wait_until served
  grep -qx 'holdfast_up 0' "$HF_DIR/page"
  hf_monitor_start
  wait_until served_with 'holdfast_up 1'
  # At no other address of this host.
  refute curl -sf --max-time 5 "http://127.0.0.2:$PORT/metrics"
  [[ -n $(ss -Hltn "src 127.0.0.1:$PORT") ]]
  hf_monitor_stop
  wait_until served_with 'holdfast_up 0'
  kill "$SERVER"
  wait_until hf_process_gone "$SERVER"
}

@test "it serves nothing by default, and nobody beyond the loopback" {
  run "$HF_CLI" metrics
  [ "$status" -eq 78 ]
  [[ $output == *"metrics are off"* ]]
  local listen
  for listen in 0.0.0.0:9465 192.0.2.1:9465 localhost:9465 '[::1]:9465' unix:/run/holdfast/metrics.sock; do
    run timeout 20 "$HF_CLI" metrics --listen "$listen"
    [ "$status" -eq 78 ]
    [[ $output == *"reverse proxy"* ]]
  done
  hf_configure '.metrics = {listen: "0.0.0.0:9465"}'
  run timeout 20 "$HF_CLI" metrics
  [ "$status" -eq 78 ]
  [[ $output == *"holdfast.json: /metrics/listen: "*"reverse proxy"* ]]
  # Which is no reason to keep containers from starting.
  hf_monitor_start
  hf_bundle "$ID" --profile default -- true
  hf_run "$ID"
  [ "$(cat "$HF_DIR/$ID/rc")" -eq 0 ]
}

@test "a port that another program has is said" {
  require_command curl
  PORT=$(free_port)
  serve --listen "127.0.0.1:$PORT"
  wait_until served
  run timeout 20 "$HF_CLI" metrics --listen "127.0.0.1:$PORT"
  [ "$status" -eq 1 ]
  [[ $output == *"127.0.0.1:$PORT"*"does another program listen there?"* ]]
}

@test "only root is told" {
  hf_monitor_start
  local line
  line=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$HF_CLI" metrics --once 2>"$HF_DIR/denied" |
    grep -x 'holdfast_up .')
  [ "$line" == "holdfast_up 0" ]
  grep -q 'only root may ask' "$HF_DIR/denied"
}

@test "how far a sink is, and that it fails" {
  hf_configure ".forward = {state_dir: \"$HF_DIR/$ID\"}
    | .sinks = [{name: \"a\", type: \"stdout\"}, {name: \"b\", type: \"webhook\", url: \"http://127.0.0.1:1\", retry: {first_ms: 1, max_ms: 1}}]"
  hf_monitor_start
  hf_attack "$ID" <<<'t write write /etc/passwd'
  (($(value 'holdfast_sink_lag_lines{sink="a"}') > 0))
  expect "$(part sinks)" 1
  refute "$HF_CLI" forward --once >/dev/null 2>&1
  expect 'holdfast_sink_lag_lines{sink="a"}' 0
  expect 'holdfast_sink_sent_lines_total{sink="a"}' "$(value holdfast_alert_file_last_seq)"
  expect 'holdfast_sink_failing{sink="a"}' 0
  expect 'holdfast_sink_failing{sink="b"}' 1
  expect "$(part sinks)" 0
  expect holdfast_coverage 0
}

@test "it works with no more capabilities than its unit gives" {
  local unit=$HF_ROOT/contrib/systemd/holdfast-metrics.service names
  names=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr ' ' '\n' | sed 's/^CAP_/+/' | tr '[:upper:]' '[:lower:]' |
    paste -sd,)
  # As the state of a service with DynamicUser.
  install -d -m 0750 -o 65534 -g 65534 "$HF_DIR/$ID"
  echo '{"seq":0,"fingerprint":0,"device":0,"inode":0,"offset":0}' >"$HF_DIR/$ID/a.cursor"
  echo '{"sinks":{"a":{"sent":17}}}' >"$HF_DIR/$ID/status.json"
  hf_configure ".forward = {state_dir: \"$HF_DIR/$ID\"} | .sinks = [{name: \"a\", type: \"stdout\"}]"
  hf_monitor_start
  setpriv --bounding-set "-all,$names" --inh-caps -all "$HF_CLI" metrics --once >"$HF_DIR/page"
  grep -qx 'holdfast_up 1' "$HF_DIR/page"
  grep -qx 'holdfast_sink_sent_lines_total{sink="a"} 17' "$HF_DIR/page"
}

@test "systemd understands the unit" {
  command -v systemd-analyze >/dev/null || skip "there is no systemd-analyze"
  local unit=$HF_ROOT/contrib/systemd/holdfast-metrics.service
  sed "s|^ExecStart=/usr/bin/holdfast|ExecStart=$HF_CLI|" "$unit" >"$HF_DIR/holdfast-metrics.service"
  run systemd-analyze verify "$HF_DIR/holdfast-metrics.service"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ -z $output ]]
}
