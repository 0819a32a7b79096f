#!/usr/bin/env bats
# holdfast profile: everything here needs no privilege, no container and no kernel feature.

# shellcheck disable=SC2154 # stderr: run --separate-stderr
bats_require_minimum_version 1.5.0

setup() {
  HF_ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  HF_CLI=${HOLDFAST_BUILD:-$HF_ROOT/build}/src/cli/holdfast
  cd "$BATS_TEST_TMPDIR" || return 1
  cat >web.json <<'JSON'
{
  "schema": "holdfast.profile/v1",
  "name": "web",
  "extends": "immutable",
  "rootfs": { "writable": ["/var/cache/web"] },
  "exec": { "allow": ["/usr/sbin/web"], "otherwise": "alert" }
}
JSON
  cp "$HF_ROOT"/profiles/{default,immutable}.json .
  mkdir web.tests
}

profile() { run --separate-stderr "$HF_CLI" profile "$@"; }

# line CLASS OPERATION PATH EXPECTED
line() {
  printf '{"class": "%s", "object": {"operation": "%s", "path": "%s"}, "expect": "%s"}\n' "$@"
}

@test "the tests of all shipped profiles hold, within five seconds" {
  local start=$SECONDS
  profile test "$HF_ROOT/profiles"
  [[ $status == 0 ]]
  ((SECONDS - start < 5))
  local name
  for name in "$HF_ROOT"/profiles/*.json; do
    name=${name##*/}
    grep -q "^ok [0-9]* - ${name%.json}: " <<<"$output" || {
      echo "no test of ${name%.json} ran"
      return 1
    }
  done
}

@test "a test that does not hold says what the profile makes of it" {
  line rootfs.create create /var/cache/web/x nothing >web.tests/a.jsonl
  line rootfs.create create /etc/x alerted >>web.tests/a.jsonl
  profile test web.json
  [[ $status == 1 ]]
  [[ $output == *"ok 1 - web: rootfs.create create /var/cache/web/x"* ]]
  [[ $output == *"not ok 2 - web: rootfs.create create /etc/x"* ]]
  [[ $output == *"web.tests/a.jsonl:2: expected alerted, the profile says denied as rootfs.create, error"* ]]
  profile test web.json --format junit
  [[ $output == *'<testsuite name="web" tests="2" failures="1">'* ]]
}

@test "a test that is misspelled fails, and a profile without tests is told" {
  profile test web.json
  [[ $status == 2 && $stderr == *"there are no tests"* ]]
  echo '{"class": "rootfs.create", "subject": {}, "expect": "denied"}' >web.tests/a.jsonl
  profile test web.json
  [[ $status == 2 && $stderr == *"web.tests/a.jsonl:1: /subject"* ]]
}

@test "lint tells file, line, place and remedy, in the words of each reader" {
  profile lint .
  [[ $status == 0 && -z $output ]]
  sed -i 's/"alert"/"alarm"/' web.json
  profile lint web.json
  [[ $status == 1 && $output == 'web.json:6: /exec/otherwise: "alarm" is not one of off, record, alert, deny, kill' ]]
  profile lint web.json --format github
  [[ $output == "::error file=web.json,line=6,title=holdfast profile::"* ]]
  profile lint web.json --format sarif
  [[ $(jq '.runs[0].results[0].locations[0].physicalLocation.region.startLine' <<<"$output") == 6 ]]
  profile lint web.json --format json
  [[ $(jq -r '.[0].pointer' <<<"$output") == /exec/otherwise ]]
  profile lint web.tests
  [[ $status == 2 ]]
}

@test "diff says what goes on under one profile and not under another" {
  profile diff immutable.json web.json
  [[ $status == 1 ]]
  [[ $output == *"allowed   writing the rootfs below /var/cache/web"* ]]
  [[ $output == *"stronger  exec.unexpected: off → alert"* ]]
  profile diff web.json web.json
  [[ $status == 0 && -z $output ]]
  profile diff web.json missing.json
  [[ $status == 2 && $stderr == *"there is no file"* ]]
}

@test "show says which file each rule came from" {
  profile show web.json
  [[ $status == 0 ]]
  grep -q '^/rootfs/writable .*/web.json$' <<<"$output"
  grep -q '^/rootfs/guard .*/immutable.json$' <<<"$output"
  grep -q '^/escape/action .*/default.json$' <<<"$output"
  grep -q '^rootfs.write *deny *' <<<"$output"
  profile show web.json --json
  [[ $(jq -c '[.rootfs.guard, .escape.action]' <<<"$output") == '["enforce","deny"]' ]]
}

