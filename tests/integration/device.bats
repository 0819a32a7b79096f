#!/usr/bin/env bats
# escape.device: devices that config.json does not grant. The cgroup's device filter refuses some of it
# first; what is left is a process that has left its cgroup, and nodes made for later.
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  hf_attack deny --profile immutable --caps all <<'SCRIPT'
t disk mknod /dev/shm/disk b 8 0
t mem mknod /dev/shm/mem c 1 1
t kmsg mknod /dev/shm/kmsg c 1 11
SCRIPT
  # Outside its cgroup no device filter applies.
  hf_attack moved --profile loose --caps all --no-masked --mount /sys/fs/cgroup:/cgroup \
    --mount /dev:/hostdev <<'SCRIPT'
mkdir /cgroup/hf-test/aside-dev
t mknod cgroup-move /cgroup/hf-test/aside-dev -- mknod /dev/shm/disk b 8 0
t open cgroup-move /cgroup/hf-test/aside-dev -- open-read /hostdev/kmsg
t open-uring cgroup-move /cgroup/hf-test/aside-dev -- uring-read /hostdev/kmsg
t null cgroup-move /cgroup/hf-test/aside-dev -- open-write /hostdev/null
SCRIPT
  hf_attack granted --profile immutable --caps all --mount /dev:/hostdev --edit \
    '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "r"}]' <<'SCRIPT'
t read open-read /hostdev/kmsg
SCRIPT
  hf_attack all --profile immutable --caps all --mount /dev:/hostdev \
    --edit '.linux.resources.devices = [{allow: true, access: "rwm"}]' <<'SCRIPT'
t read open-read /hostdev/kmsg
t mknod mknod /dev/shm/mem c 1 1
SCRIPT
  hf_attack twin --profile immutable --caps all <<'SCRIPT'
t null open-rdwr /dev/null -- open-read /dev/zero -- open-read /dev/urandom -- open-write /dev/full
t fifo mkfifo /dev/shm/fifo -- mksocket /dev/shm/socket
t pts open-rdwr /dev/ptmx
echo >/dev/null
SCRIPT
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

@test "making a node for a device that was not granted is refused and told" {
  assert_denied deny disk "mknod: EPERM" escape.device '.object.operation == "mknod"'
  assert_result deny mem "mknod: EPERM"
  assert_result deny kmsg "mknod: EPERM"
}

@test "the alert names the device" {
  assert_alert deny escape.device denied '.object.node == "8:0"'
}

@test "outside its cgroup, where no device filter applies, a container opens no device either" {
  assert_result moved mknod "cgroup-move: ok mknod: EPERM"
  assert_denied moved open "cgroup-move: ok open-read: EPERM" escape.device \
    '.object.operation == "open"'
  assert_result moved open-uring "cgroup-move: ok uring-read: EPERM"
}

@test "devices that config.json grants may be opened" {
  assert_result moved null "cgroup-move: ok open-write: ok"
  assert_result granted read "open-read: ok"
  assert_quiet granted
  assert_result all read "open-read: ok"
  assert_no_alert all escape.device
}

@test "a container that has every device is told as privileged, once" {
  [[ $(hf_alerts all admit.privileged | wc -l) == 1 ]]
}

@test "the devices of every container, fifos and sockets are not told" {
  assert_result twin null "open-rdwr: ok open-read: ok open-read: ok open-write: ok"
  assert_result twin fifo "mkfifo: ok mksocket: ok"
  assert_result twin pts "open-rdwr: ok"
  assert_quiet twin
}
