#!/usr/bin/env bats
# escape.credentials, module, bpf, ptrace and cgroup.
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  sleep 1000 3>&- &
  echo $! >"$HF_DIR/victim.pid"
  local victim
  victim=$(cat "$HF_DIR/victim.pid")
  local module
  module=$(find /lib/modules -name 'dummy.ko*' | head -n 1)
  {
    cat <<SCRIPT
t init-module init-module
t finit-module finit-module /modules/${module#/lib/modules/}
t bpf-map bpf-map
t bpf-prog bpf-prog
t perf perf
t ptrace ptrace $victim
t ptrace-seize ptrace-seize $victim
t vm-readv vm-readv $victim
t mem open-write /proc/$victim/mem
t getfd pidfd-getfd $victim 0
t kexec kexec
t iopl iopl
t ioperm ioperm
t ptrace-child ptrace-child
t vm-readv-child vm-readv-child
SCRIPT
  } | tee "$HF_DIR/attacks" |
    hf_attack deny --profile immutable --caps all --host pid --mount /lib/modules:/modules
  hf_attack watch --profile watching --caps all --host pid --mount /lib/modules:/modules \
    <"$HF_DIR/attacks"
  hf_attack cgroup --profile immutable --caps all --mount /sys/fs/cgroup:/cgroup <<'SCRIPT'
t root cgroup-move /cgroup
t parent cgroup-move /cgroup/hf-test
t clone clone-into-cgroup /cgroup
SCRIPT
  hf_attack below --profile immutable --caps all --mount /sys/fs/cgroup:/cgroup <<'SCRIPT'
mkdir /cgroup/hf-test/below/inner
t inner cgroup-move /cgroup/hf-test/below/inner
t controllers open-write /cgroup/hf-test/below/cgroup.subtree_control
t max open-write /cgroup/hf-test/below/memory.max
SCRIPT
  hf_bundle waiting --overlay --profile immutable --attack -- sleep 600
  hf_background waiting
  # Straight to the real runtime, as somebody would who wants to get round the shim.
  "$RUNTIME" exec --cap CAP_SYS_ADMIN waiting attack open-read /etc/passwd \
    >"$HF_DIR/exec-cap" 2>&1 3>&- || true
  hf_attack twin --profile immutable --caps all <<'SCRIPT'
t ptrace-child ptrace-child
t vm-readv-child vm-readv-child
t has-cap has-cap 21
t setuid setuid 1000 -- open-read /etc/passwd
ps >/dev/null
SCRIPT
  hf_bundle entered --overlay --profile immutable --attack -- sleep 600
  hf_background entered
  "$HF_SHIM" exec entered attack open-read /etc/passwd >"$HF_DIR/exec-twin" 2>&1 3>&- || true
  # The end of the container's alerts, as in hf_attack.
  "$HF_SHIM" exec entered attack creat /sentinel >"$HF_DIR/exec-sentinel" 2>&1 3>&- || true
  wait_until hf_told_all entered
  hf_attack few --profile immutable <<'SCRIPT'
t has-cap has-cap 21
t module init-module
t bpf bpf-prog
SCRIPT
}

teardown_file() {
  hf_stop waiting
  hf_stop entered
  [[ ! -s $HF_DIR/victim.pid ]] || kill "$(cat "$HF_DIR/victim.pid")"
  hf_teardown
}
setup() { require enforcing; }

@test "loading kernel modules is refused and told" {
  assert_denied deny init-module "init-module: EPERM" escape.module
  assert_result deny finit-module "finit-module: EPERM"
}

@test "bpf and perf are refused and told" {
  assert_denied deny bpf-map "bpf-map: EPERM" escape.bpf '.object.operation == "bpf"'
  assert_result deny bpf-prog "bpf-prog: EPERM"
  assert_denied deny perf "perf: EPERM" escape.bpf '.object.operation == "perf_event_open"'
}

@test "a process outside the container cannot be traced, read or written to" {
  assert_denied deny ptrace "ptrace: EPERM" escape.ptrace \
    ".object.target_pid == $(cat "$HF_DIR/victim.pid")"
  assert_result deny ptrace-seize "ptrace-seize: EPERM"
  assert_result deny vm-readv "vm-readv: EPERM"
  [[ $(result deny mem) =~ ^open-write:\ (EPERM|EACCES)$ ]]
  assert_result deny getfd "pidfd-getfd: EPERM"
}

@test "a debugger within the container works and is not told" {
  assert_result deny ptrace-child "ptrace-child: ok"
  assert_result twin ptrace-child "ptrace-child: ok"
  assert_result twin vm-readv-child "vm-readv-child: ok"
  assert_quiet twin
}

@test "loading another kernel and raw ports are refused and told" {
  assert_denied deny kexec "kexec: EPERM" escape.kexec '.object.syscall == "kexec_load"'
  assert_denied deny iopl "iopl: EPERM" escape.io '.object.syscall == "iopl"'
  assert_denied deny ioperm "ioperm: EPERM" escape.io '.object.syscall == "ioperm"'
  assert_alerted watch iopl "iopl: ok" escape.io
}

@test "with action alert these go through and are told" {
  assert_alerted watch bpf-map "bpf-map: ok" escape.bpf
  assert_alerted watch ptrace "ptrace: ok" escape.ptrace
  assert_alert watch escape.module alerted
}

@test "leaving the container's cgroup is refused and told" {
  assert_denied cgroup root "cgroup-move: EPERM" escape.cgroup
  assert_result cgroup parent "cgroup-move: EPERM"
}

@test "a process that is born outside the container's cgroup is told" {
  assert_alerted cgroup clone "clone-into-cgroup: ok" escape.cgroup \
    '.object.operation == "cgroup_attach"'
}

@test "a cgroup below the container's own may be used" {
  assert_result below inner "cgroup-move: ok"
  assert_no_alert below escape.cgroup '.object.path | contains("inner")'
}

@test "an exec with the container's own capabilities works and is not told" {
  [[ $(cat "$HF_DIR/exec-twin") == *"open-read: ok"* ]]
  assert_quiet entered
}

@test "capabilities beyond the bounding set of config.json are refused and told" {
  [[ $(cat "$HF_DIR/exec-cap") != *"open-read: ok"* ]]
  assert_alert waiting escape.credentials denied '.object.capabilities | index("CAP_SYS_ADMIN") != null'
}

@test "what the kernel refuses by itself for want of a capability is no alert" {
  assert_result few has-cap "has-cap: EPERM"
  assert_result few module "init-module: EPERM"
  assert_quiet few
}

@test "profile replay decides as the kernel did" {
  assert_replayed deny watch
}