@test "what a profile would have made of a log becomes its test" {
  cat >log.jsonl <<'JSON'
{"seq":1,"time":"2026-01-01T00:00:00.000000000Z","kind":"alert","class":"rootfs.write","severity":"error","action":"alerted","count":3,"message":"m","container":{"id":"c1","name":"shop"},"process":{"pid":7,"exe":"/usr/bin/dpkg"},"object":{"operation":"open","path":"/usr/bin/ls","inode":5},"backend":"lsm"}
{"seq":2,"time":"2026-01-01T00:00:01.000000000Z","kind":"alert","class":"monitor.lost","severity":"warning","action":"alerted","count":1,"message":"m","backend":"lsm"}
{"seq":3,"time":"2026-01-01T00:00:02.000000000Z","kind":"record","class":"rootfs.create","severity":"informational","action":"alerted","count":1,"message":"m","container":{"id":"c1","name":"shop"},"process":{"pid":7,"exe":"/usr/sbin/web"},"object":{"operation":"create","path":"/var/cache/web/x"},"backend":"lsm"}
JSON
  profile replay web.json log.jsonl
  [[ $status == 0 ]]
  grep -q '^ *3 alerted *denied *rootfs.write */usr/bin/dpkg */usr/bin/ls$' <<<"$output"
  grep -q '^ *1 recorded *nothing *rootfs.create' <<<"$output"
  profile replay default.json log.jsonl --changes
  [[ $(wc -l <<<"$output") == 1 ]]
  profile replay web.json log.jsonl --tests
  printf '%s\n' "$output" >web.tests/incident.jsonl
  profile test web.json
  [[ $status == 0 && $output == *"1..2"* ]]
}

@test "tune proposes exceptions for what is frequent, and lint wants their reasons" {
  local n
  for n in 1 2 3 4 5 6; do
    printf '{"seq":%d,"time":"2026-01-01T00:00:0%d.000000000Z","kind":"alert","class":"rootfs.create","severity":"warning","action":"%s","count":2,"message":"m","container":{"id":"c%d","profile":"web"},"process":{"pid":7,"exe":"/usr/sbin/web","layer":"image"},"object":{"operation":"create","path":"/srv/pages/%d"},"backend":"lsm"}\n' \
      "$n" "$n" "$([[ $n == 6 ]] && echo denied || echo alerted)" $((n % 2)) "$n"
  done >log.jsonl
  run --separate-stderr "$HF_CLI" tune log.jsonl
  [[ $status == 0 ]]
  grep -q '^ *10 *2 2026-01-01T00:00:01 2026-01-01T00:00:05 web *rootfs.create */usr/sbin/web *5 /srv/pages/\*$' <<<"$output"
  run --separate-stderr "$HF_CLI" tune --min 11 log.jsonl
  [[ $status == 0 && $output == "Nothing is frequent and the same." ]]
  run --separate-stderr "$HF_CLI" tune --format json - <log.jsonl
  [[ $status == 0 ]]
  printf '%s\n' "$output" >web-tuned.json
  profile lint web-tuned.json
  [[ $status == 1 && $output$stderr == */exceptions/0/reason* ]]
  jq '.exceptions[0].reason = "its pages"' web-tuned.json >reasoned.json && mv reasoned.json web-tuned.json
  profile lint web-tuned.json
  [[ $status == 0 ]]
}

@test "half a line of a log is told" {
  echo '{"class": "rootfs.wri' >log.jsonl
  profile replay web.json log.jsonl
  [[ $status == 1 && $stderr == *"1 of the lines of log.jsonl cannot be read"* ]]
}

@test "init drafts a profile with the program that config.json starts, as the kernel names it" {
  mkdir -p bundle/rootfs/{bin,usr/local/bin,opt}
  printf '#!/usr/local/bin/env sh\n' >bundle/rootfs/opt/start
  touch bundle/rootfs/bin/busybox bundle/rootfs/bin/env
  ln -s busybox bundle/rootfs/bin/sh
  ln -s /../../bin/env bundle/rootfs/usr/local/bin/env # stays in the image
  jq -n '{ociVersion: "1.0.2", root: {path: "rootfs"}, annotations: {"io.holdfast.image": "example.org/web:1"},
    process: {cwd: "/", args: ["start"], env: ["PATH=/opt:/bin"], user: {},
      capabilities: {bounding: ["CAP_CHOWN"]}}}' >bundle/config.json
  profile init shop --config bundle/config.json
  [[ $status == 0 ]]
  printf '%s\n' "$output" >shop.json
  [[ $(jq -c .exec.allow shop.json) == '["/bin/busybox","/bin/env","/opt/start"]' ]]
  [[ $(jq -c '[.match.images, .capabilities.allow]' shop.json) == '[["example.org/web:1"],["CAP_CHOWN"]]' ]]
  profile lint shop.json
  [[ $status == 0 ]]
  rm bundle/rootfs/opt/start
  profile init shop --config bundle/config.json
  [[ $status == 1 && $stderr == *"the image has no program start in PATH"* ]]
}

@test "seccomp shows the filter, and who decided about a call" {
  jq '.seccomp = {deny: ["ptrace"], errno: "ENOSYS"}' web.json >web.new && mv web.new web.json
  profile seccomp web.json --explain ptrace
  [[ $status == 0 && $output == *ENOSYS* ]]
  profile seccomp web.json --format oci --config "$HF_ROOT/tests/data/oci/docker.json"
  [[ $(jq -c '[.syscalls[] | select(.names | index("ptrace")) | .action] | unique' <<<"$output") == '["SCMP_ACT_ERRNO"]' ]]
  profile seccomp web.json --explain nosuchcall
  [[ $status == 1 && $stderr == *"no system call"* ]]
}
