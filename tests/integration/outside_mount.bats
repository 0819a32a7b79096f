#!/usr/bin/env bats
# escape.outside-mount: files that no mount of the container holds, reached by a descriptor, a handle or
# another process's root.
load lib

# What a test can only have if the container got out.
make_secret() {
  mkdir -p "$HF_DIR/outside/dir" "$HF_DIR/outside/shared"
  echo secret | tee "$HF_DIR/outside/secret" >"$HF_DIR/outside/dir/secret"
}

# Where inode 2 is the root directory, and a directory of it is what the container gets.
mount_ext4() {
  mkdir "$HF_DIR/ext4"
  modprobe -qa loop ext4 || true
  truncate -s 16M "$HF_DIR/ext4.img"
  mkfs.ext4 -q "$HF_DIR/ext4.img" && mount -o loop "$HF_DIR/ext4.img" "$HF_DIR/ext4" || return 1
  mkdir "$HF_DIR/ext4/shared"
  echo text >"$HF_DIR/ext4/shared/file"
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  make_secret
  local handle
  handle=$("$HF_BUILD/tests/attack/attack" name-to-handle "$HF_DIR/outside/secret" | head -n 1)
  hf_attack handle --profile immutable --caps all --mount "$HF_DIR/outside/shared:/vol" <<SCRIPT
t handle open-handle /vol $handle
SCRIPT
  mount_ext4 && hf_attack shocker --profile immutable --caps all --mount "$HF_DIR/ext4/shared:/vol" \
    <<'SCRIPT'
t shocker shocker /vol
t twin open-read /vol/file
SCRIPT
  hf_attack procroot --profile immutable --caps all --host pid <<SCRIPT
t read open-read /proc/1/root$HF_DIR/outside/secret
t write open-write /proc/1/root$HF_DIR/outside/secret
t create creat /proc/1/root$HF_DIR/outside/created
t mkdir mkdir /proc/1/root$HF_DIR/outside/made
t unlink unlink /proc/1/root$HF_DIR/outside/dir/secret
t cwd open-read /proc/1/cwd
t uring uring-read /proc/1/root$HF_DIR/outside/secret
t utimes utimes /proc/1/root$HF_DIR/outside/secret
t setxattr setxattr /proc/1/root$HF_DIR/outside/secret
t exec exec /proc/1/root/bin/busybox true
t self open-read /proc/self/root/etc/passwd
SCRIPT
  leaked_fd
  hf_attack twin --profile immutable --caps all --mount "$HF_DIR/outside/shared:/vol" <<'SCRIPT'
t volume creat /vol/file -- open-read /vol/file
t self open-read /proc/self/root/etc/passwd -- open-read /proc/self/cwd/etc/passwd
t pipe open-write /dev/stdout
t exe open-read /proc/self/exe
echo x | cat >/dev/null
SCRIPT
}

# A directory of the host on descriptor 3, as runc leaked one in CVE-2024-21626.
leaked_fd() {
  hf_bundle leaked --overlay --profile immutable --annotation io.holdfast.rootfs.writable=/data \
    --caps all --script <(
    hf_prelude
    cat <<'SCRIPT'
t openat openat-fd 3 secret
t create openat-fd-create 3 created
t proc open-read /proc/self/fd/3/secret
t fchdir fchdir 3 -- open-read secret
t utimes utimes /proc/self/fd/3
t setxattr setxattr /proc/self/fd/3
t below fchdir 3 -- utimes secret -- setxattr secret
t own utimes /data/file
t dots openat-fd 3 ../../../../../../etc/passwd
t exec fchdir 3 -- exec ./busybox true
t sentinel creat /sentinel
SCRIPT
  )
  cp "$(command -v busybox)" "$HF_DIR/outside/busybox"
  exec 9<"$HF_DIR/outside"
  timeout 120 "$HF_SHIM" run --preserve-fds 1 --bundle "$HF_DIR/leaked" leaked \
    >"$HF_DIR/leaked/out" 2>"$HF_DIR/leaked/err" 3<&9 9<&- </dev/null || true
  exec 9<&-
  wait_until hf_told_all leaked ||
    {
      cat "$HF_DIR/leaked/out" "$HF_DIR/leaked/err"
      return 1
    }
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

@test "open_by_handle_at does not reach beyond the mount" {
  assert_denied handle handle "open-handle: EPERM" escape.outside-mount
}

@test "the root directory of a volume's file system is not reached by its well-known handle" {
  mountpoint -q "$HF_DIR/ext4" || skip "this machine cannot mount an ext4 image"
  assert_denied shocker shocker "shocker: EPERM" escape.outside-mount
  assert_result shocker twin "open-read: ok"
}

@test "/proc/PID/root of the host's processes leads nowhere" {
  assert_denied procroot read "open-read: EPERM" escape.outside-mount
  assert_result procroot write "open-write: EPERM"
  assert_result procroot create "creat: EPERM"
  assert_result procroot mkdir "mkdir: EPERM"
  assert_result procroot unlink "unlink: EPERM"
  assert_result procroot uring "uring-read: EPERM"
  assert_result procroot cwd "open-read: EPERM"
  [[ $(result procroot exec) =~ ^exec:\ (EPERM|EACCES)$ ]]
  assert_absent "$HF_DIR/outside/created" "$HF_DIR/outside/made"
  [[ -e $HF_DIR/outside/dir/secret ]]
}

@test "/proc/self/root is the container's own" {
  assert_result procroot self "open-read: ok"
  assert_result twin self "open-read: ok open-read: ok"
}

@test "a directory of the host that was leaked as a descriptor leads nowhere" {
  assert_denied leaked openat "openat-fd: EPERM" escape.outside-mount
  assert_result leaked create "openat-fd-create: EPERM"
  assert_result leaked proc "open-read: EPERM"
  assert_result leaked fchdir "fchdir: ok open-read: EPERM"
  assert_result leaked dots "openat-fd: EPERM"
  [[ $(result leaked exec) =~ exec:\ (EPERM|EACCES)$ ]]
  assert_absent "$HF_DIR/outside/created"
}

@test "attributes of a file outside are not changed by a call that names no mount" {
  assert_denied leaked utimes "utimes: EPERM" escape.outside-mount '.object.operation == "utimes"'
  assert_denied leaked setxattr "setxattr: EPERM" escape.outside-mount \
    '.object.operation == "setxattr"'
  assert_result leaked below "fchdir: ok utimes: EPERM setxattr: EPERM"
  assert_result procroot utimes "utimes: EPERM"
  assert_result procroot setxattr "setxattr: EPERM"
  [[ -z $(getfattr --absolute-names -d -m - "$HF_DIR/outside" "$HF_DIR/outside/secret") ]]
}

@test "after an attempt outside, the container's own writable files can be changed" {
  assert_result leaked own "utimes: ok"
}

@test "volumes, pipes and the container's own /proc entries are not told" {
  assert_result twin volume "creat: ok open-read: ok"
  assert_result twin pipe "open-write: ok"
  assert_result twin exe "open-read: ok"
  assert_quiet twin
}
