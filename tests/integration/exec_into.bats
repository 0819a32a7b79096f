#!/usr/bin/env bats
# Programs that are started in a running container by the runtime's exec (exec_into).
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  waiting denying --profile entered
  waiting telling --profile entered --mode detect
  waiting plain
}

teardown_file() {
  local id
  for id in denying telling plain; do
    "$RUNTIME" delete --force "$id" 3>&- 2>/dev/null || true
  done
  hf_teardown
}

# waiting ID OPTION OF make-bundle…
waiting() {
  local id=$1
  shift
  hf_bundle "$id" --overlay "$@" -- sleep 600
  hf_background "$id"
}

# entering ID ARGUMENT OF exec…: its output is in DIR/exec, its exit code is the runtime's.
entering() {
  "$HF_SHIM" exec "$@" >"$HF_DIR/exec" 2>&1 3>&- </dev/null
}

# document ARGUMENT…: a process document, as engines write one.
document() {
  jq -n --args '{args: $ARGS.positional, cwd: "/tmp", env: ["PATH=/bin"], user: {uid: 7, gid: 8}}' -- "$@"
}

@test "a program that the profile does not list is refused, with the reason" {
  refute entering denying /bin/sh -c "echo let in"
  refute grep -q "let in" "$HF_DIR/exec"
  grep -qF 'its profile does not let "/bin/sh" be started in it by exec; exec_into.allow lists /bin/attack' "$HF_DIR/exec"
  assert_alert denying exec.into denied '.kind == "alert" and .severity == "warning" and .object.path == "/bin/sh"'
}

@test "who asked is told, with those who called it, and secrets are not" {
  refute entering --user 5 denying /bin/sh --password=hunter2
  assert_alert denying exec.into denied \
    ".object.argv[1] == \"--password=[redacted]\" and .object.user == \"5\" and .process.uid == 0 and (.process.ancestors | map(.pid) | index($$) != null)"
  refute grep -q hunter2 "$HF_ALERTS"
}

@test "a listed program is let in, and recorded" {
  entering denying /bin/attack open-read /etc/passwd
  assert_alert denying exec.into alerted '.kind == "record" and .object.path == "/bin/attack"'
}

@test "a listed program by another spelling is let in, one by PATH is not" {
  entering denying /bin/../bin/attack open-read /etc/passwd
  refute entering denying attack open-read /etc/passwd
  assert_alert denying exec.into denied '.object.path == "attack" and .object.path_as_spelled'
}

@test "a process document is judged as a command line is" {
  document /bin/sh -c "echo let in" >"$HF_DIR/process.json"
  refute entering --process "$HF_DIR/process.json" denying
  refute entering --process="$HF_DIR/process.json" denying
  refute entering -p "$HF_DIR/process.json" denying
  refute grep -q "let in" "$HF_DIR/exec"
  assert_alert denying exec.into denied '.object.user == "7:8" and .object.argv == ["/bin/sh", "-c", "echo let in"]'
  document /bin/attack open-read /etc/passwd >"$HF_DIR/process.json"
  entering --process "$HF_DIR/process.json" denying
}

@test "a process document that cannot be read twice is refused, not waited for" {
  mkfifo "$HF_DIR/fifo"
  refute timeout 20 "$HF_SHIM" exec --process "$HF_DIR/fifo" denying >"$HF_DIR/exec" 2>&1 3>&- </dev/null
  grep -qF "a program that cannot be told" "$HF_DIR/exec"
}

@test "an option of a newer runtime does not hide what is started" {
  refute entering --newer value denying /bin/sh -c "echo let in"
  grep -qF 'its profile does not let "/bin/sh"' "$HF_DIR/exec"
}

@test "mode detect lets it in, and tells" {
  entering telling /bin/sh -c "echo let in"
  grep -q "let in" "$HF_DIR/exec"
  assert_alert telling exec.into alerted '.kind == "alert"'
}

@test "under the default profile an exec is a record" {
  entering plain /bin/sh -c "echo let in"
  assert_alert plain exec.into alerted '.kind == "record" and .severity == "informational"'
}

@test "a container that is not under guard is nobody's business" {
  hf_bundle free --overlay --mode off -- sleep 600
  hf_background free
  entering free /bin/sh -c "echo let in"
  [[ $(cat "$HF_DIR/exec") == "let in" ]]
  hf_stop free
}

# The last: the monitor is gone then.
@test "without a monitor a rule that refuses still does, and others say that there is no record" {
  hf_monitor_kill
  refute entering denying /bin/sh -c "echo let in"
  grep -qF 'its profile does not let "/bin/sh"' "$HF_DIR/exec"
  entering denying /bin/attack open-read /etc/passwd
  entering telling /bin/sh -c "echo let in"
  grep -q "let in" "$HF_DIR/exec"
  grep -qF "this exec is in no record" "$HF_DIR/exec"
}
