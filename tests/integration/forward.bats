#!/usr/bin/env bats
# `holdfast forward` and the real other ends: rsyslog over TCP, UDP, TLS and the local socket, an HTTP
# server that stalls, closes and refuses, the bytes that journald gets. Needs no kernel of its own.

bats_require_minimum_version 1.5.0

HF_ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
HF_BUILD=${HOLDFAST_BUILD:-$HF_ROOT/build}
FORWARD=$HF_BUILD/src/forward/holdfast-forward

setup() {
  [[ -x $FORWARD ]] || {
    echo "build first: $FORWARD is missing" >&2
    return 1
  }
  cd "$BATS_TEST_TMPDIR" || return 1
  started=()
}

teardown() {
  local pid
  for pid in "${started[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
}

# start COMMAND…: in the background until the test ends; its pid is in $started_pid.
start() {
  "$@" 3>&- >>log 2>&1 &
  started_pid=$!
  started+=("$started_pid")
}

# until COMMAND…: waits for it to succeed.
until_true() {
  local try
  for ((try = 0; try < 150; try++)); do
    ! "$@" || return 0
    sleep 0.1
  done
  echo "never true: $*" >&2
  tail -n 5 log >&2 || true
  return 1
}

# lines FIRST LAST: appended to the alert file in one write.
lines() {
  jq -nc --argjson first "$1" --argjson last "$2" 'range($first; $last + 1) | {seq: ., 
    time: "2024-02-29T23:59:59.000000001Z", kind: (if . % 10 == 0 then "record" else "alert" end),
    class: "escape.mount", severity: (if . % 2 == 0 then "notice" else "error" end), action: "denied",
    count: 1, message: "\"line\" \(.) ] \\ ü", container: {id: "c0ffee", name: "web"}, backend: "lsm",
    host: "node", origin: {queue: "alerts", epoch: 1, position: .}}' >piece
  cat piece >>alerts.jsonl
}

# configure JQ: holdfast.json with one sink, called s.
configure() {
  jq -n --arg dir "$PWD" '{monitor: {alerts: ($dir + "/alerts.jsonl")},
    forward: {state_dir: ($dir + "/state")},
    sinks: [{name: "s", timeout_ms: 1000, retry: {first_ms: 20, max_ms: 100}} + ('"$1"')]}' >holdfast.json
}

forward() { "$FORWARD" --config holdfast.json "$@"; }
start_forward() { start "$FORWARD" --config holdfast.json; }

# counter NAME: of the sink, 0 before there is any.
counter() { jq ".sinks.s.$1" state/status.json 2>/dev/null || echo 0; }
counts() { [[ $(counter "$1") == "$2" ]]; }
cursor_is() { [[ $(jq .seq state/s.cursor 2>/dev/null) == "$1" ]]; }

start_http() {
  rm -f port
  start "$BATS_TEST_DIRNAME/http-receiver" . "$1"
  until_true test -s port
  url=http://127.0.0.1:$(cat port)
}

# Numbers in what the HTTP server has taken (arrays), in order of arrival.
taken() { jq -r '.[].seq' taken 2>/dev/null || true; }
has_taken() { [[ $(taken | sort -nu | wc -l) -ge $1 ]]; }

