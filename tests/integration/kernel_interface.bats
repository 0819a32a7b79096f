#!/usr/bin/env bats
# escape.kernel-interface: files through which a process configures the kernel.
load lib

attacks() {
  cat <<'SCRIPT'
t core_pattern open-write /proc/sys/kernel/core_pattern
t core_pattern-uring uring-write /proc/sys/kernel/core_pattern
t modprobe open-write /proc/sys/kernel/modprobe
t sysrq open-write /proc/sysrq-trigger
t panic open-rdwr /proc/sys/kernel/panic
t sysfs open-write /sys/kernel/mm/transparent_hugepage/enabled
t kcore open-read /proc/kcore
t hostproc open-write /hostproc/sys/kernel/core_pattern
SCRIPT
}

# Debian mounts it on demand; a kernel without it makes the test of it skip.
mount_binfmt_misc() {
  modprobe -q binfmt_misc || true
  mountpoint -q /proc/sys/fs/binfmt_misc ||
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  # /sys of runc spec is read-only: an attacker with CAP_SYS_ADMIN would remount it, a careless
  # configuration mounts it writable.
  local writable_sys='(.mounts[] | select(.destination == "/sys") | .options) = ["nosuid", "nodev"]'
  attacks | hf_attack deny --profile immutable --caps all --no-masked --mount /proc:/hostproc \
    --edit "$writable_sys"
  attacks | hf_attack watch --profile watching --caps all --no-masked --mount /proc:/hostproc \
    --edit "$writable_sys"
  mount_binfmt_misc && hf_attack binfmt --profile immutable --caps all --no-masked \
    --mount /proc/sys/fs/binfmt_misc:/binfmt <<'SCRIPT'
t register open-write /binfmt/register
t status open-read /binfmt/status
SCRIPT
  hf_attack bpffs --profile immutable --caps all --mount /sys/fs/bpf:/bpf \
    --mount /sys/kernel/debug:/debug --mount /sys/kernel/tracing:/tracing <<'SCRIPT'
t tracing open-write /tracing/kprobe_events
t debug open-write /debug/sched/features
SCRIPT
  hf_attack twin --profile immutable --caps all --no-masked <<'SCRIPT'
t read open-read /proc/sys/kernel/core_pattern -- open-read /proc/sys/kernel/osrelease
t self open-write /proc/self/oom_score_adj -- open-write /proc/self/comm -- open-write /proc/self/attr/current
t task open-write /proc/thread-self/comm
t sysfs open-read /sys/kernel/uevent_seqnum
t null open-write /dev/null
t cpuinfo open-read /proc/cpuinfo -- open-read /proc/meminfo
SCRIPT
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

@test "write-opens of the kernel's settings are refused and told" {
  local label
  for label in core_pattern modprobe sysrq sysfs; do
    assert_result deny "$label" "open-write: EPERM"
  done
  assert_result deny panic "open-rdwr: EPERM"
  assert_alert deny escape.kernel-interface denied "$(path_is /proc/sys/kernel/core_pattern)"
  assert_alert deny escape.kernel-interface denied "$(path_is /proc/sysrq-trigger)"
  assert_alert deny escape.kernel-interface denied \
    '.object.path | startswith("/sys/kernel/mm/")'
}

@test "no other spelling or mount of procfs gets round it" {
  assert_result deny hostproc "open-write: EPERM"
  assert_result deny core_pattern-uring "uring-write: EPERM"
}

@test "reading all memory through kcore is refused" {
  assert_denied deny kcore "open-read: EPERM" escape.kernel-interface "$(path_is /proc/kcore)"
}

@test "what binfmt_misc registers is refused and told, and its status may be read" {
  [[ -e /proc/sys/fs/binfmt_misc/register ]] || skip "this kernel has no binfmt_misc"
  assert_denied binfmt register "open-write: EPERM" escape.kernel-interface "$(path_is /binfmt/register)"
  assert_result binfmt status "open-read: ok"
}

@test "tracefs and debugfs are interfaces, too" {
  assert_denied bpffs tracing "open-write: EPERM" escape.kernel-interface
  assert_result bpffs debug "open-write: EPERM"
}

@test "with action alert the open goes through and is told" {
  assert_alerted watch core_pattern "open-write: ok" escape.kernel-interface \
    "$(path_is /proc/sys/kernel/core_pattern)"
}

@test "reading settings and writing to one's own /proc/self is not told" {
  assert_result twin read "open-read: ok open-read: ok"
  assert_result twin self "open-write: ok open-write: ok open-write: ok"
  assert_result twin task "open-write: ok"
  assert_result twin sysfs "open-read: ok"
  assert_result twin cpuinfo "open-read: ok open-read: ok"
  assert_result twin null "open-write: ok"
  assert_quiet twin
}
