#!/usr/bin/env bats
# The back end for kernels that run no LSM programs: it tells what it saw and claims nothing more, and
# seccomp and a read-only mount, which the shim sets up, refuse. What is tried here stays within the
# container's own namespaces and harmless if it goes through: this runs on the developer's machine.
load lib

# CAP_SYS_ADMIN, so that what refuses is neither a missing capability nor the user namespace.
CAPS=CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_SYS_ADMIN

attacks() {
  cat <<'SCRIPT'
t write open-write /data/file
t creat creat /new
t openat2 openat2-write /data/other
t truncate open-trunc /data/other
t mount mount-tmpfs /mnt
t umount umount /dev/mqueue
t fsopen fsopen tmpfs
t unshare unshare uts
t clone clone uts
t setns setns /proc/self/ns/uts
t dropped copy-exec /bin/attack /vol/dropped fork
t memfd memfd-exec /bin/attack fork
t sysctl open-write /proc/sys/kernel/core_pattern
SCRIPT
}

setup_file() {
  hf_setup
  [[ $(hf_backend) == tracepoint ]] || return 0
  hf_monitor_start
  local id
  for id in enforce detect; do
    mkdir "$HF_DIR/volume-$id"
  done
  attacks | hf_attack enforce --profile immutable --caps "$CAPS" --mount "$HF_DIR/volume-enforce:/vol"
  attacks | hf_attack detect --profile immutable --mode detect --caps "$CAPS" \
    --mount "$HF_DIR/volume-detect:/vol"
  hf_attack prefix --profile writable --caps "$CAPS" <<'SCRIPT'
t inside creat /tmp/new -- write /tmp/new text
t beside creat /var/new
SCRIPT
  mkdir "$HF_DIR/volume-twin"
  hf_attack twin --profile immutable --caps "$CAPS" --mount "$HF_DIR/volume-twin:/vol" <<'SCRIPT'
t read open-read /data/file -- open-read /proc/sys/kernel/core_pattern -- open-path /data/file
t volume creat /vol/file -- write /vol/file text -- unlink /vol/file
t shm creat /dev/shm/file
t own open-write /proc/self/comm -- open-write /dev/null
t fork fork -- exec /bin/true
ls -lR /data >/dev/null | cat
SCRIPT
}

teardown_file() { hf_teardown; }
setup() { require tracepoint; }

# assert_refused ID LABEL RESULT CLASS [FILTER]: refused by somebody, and told as an attempt.
assert_refused() {
  assert_result "$1" "$2" "$3"
  assert_alert "$1" "$4" alerted "(.object.result == \"${3##*: }\") and (${5:-true})"
}

@test "no alert claims a denial, and every one names the back end" {
  [[ -s $HF_ALERTS ]]
  jq -e -s 'all(.[]; .action == "alerted" and .backend == "tracepoint")' "$HF_ALERTS"
}

@test "doctor says that this back end refuses nothing" {
  run "$HF_CLI" doctor
  [[ $output == *'the back end "tracepoint"'*"refuses nothing"* ]]
}

@test "immutable: the root file system is read-only by mount, and attempts are told" {
  assert_refused enforce write "open-write: EROFS" rootfs.write "$(path_is /data/file)"
  assert_refused enforce creat "creat: EROFS" rootfs.write "$(path_is /new)"
  assert_result enforce openat2 "openat2-write: EROFS"
  assert_result enforce truncate "open-trunc: EROFS"
  [[ -z $(find "$HF_DIR/enforce/upper" -type f) ]]
}

@test "writable paths of the profile are a tmpfs, and their neighbours read-only" {
  assert_result prefix inside "creat: ok write: ok"
  assert_result prefix beside "creat: EROFS"
  [[ -z $(find "$HF_DIR/prefix/upper" -type f) ]]
}

@test "immutable: seccomp refuses mounts and namespaces, and attempts are told" {
  assert_refused enforce mount "mount-tmpfs: EPERM" escape.mount '.object.operation == "mount"'
  assert_refused enforce umount "umount: EPERM" escape.mount '.object.operation == "umount"'
  assert_result enforce fsopen "fsopen: EPERM"
  assert_refused enforce unshare "unshare: EPERM" escape.namespace '.object.operation == "unshare"'
  assert_refused enforce clone "clone: EPERM" escape.namespace '.object.operation == "clone"'
  assert_refused enforce setns "setns: EPERM" escape.namespace '.object.operation == "setns"'
}

@test "a write to the kernel's settings that runc's read-only path refused is told as such" {
  assert_refused enforce sysctl "open-write: EROFS" escape.kernel-interface \
    "$(path_is /proc/sys/kernel/core_pattern)"
}

@test "dropped and fileless programs are told, for nothing here can refuse them" {
  assert_alerted enforce dropped "copy-exec: ok" drift.exec "$(path_is /vol/dropped)"
  assert_alerted enforce memfd "memfd-exec: ok" fileless.exec
}

@test "mode detect: everything goes through and is told" {
  assert_alerted detect write "open-write: ok" rootfs.write "$(path_is /data/file)"
  assert_alerted detect creat "creat: ok" rootfs.write "$(path_is /new)"
  assert_alerted detect mount "mount-tmpfs: ok" escape.mount "$(path_is /mnt)"
  assert_alerted detect unshare "unshare: ok" escape.namespace
  assert_alerted detect dropped "copy-exec: ok" drift.exec
  [[ -e $HF_DIR/detect/upper/new ]]
}

@test "an alert names the process and the container" {
  assert_alert detect escape.mount alerted '.container.profile == "immutable" and .process.pid > 0
    and .process.exe == "/bin/attack" and .process.uid == 0'
}

@test "reading, volumes, tmpfs, /proc/self and processes are not told" {
  assert_result twin read "open-read: ok open-read: ok open-path: ok"
  assert_result twin volume "creat: ok write: ok unlink: ok"
  assert_result twin shm "creat: ok"
  assert_result twin own "open-write: ok open-write: ok"
  assert_result twin fork "fork: ok exec: ok"
  assert_quiet twin
}