# Each of 1 to N is in the list of numbers on standard input.
expect_all() {
  local missing
  missing=$(comm -13 <(sort -u) <(seq "$1" | sort))
  [[ -z $missing ]] || {
    echo "missing: $(tr '\n' ' ' <<<"$missing")" >&2
    return 1
  }
}

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_rsyslog INPUT: with modules and input as given; messages go to ./received, each as JSON with
# what rsyslog made of it.
start_rsyslog() {
  command -v rsyslogd >/dev/null || skip "rsyslogd is not installed"
  mkdir -p work
  cat >rsyslog.conf <<CONF
global(workDirectory="$PWD/work" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
$1
template(name="parts" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="id" name="msgid" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
template(name="line" type="string" string="%msg%\n")
action(type="omfile" file="$PWD/received.parts" template="parts" flushOnTXEnd="on")
action(type="omfile" file="$PWD/received" template="line" flushOnTXEnd="on")
CONF
  start rsyslogd -n -f "$PWD/rsyslog.conf" -i "$PWD/rsyslog.pid"
  rsyslog_pid=$started_pid
}
received() { jq -r .seq received 2>/dev/null || true; }
has_received() { [[ $(received | sort -nu | wc -l) -ge $1 ]]; }
listens() { (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- the queue -------------------------------------------------------------------------------

@test "what is there is sent once, and the next run goes on behind it" {
  configure '{type: "stdout"}'
  lines 1 50
  [[ $(forward --once | jq .seq) == "$(seq 50)" ]]
  mv alerts.jsonl alerts.jsonl.1
  lines 51 60
  [[ $(forward --once | jq .seq) == "$(seq 51 60)" ]]
  [[ -z $(forward --once) ]]
  counts sent 60
}

@test "a sink gets what it asks for" {
  configure '{type: "stdout", min_severity: "warning", kinds: ["alert"]}'
  lines 1 20
  [[ $(forward --once | jq .seq) == "$(seq 1 2 19)" ]]
  cursor_is 20
}

@test "lines that were rotated away are told, and counted" {
  configure '{type: "stdout"}'
  lines 1 5
  forward --once >/dev/null
  rm alerts.jsonl
  lines 9 10
  forward --once >out 2>err
  [[ $(jq -c 'select(.class == "monitor.lost") | [.seq, .count, .cause]' out) == '[8,3,"rotated"]' ]]
  [[ $(jq .seq out | tail -n 2) == "$(seq 9 10)" ]]
  grep -q "3 lines, 6 to 8, were gone" err
  counts lost 3
}

@test "two forwarders do not share a state directory" {
  configure '{type: "stdout"}'
  start_forward
  until_true test -e state/lock
  run -1 forward --once
  [[ $output == *"another \`holdfast forward\` works with"* ]]
}

@test "an idle forwarder sleeps until the file changes, and SIGTERM ends it at once" {
  configure '{type: "stdout"}'
  start_forward
  local pid=$started_pid before
  until_true test -e state/status.json
  sleep 0.3
  before=$(cat /proc/"$pid"/task/*/status | grep ctxt | awk '{ n += $2 } END { print n }')
  sleep 1
  [[ $(cat /proc/"$pid"/task/*/status | grep ctxt | awk '{ n += $2 } END { print n }') == "$before" ]]
  lines 1 3
  until_true grep -q '"seq":3' log
  SECONDS=0
  kill -TERM "$pid"
  wait "$pid"
  ((SECONDS < 3))
}

@test "SIGHUP takes a configuration that is right, and leaves the old in force otherwise" {
  start_http 200
  configure '{type: "stdout"}'
  start_forward
  local pid=$started_pid
  until_true test -e state/status.json
  echo '{"sinks": [{"name": "s"}]}' >holdfast.json
  kill -HUP "$pid"
  until_true grep -q "the former configuration stays" log
  lines 1 2
  until_true cursor_is 2
  configure "{type: \"webhook\", url: \"$url\"}"
  kill -HUP "$pid"
  lines 3 4
  until_true has_taken 2
  [[ $(taken) == $'3\n4' ]]
  kill -0 "$pid"
}

# --- webhook ---------------------------------------------------------------------------------

@test "a webhook that answers 500, closes and stalls gets each line in the end" {
  start_http 500,close,stall,429,200
  configure "{type: \"webhook\", url: \"$url/in\", headers: {\"X-Tenant\": \"a\"}, batch: {max_lines: 7}}"
  lines 1 30
  start_forward
  until_true has_taken 30
  [[ $(taken) == "$(seq 30)" ]]
  [[ $(jq -r '.path + .headers["x-tenant"] + .headers["content-type"]' requests | sort -u) == /inaapplication/json ]]
  until_true counts sent 30
  # libcurl itself tries again where a connection that it kept was closed.
  (($(counter retried) >= 3))
  counts dropped 0
}

@test "a webhook that is dead for a while delays no other sink, and costs no memory" {
  local port
  port=$(free_port)
  configure "{type: \"webhook\", url: \"http://127.0.0.1:$port\"}"
  jq '.sinks += [{name: "other", type: "stdout"}]' holdfast.json >c && mv c holdfast.json
  lines 1 20
  start_forward
  local pid=$started_pid resident
  until_true grep -q '"seq":20' log
  resident=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
  lines 21 20000
  until_true grep -q '"seq":20000' log
  (($(awk '/VmRSS/ { print $2 }' "/proc/$pid/status") < resident + 8192))
  [[ $(forward --status | awk '$1 == "s" { print $2, $3 }') == "20000 0" ]]
}

@test "what a webhook refuses for good is dropped, counted and logged" {
  start_http 400,200
  configure "{type: \"webhook\", url: \"$url\", batch: {max_lines: 5}}"
  lines 1 10
  forward --once 2>err
  [[ $(taken) == "$(seq 6 10)" ]]
  counts dropped 5
  grep -q "5 lines were refused" err
}

@test "a bearer token is read from its file, newline-separated JSON is one line each" {
  start_http 200
  echo secret-1 >token
  configure "{type: \"webhook\", url: \"$url\", format: \"ndjson\", token_file: (\$dir + \"/token\")}"
  lines 1 3
  forward --once
  [[ $(jq -r .headers.authorization requests) == "Bearer secret-1" ]]
  [[ $(jq -r .body requests | jq .seq) == "$(seq 3)" ]]
}

@test "Falcosidekick gets one event a request" {
  start_http 200
  configure "{type: \"webhook\", url: \"$url\", format: \"falcosidekick\"}"
  lines 1 3
  forward --once
  [[ $(jq -r '.body | fromjson | [.priority, .rule, .output_fields["holdfast.seq"]] | @csv' requests) == \
    $'"Error","escape.mount",1\n"Notice","escape.mount",2\n"Error","escape.mount",3' ]]
}

@test "an OTLP collector gets log records" {
  start_http 200
  configure "{type: \"otlp\", url: \"$url\"}"
  lines 1 2
  forward --once
  [[ $(jq -r .path requests) == /v1/logs ]]
  [[ $(jq -c '.body | fromjson | .resourceLogs[0].scopeLogs[0].logRecords | map(.severityNumber)' requests) == \
    '[17,10]' ]]
}

@test "a forwarder that is killed at any time loses no line" {
  start_http 200
  configure "{type: \"webhook\", url: \"$url\", batch: {max_lines: 3}}"
  local round
  for ((round = 0; round < 12; round++)); do
    start_forward
    lines $((round * 40 + 1)) $((round * 40 + 40))
    ((round % 4 != 3)) || mv alerts.jsonl "alerts.jsonl.$round"
    sleep "0.0$((RANDOM % 90 + 10))"
    kill -KILL "$started_pid"
    wait "$started_pid" || true
  done
  forward --once
  taken | expect_all 480
  counts lost 0
}

# --- syslog ----------------------------------------------------------------------------------

@test "rsyslog gets lines over TCP, also those it was dead for" {
  local port
  port=$(free_port)
  configure "{type: \"syslog\", url: \"tcp://127.0.0.1:$port\"}"
  local input='module(load="imtcp") input(type="imtcp" address="127.0.0.1" port="'$port'")'
  start_rsyslog "$input"
  until_true listens "$port"
  lines 1 100
  start_forward
  until_true has_received 100
  received | expect_all 100
  kill -KILL "$rsyslog_pid"
  wait "$rsyslog_pid" || true
  lines 101 200
  rm -f rsyslog.pid
  start_rsyslog "$input"
  lines 201 300
  until_true has_received 300
  received | expect_all 300
  jq -e 'select(.pri == "107" and .app == "holdfast" and .id == "escape.mount" and .host == "node") |
    .data | startswith("[holdfast@32473 seq=\"1\" kind=\"alert\"")' <<<"$(head -n 1 received.parts)"
}

@test "rsyslog gets lines over TLS, from a peer it can name, and nobody else does" {
  command -v openssl >/dev/null || skip "openssl is not installed"
  [[ -e /usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so ]] || skip "rsyslog-openssl is not installed"
  local port
  port=$(free_port)
  make_certificates
  start_rsyslog "global(defaultNetstreamDriverCAFile=\"$PWD/ca.pem\"
      defaultNetstreamDriverCertFile=\"$PWD/server.pem\" defaultNetstreamDriverKeyFile=\"$PWD/server.key\")
    module(load=\"imtcp\" streamDriver.name=\"ossl\" streamDriver.mode=\"1\"
      streamDriver.authMode=\"x509/name\" permittedPeer=[\"client\"])
    input(type=\"imtcp\" address=\"127.0.0.1\" port=\"$port\")"
  until_true listens "$port"
  lines 1 100
  local sink="{type: \"syslog\", url: \"tls://localhost:$port\"}"
  configure "$sink + {tls: {ca: (\$dir + \"/other.pem\"), cert: (\$dir + \"/client.pem\"), key: (\$dir + \"/client.key\")}}"
  run -1 forward --once
  [[ $output == *certificate* ]]
  configure "$sink + {tls: {ca: (\$dir + \"/ca.pem\"), cert: (\$dir + \"/client.pem\"), key: (\$dir + \"/client.key\")}}"
  forward --once
  until_true has_received 100
  received | expect_all 100
}

# A certificate authority, another one, and what the first has signed for server and client.
make_certificates() {
  local name
  for name in ca other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
      -keyout "$name.key" -out "$name.pem" 2>/dev/null
  done
  for name in server client; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
      -keyout "$name.key" -out "$name.csr" 2>/dev/null
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$name.pem" \
      -extfile <(echo "subjectAltName=DNS:$([[ $name == server ]] && echo localhost || echo client)") 2>/dev/null
  done
}

@test "rsyslog gets lines over UDP, and none is given up while nobody listens" {
  local port
  port=$(free_port)
  configure "{type: \"syslog\", url: \"udp://127.0.0.1:$port\", batch: {max_lines: 20}}"
  lines 1 50
  run -1 forward --once
  [[ $output == *"Connection refused"* ]]
  start_rsyslog 'module(load="imudp") input(type="imudp" address="127.0.0.1" port="'"$port"'")'
  start_forward
  until_true has_received 50
  received | expect_all 50
}

@test "the local syslog socket gets the sentence where that is asked for" {
  start "$BATS_TEST_DIRNAME/datagram-receiver" "$PWD/socket" "$PWD/datagrams"
  until_true test -S socket
  configure "{type: \"syslog\", url: \"unix://$PWD/socket\", format: \"text\", facility: 4}"
  lines 1 1
  forward --once
  until_true test -s datagrams
  [[ $(xxd -r -p datagrams) == '<35>1 2024-02-29T23:59:59.000000Z node holdfast - escape.mount '*'] '$'\xef\xbb\xbf''"line" 1 ] \ ü' ]]
}

# --- journald --------------------------------------------------------------------------------

# Only /run/systemd/journal/socket is known to libsystemd: a private one lies there in this namespace.
@test "the journal gets structured fields, and none is given up while there is no journal" {
  ((EUID == 0)) || skip "needs root"
  configure '{type: "journald"}'
  lines 1 2
  cat >inside <<'SCRIPT'
set -e
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/journal
"$1" --config holdfast.json --once 2>err && exit 9
grep -q "cannot write to the journal" err
"$2" /run/systemd/journal/socket "$PWD/datagrams" &
receiver=$!
for ((try = 0; try < 100; try++)); do [[ -S /run/systemd/journal/socket ]] && break; sleep 0.1; done
"$1" --config holdfast.json --once
for ((try = 0; try < 100; try++)); do (($(wc -l <datagrams) == 2)) && break; sleep 0.1; done
kill "$receiver"
SCRIPT
  unshare -m --propagation private bash inside "$FORWARD" "$BATS_TEST_DIRNAME/datagram-receiver" 3>&-
  head -n 1 datagrams | xxd -r -p >fields
  cat >expected <<'FIELDS'
MESSAGE="line" 1 ] \ ü
PRIORITY=3
SYSLOG_IDENTIFIER=holdfast
HOLDFAST_SEQ=1
HOLDFAST_TIME=2024-02-29T23:59:59.000000001Z
HOLDFAST_KIND=alert
HOLDFAST_CLASS=escape.mount
HOLDFAST_SEVERITY=error
HOLDFAST_ACTION=denied
HOLDFAST_COUNT=1
HOLDFAST_CONTAINER_ID=c0ffee
HOLDFAST_CONTAINER_NAME=web
FIELDS
  (printf '%s\n' "$(cat expected)" && printf 'HOLDFAST_JSON=' && head -n 1 alerts.jsonl) >whole
  cmp whole fields
}

# --- what is shipped -------------------------------------------------------------------------

@test "the examples in contrib/siem are right" {
  local example
  for example in "$HF_ROOT"/contrib/siem/*.json; do
    "$FORWARD" --config "$example" --check
  done
}
