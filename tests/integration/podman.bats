#!/usr/bin/env bats
# podman, as root, configured by `holdfast install podman`: with the runtime alone, with the hook alone, and
# with both.
load lib
load engines

setup_file() {
  [[ -n ${HOLDFAST_VM:-} ]] || skip "changes the machine's own configuration: for VMs"
  hf_setup
  require_command podman
  hf_monitor_start
  listen_for_syslog
  engine_archive
  podman load -q -i "$HF_DIR/image.tar" 3>&-
  local way
  for way in runtime hook both; do
    "$HF_CLI" install podman --with "$way" >"$HF_DIR/install-$way" 2>&1
    engine_runs "$way" --cap-add=SYS_ADMIN --annotation=
    in_engine "$way" "filtered-$way" --annotation=io.holdfast.profile=filtered -- sh -c \
      'attack symlink target /tmp/link; grep Seccomp /proc/self/status | tr -d "[:blank:]"'
  done
  build
  examine
  "$HF_CLI" uninstall podman >"$HF_DIR/uninstall" 2>&1
}

teardown_file() {
  podman rm --all --force >/dev/null 2>&1 || true
  [[ ! -s $HF_DIR/syslog.pid ]] || kill "$(cat "$HF_DIR/syslog.pid")" || true
  rm -f /dev/log
  "$HF_CLI" uninstall podman >/dev/null 2>&1 || true
  hf_teardown
}

podman_for_test() { timeout 300 podman "$@"; }

in_engine() { run_podman "$@"; }

# A build whose steps run under the runtime; the last one tries to mount something.
build() {
  command -v buildah >/dev/null || return 0
  mkdir "$HF_DIR/build"
  printf 'FROM %s\nRUN echo built >/built\nRUN attack mount-tmpfs /mnt >/result || true\n' "$ENGINE_IMAGE" \
    >"$HF_DIR/build/Containerfile"
  buildah build --quiet --isolation oci --runtime "$HF_SHIM" --network none --cap-add CAP_SYS_ADMIN \
    --tag localhost/hf/built:1 "$HF_DIR/build" >"$HF_DIR/build/out" 2>"$HF_DIR/build/err" 3>&- </dev/null ||
    echo "$?" >"$HF_DIR/build/rc"
}

# What doctor says while a container runs that asked for the runtime, and when there is another.
examine() {
  local podman=(podman --cgroup-manager cgroupfs --events-backend file) runtime
  # shellcheck disable=SC2153 # lib.bash has it
  for runtime in holdfast "$RUNTIME"; do
    "${podman[@]}" run -d --name "on-$runtime" --network none --runtime "$runtime" "$ENGINE_IMAGE" sleep 1000 \
      >/dev/null 2>"$HF_DIR/examine" 3>&- </dev/null
    "$HF_CLI" doctor podman >"$HF_DIR/doctor-$runtime" 2>&1 || true
  done
  "${podman[@]}" rm --force --time 0 on-holdfast "on-$RUNTIME" >/dev/null 2>&1 3>&- </dev/null
}

# What comes to /dev/log, in $HF_DIR/syslog. The VM has no other syslog daemon.
listen_for_syslog() {
  python3 - "$HF_DIR/syslog" <<'PYTHON' >/dev/null 2>&1 3>&- &
import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
with open(sys.argv[1], "ab", buffering=0) as out:
    while True:
        out.write(log.recv(65536) + b"\n")
PYTHON
  echo $! >"$HF_DIR/syslog.pid"
  wait_until test -S /dev/log
}

@test "podman: a program that does nothing wrong runs as ever" {
  assert_benign runtime
  assert_benign hook
  assert_benign both
}

@test "podman: what is refused is told with the container's name and image" {
  local way
  for way in runtime hook both; do
    assert_guarded "$way" podman "web-$way" "$ENGINE_IMAGE"
  done
}

@test "podman: the profile's seccomp filter is in force, and is one with the engine's, the hook alone or not" {
  local way
  for way in runtime hook both; do
    ended "filtered-$way" 0 $'symlink: EOPNOTSUPP\nSeccomp:2\nSeccomp_filters:1'
  done
}

@test "podman: a container that is refused says why in one line" {
  local way
  for way in runtime both; do
    assert_refused "$way" 126 'there is no profile "nosuch"'
    [[ $(wc -l <"$HF_DIR/refused-$way/err") -eq 1 ]]
  done
}

@test "podman: why the hook refuses is in the system's log, for crun keeps it to itself" {
  ended refused-hook 126 ""
  grep -q 'holdfast: container [0-9a-f]* is refused: .*there is no profile "nosuch"' "$HF_DIR/syslog"
  [[ $RUNTIME == crun ]] || grep -q 'there is no profile "nosuch"' "$HF_DIR/refused-hook/err"
}

@test "doctor: which of podman's containers the monitor knows, and what they get" {
  grep -q '^ok    running: 1, all known to the monitor' "$HF_DIR/doctor-holdfast"
  grep -q "^warn  running: 1 of 2 not known to the monitor (on-$RUNTIME)" "$HF_DIR/doctor-$RUNTIME"
  grep -q '^gets  with --runtime holdfast: what the kernel refuses and tells (back end' "$HF_DIR/doctor-holdfast"
}

@test "buildah: a build goes on, and what it must not do is refused" {
  require_command buildah
  [[ ! -e $HF_DIR/build/rc ]] || { cat "$HF_DIR/build/err" >&2 && return 1; }
  run podman run --rm --network none --cgroup-manager cgroupfs localhost/hf/built:1 sh -c 'cat /built /result'
  [[ $output == $'built\nmount-tmpfs: EPERM' ]]
  jq -e 'select(.container.engine == "buildah" and .class == "escape.mount" and .action == "denied")' "$HF_ALERTS"
}

@test "podman: nothing is left of containers, and after uninstall nothing of us" {
  assert_nothing_left
  [[ -z $(find /etc/containers -name '*holdfast*') ]]
}
