#!/usr/bin/env bats
# escape.namespace: making namespaces, and entering other ones.
load lib

attacks() {
  local kind
  for kind in user mnt pid net ipc uts cgroup; do
    echo "t unshare-$kind unshare $kind"
    echo "t clone-$kind clone $kind"
    echo "t clone3-$kind clone3 $kind"
  done
  cat <<'SCRIPT'
t unshare-many unshare user,mnt,net
t setns-host setns /hostproc/1/ns/mnt
t setns-net setns /hostproc/1/ns/net
t setns-own setns /proc/self/ns/uts
SCRIPT
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  attacks | hf_attack deny --profile immutable --caps all --mount /proc:/hostproc
  {
    attacks
    echo 't made unshare mnt,uts -- open-read /etc/passwd'
    echo 't entered unshare uts -- setns /hostproc/1/ns/mnt -- open-read /etc/passwd'
    echo 't leaked open-read /hostproc/1/root/etc/passwd'
  } | hf_attack watch --profile watching --caps all --mount /proc:/hostproc
  hf_attack unprivileged --profile immutable <<'SCRIPT'
t user unshare user
t user-mount unshare user,mnt -- mount-tmpfs /mnt
SCRIPT
  hf_attack pidfd --profile immutable --caps all --host pid <<'SCRIPT'
t setns-pidfd setns-pidfd 1 mnt,net
SCRIPT
  hf_attack shared --profile immutable --caps all --host network --host ipc <<'SCRIPT'
t plain open-read /etc/passwd -- exec /bin/true
SCRIPT
  hf_attack twin --profile immutable --caps all <<'SCRIPT'
t fork fork -- exec /bin/true
t files unshare files,fs
t clone clone files
t clone3 clone3 fs
(sleep 0.01) & wait
ls -l /proc/self/ns >/dev/null
SCRIPT
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

@test "unshare, clone and clone3 into each kind of namespace are refused" {
  local kind
  for kind in user mnt pid net ipc uts cgroup; do
    assert_result deny "unshare-$kind" "unshare: EPERM"
    assert_result deny "clone-$kind" "clone: EPERM"
    # ENOSYS: libseccomp filters answer so for a call whose arguments they cannot read.
    [[ $(result deny "clone3-$kind") =~ ^clone3:\ (EPERM|ENOSYS)$ ]]
  done
  assert_result deny unshare-many "unshare: EPERM"
}

@test "each is told" {
  assert_alert deny escape.namespace denied '.object.operation == "unshare"'
  assert_alert deny escape.namespace denied '.object.operation == "clone"'
  assert_alert deny escape.namespace denied '.severity == "critical"'
}

@test "entering the host's namespaces is refused, by file and by pidfd" {
  assert_denied deny setns-host "setns: EPERM" escape.namespace '.object.operation == "setns"'
  assert_result deny setns-net "setns: EPERM"
  assert_result deny setns-own "setns: EPERM"
  assert_denied pidfd setns-pidfd "setns-pidfd: EPERM" escape.namespace
}

@test "a user namespace is refused to a process without capabilities as well" {
  assert_denied unprivileged user "unshare: EPERM" escape.namespace
  assert_result unprivileged user-mount "unshare: EPERM mount-tmpfs: EPERM"
}

@test "with action alert it goes through and is told" {
  assert_alerted watch unshare-net "unshare: ok" escape.namespace
  assert_alerted watch clone-uts "clone: ok" escape.namespace '.object.operation == "clone"'
  assert_alerted watch setns-net "setns: ok" escape.namespace '.object.operation == "setns"'
}

@test "namespaces that a task made are the container's, those it entered are not" {
  assert_result watch made "unshare: ok open-read: ok"
  assert_result watch entered "unshare: ok setns: ok open-read: ok"
  assert_alert watch escape.namespace alerted '.object.operation == "open"'
  # What one task entered is no way out for another.
  assert_alerted watch leaked "open-read: ok" escape.outside-mount
}

@test "namespaces that config.json shares with the host are the container's own" {
  assert_result shared plain "open-read: ok exec: ok"
  assert_quiet shared
}

@test "processes, threads and subshells are not told" {
  assert_result twin fork "fork: ok exec: ok"
  assert_result twin files "unshare: ok"
  assert_result twin clone "clone: ok"
  [[ $(result twin clone3) =~ ^clone3:\ (ok|ENOSYS)$ ]]
  assert_quiet twin
}
