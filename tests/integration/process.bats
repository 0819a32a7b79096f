#!/usr/bin/env bats
# exec.unexpected, file.sensitive, privilege.setuid, process.injection, process.reverse-shell,
# escape.runtime-overwrite and tamper.monitor.
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  hf_attack deny --profile strict-processes --caps all <<'SCRIPT'
t listed exec /bin/busybox true
t applet exec /bin/true
t read open-read /etc/passwd
t read-link link /etc/passwd /tmp/passwd
t read-rename rename /etc/passwd /tmp/passwd
t write open-write /data/file
t create creat /data/new
t remove unlink /data/file
t read-data open-read /data/file
t longest open-write /data/other
t group open-read /etc/group
t sibling ptrace-sibling
t child ptrace-child
t root become-root
t steps become-root-by-steps
t shell-in exec-on-connection /bin/busybox 0
t shell-out exec-on-connection /bin/busybox 1
t other-descriptor exec-on-connection /bin/busybox 7
SCRIPT
  mkdir "$HF_DIR/setuid"
  cp /bin/busybox "$HF_DIR/setuid/program"
  chmod 4755 "$HF_DIR/setuid/program"
  # With no_new_privs a set-user-ID bit means nothing.
  hf_attack watch --profile watched-processes --caps all --edit '.process.noNewPrivileges = false' --mount "$HF_DIR/setuid:/setuid" <<'SCRIPT'
cp /bin/attack /tmp/unlisted
t unlisted exec /tmp/unlisted fork
t sibling ptrace-sibling
t root become-root
t setuid setuid 1000 -- exec /setuid/program true
t shell exec-on-connection /bin/busybox 0
t owner chown /etc/passwd 1000
SCRIPT
  hf_attack tamper --profile default --caps all --host pid --mount /run/holdfast:/holdfast \
    --mount "$HF_ALERTS:/alerts.jsonl" <<SCRIPT
t signal kill $(hf_monitor_pid) 0
t kill kill $(hf_monitor_pid) 9
t trace ptrace $(hf_monitor_pid)
t file creat /holdfast/x
t registry creat /holdfast/containers/x
t alerts open-append /alerts.jsonl
SCRIPT
  hf_attack twin --profile default <<'SCRIPT'
t exec exec /bin/true
t read open-read /etc/passwd
t own kill 1 0
SCRIPT
  # Nobody may run the program meanwhile: it could not be opened for writing (ETXTBSY).
  hf_bundle overwrite --overlay --profile default --attack --caps all \
    --mount "$(dirname "$(command -v "$RUNTIME")"):/runtime" -- \
    sh -c "sleep 5; attack open-write /runtime/$RUNTIME -- sleep 600"
  hf_background overwrite
}

teardown_file() {
  hf_stop overwrite
  hf_teardown
}
setup() { require enforcing; }

@test "a program that the profile lists runs, under any name of it" {
  assert_result deny listed "exec: ok"
  assert_result deny applet "exec: ok"
}

@test "a program that the profile does not list is told" {
  assert_alerted watch unlisted "exec: ok" exec.unexpected "$(path_is /tmp/unlisted)"
  assert_no_alert watch exec.unexpected "$(path_is /bin/busybox)"
}

@test "a file with a rule cannot be read, by another name neither" {
  assert_denied deny read "open-read: EACCES" file.sensitive \
    '.object.path == "/etc/passwd" and .severity == "critical"'
  assert_result deny read-link "link: EACCES"
  assert_result deny read-rename "rename: EACCES"
  assert_result deny group "open-read: ok"
}

@test "a directory with a rule cannot be changed, and can be read" {
  assert_denied deny write "open-write: EACCES" file.sensitive "$(path_is /data/file)"
  assert_result deny create "creat: EACCES"
  assert_result deny remove "unlink: EACCES"
  assert_result deny read-data "open-read: ok"
}

@test "of several rules the longest path counts" {
  assert_alerted deny longest "open-write: ok" file.sensitive \
    '.object.path == "/data/other" and .severity == "notice"'
}

@test "tracing a process that is no child is refused, a debugger's own child is not" {
  assert_denied deny sibling "ptrace-sibling: EPERM" process.injection '.object.target_pid > 0'
  assert_result deny child "ptrace-child: ok"
  assert_alerted watch sibling "ptrace-sibling: ok" process.injection
}

@test "becoming root is refused and told" {
  assert_denied deny root "become-root: EPERM" privilege.setuid
  assert_result deny steps "become-root-by-steps: EPERM"
  assert_alerted watch root "become-root: ok" privilege.setuid '.object.operation == "setuid"'
  assert_alert watch privilege.setuid alerted "$(path_is /setuid/program)"
}

@test "a program on a network connection is refused and told with the peer" {
  assert_denied deny shell-in "exec-on-connection: EACCES" process.reverse-shell \
    '.object.address == "127.0.0.1" and .object.port > 0'
  assert_result deny shell-out "exec-on-connection: EACCES"
  assert_result deny other-descriptor "exec-on-connection: ok"
  assert_alerted watch shell "exec-on-connection: ok" process.reverse-shell
}

@test "a capability that the profile does not list is told" {
  assert_alert watch privilege.capability alerted '.object.capabilities | index("CAP_CHOWN") != null'
  assert_no_alert watch privilege.capability '.object.capabilities | index("CAP_DAC_OVERRIDE") != null'
}

@test "the monitor cannot be signalled, traced or written to" {
  assert_denied tamper signal "kill: EPERM" tamper.monitor '.object.operation == "signal"'
  assert_result tamper kill "kill: EPERM"
  assert_result tamper trace "ptrace: EPERM"
  assert_denied tamper file "creat: EPERM" tamper.monitor '.object.path | endswith("/holdfast/x")'
  assert_result tamper registry "creat: EPERM"
  assert_result tamper alerts "open-append: EPERM"
}

@test "the runtime's program cannot be overwritten" {
  HF_ALERT_PATIENCE=60 assert_alert overwrite escape.runtime-overwrite denied ".object.path == \"/runtime/$RUNTIME\""
}

@test "an ordinary container is quiet" {
  assert_result twin exec "exec: ok"
  assert_result twin read "open-read: ok"
  assert_result twin own "kill: ok"
  assert_quiet twin
}

@test "profile replay decides as the kernel did" {
  assert_replayed deny watch
}

# The last one: it takes the file away from the others.
@test "the alert file that begins after a rotation is guarded like the one before" {
  require enforcing
  mv "$HF_ALERTS" "$HF_ALERTS.1"
  hf_attack rotated --profile default --caps all --mount "$HF_DIR:/logs" <<'SCRIPT'
t one creat /etc/one
until [ -s /logs/alerts.jsonl ]; do sleep 0.1; done
sleep 2
t append open-append /logs/alerts.jsonl
SCRIPT
  assert_denied rotated append "open-append: EPERM" tamper.monitor '.object.path | endswith("/logs/alerts.jsonl")'
}
