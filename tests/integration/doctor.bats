#!/usr/bin/env bats
# `holdfast doctor`, of a system's root below a directory and of this one: what it says of engines, and what
# --fix writes.

# shellcheck disable=SC2154 # stderr: run --separate-stderr
bats_require_minimum_version 1.5.0

setup() {
  ((EUID == 0)) || skip "needs root"
  HF_ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  HF_BUILD=${HOLDFAST_BUILD:-$HF_ROOT/build}
  HF_CLI=$HF_BUILD/src/cli/holdfast
  cd "$BATS_TEST_TMPDIR" || return 1
  mkdir -p root/usr/{bin,local/bin,local/libexec/holdfast} root/etc/docker
  cp "$HF_BUILD/shim/holdfast-runtime" root/usr/local/bin/
  ln -s holdfast-runtime root/usr/local/bin/holdfast-runc
  cp "$HF_BUILD/hook/holdfast-hook" root/usr/local/libexec/holdfast/
  local engine
  for engine in podman dockerd runc; do
    printf '#!/bin/sh\n' >"root/usr/bin/$engine" && chmod +x "root/usr/bin/$engine"
  done
  echo '{"debug": true}' >root/etc/docker/daemon.json
}

hf() { run --separate-stderr "$HF_CLI" "$@"; }

# expect STATUS: of the last hf.
expect() {
  [[ $status == "$1" ]] || {
    echo "exit code $status, expected $1: $output $stderr" >&2
    return 1
  }
}

# checks ENGINE: the verdicts of its checks, in the last output as JSON.
checks() { jq -r --arg engine "$1" '.engines[] | select(.engine == $engine).checks[].verdict' <<<"$output" | sort -u | paste -sd,; }

@test "each engine that is installed has a section that says what its containers get" {
  hf doctor --root root
  expect 0
  [[ $output == *"podman: /usr/bin/podman"$'\n'"warn  not configured"*"run \`holdfast install podman\`"* ]]
  [[ $output == *"gets  every container: nothing, it is unguarded"* ]]
  [[ $output == *"docker: /usr/bin/dockerd"* && $output == *"runc: /usr/bin/runc"* ]]
  [[ $output != *"crio: "* && $output != *"In force"* ]] # the host is not the root's
  "$HF_CLI" install --root root podman
  hf doctor --root root podman
  expect 0
  [[ $output == *"gets  with --runtime holdfast: what the kernel refuses and tells; the profile's seccomp filter"*"gets  otherwise: nothing"* ]]
  [[ $output != *docker* ]]
}

@test "what is configured and has no effect ends it with 1" {
  "$HF_CLI" install --root root podman
  rm root/usr/local/libexec/holdfast/holdfast-hook
  hf doctor --root root --format json
  expect 1
  [[ $(jq .good <<<"$output") == false && $(checks podman) == fail,ok && $(checks docker) == warn ]]
  echo '{' >root/etc/docker/daemon.json
  hf doctor --root root docker
  expect 1
  [[ $output == *"fail  /etc/docker/daemon.json"* ]]
}

@test "of containerd's configuration it says what to change, where CRI is disabled or the version too old" {
  mkdir root/etc/containerd
  echo 'disabled_plugins = ["cri"]' >root/etc/containerd/config.toml
  hf doctor --root root containerd
  expect 0
  [[ $output == *"disables CRI"*"ctr run --runc-binary PATH-OF/holdfast-runc"* ]]
  echo '[plugins.cri]' >root/etc/containerd/config.toml
  hf doctor --root root containerd
  expect 1
  [[ $output == *"fail  /etc/containerd/config.toml is of version 1"*"write version = 2 as its first line"* ]]
}

@test "--fix shows what it would write, and without a terminal writes nothing" {
  cp -a root untouched
  hf doctor --root root --fix </dev/null
  expect 1
  [[ $output == *"+++ b/etc/containers/containers.conf.d/50-holdfast.conf"*"+++ b/etc/docker/daemon.json"* ]]
  [[ $(grep -c 'give --yes' <<<"$stderr") == 2 ]]
  diff -r untouched root
}

@test "--fix --yes writes what install would, and has nothing to do then" {
  cp -a root installed
  "$HF_CLI" install --root installed auto
  hf doctor --root root --fix --yes
  expect 0
  diff -r installed root
  hf doctor --root root --fix --yes
  expect 0
  [[ $output != *"+++"* && $output != *"warn"* ]]
  # What was chosen stays chosen.
  "$HF_CLI" install --root root --with hook --default podman
  rm root/etc/containers/oci/hooks.d/50-holdfast-poststop.json
  hf doctor --root root --fix --yes
  expect 0
  hf status --root root --format json podman
  expect 0
  [[ $(jq -c '.[].configured' <<<"$output") == '["hook","default"]' ]]
}

# at_terminal ANSWER COMMAND…: where standard input and output are a terminal.
at_terminal() {
  local answer=$1
  shift
  printf '%s\n' "$answer" | script -qec "$(printf '%q ' "$@")" /dev/null
}

@test "--fix asks at a terminal, and takes nothing but yes for a yes" {
  command -v script >/dev/null || skip "script is not installed"
  cp root/etc/docker/daemon.json before
  run at_terminal "" "$HF_CLI" doctor --root root --fix docker
  expect 1
  [[ $output == *"docker: write this? [y/N]"* ]]
  diff before root/etc/docker/daemon.json
  run at_terminal y "$HF_CLI" doctor --root root --fix docker
  expect 0
  [[ $(jq -r .runtimes.holdfast.path root/etc/docker/daemon.json) == /usr/local/bin/holdfast-runc ]]
}

@test "--fix leaves what was changed by hand" {
  "$HF_CLI" install --root root docker
  jq '.runtimes.holdfast.path = "/usr/local/bin/holdfast-runtime"' root/etc/docker/daemon.json >changed
  cp changed root/etc/docker/daemon.json
  hf doctor --root root --fix --yes docker
  expect 1
  [[ $output == *"warn  /etc/docker/daemon.json was changed since holdfast wrote it"* && $stderr == *"--force"* ]]
  diff changed root/etc/docker/daemon.json
}

@test "--yes is for --fix, and --fix for people" {
  hf doctor --yes --root root
  [[ $status != 0 && $stderr == *"--fix"* ]]
  hf doctor --fix --format json --root root
  [[ $status != 0 && $stderr == *"--format json"* ]]
  [[ ! -e root/etc/containers ]]
}

# --- this system's engines -----------------------------------------------------------------------

# on_this_system FILE: its commands, where the root's /etc/containers, /usr/local and podman's state are the
# system's.
on_this_system() {
  cp -an /etc/containers/. root/etc/containers/
  mkdir -p root/var
  # shellcheck disable=SC2016 # for the inner shell
  unshare -m --propagation private bash -euc '
    mkdir -p /usr/local/libexec /var/lib/holdfast
    for dir in /etc/containers /usr/local/bin /usr/local/libexec; do
      mount --bind "$PWD/root$dir" "$dir"
    done
    mount -t tmpfs tmpfs /var/lib/holdfast
    mount -t tmpfs tmpfs /var/lib/containers
    mount -t tmpfs tmpfs /run
    . "$1"' on_this_system "$1" 3>&-
}

@test "of this system's podman it tells the version, the runtime that ours executes, and what runs unknown" {
  local command
  for command in podman runc conmon busybox; do
    command -v $command >/dev/null || skip "$command is not installed"
  done
  mkdir root/etc/containers
  cat >go <<'SH'
  "$HF_CLI" install podman >/dev/null
  mkdir rootfs && cp "$(command -v busybox)" rootfs/
  go() { podman --cgroup-manager=cgroupfs --events-backend=file --runtime runc "$@"; }
  go run -d --name hf-unknown --ulimit nofile=64:64 --ulimit nproc=64:64 --network none --rootfs "$PWD/rootfs" /busybox sleep 100 >/dev/null
  "$HF_CLI" doctor podman || true
  go rm -f -t 0 hf-unknown >/dev/null
SH
  export HF_CLI
  run on_this_system ./go
  echo "$output"
  [[ $output == *"podman: "*"(podman version "* ]]
  [[ $output == *"ok    runtime \"holdfast\": "*"/holdfast-runtime, which executes "*" version "* ]]
  [[ $output == *"warn  running: 1 of 1 not known to the monitor (hf-unknown)"* ]]
}

# --- without a monitor ---------------------------------------------------------------------------

# as_user ARGUMENT…: holdfast as an ordinary user, on a host where no monitor runs.
as_user() {
  # shellcheck disable=SC2016 # for the inner shell
  run --separate-stderr unshare -m --propagation private bash -euc '
    mkdir -p /run/holdfast && mount -t tmpfs tmpfs /run/holdfast
    exec setpriv --reuid 65534 --regid 65534 --clear-groups env -i "PATH=$PATH" HOME=/nonexistent "$@"' \
    as_user "$HF_CLI" "$@" 3>&-
}

@test "an ordinary user is told who starts a monitor, and that none guards the user's containers" {
  setpriv --reuid 65534 --regid 65534 --clear-groups "$HF_CLI" --version >/dev/null 2>&1 ||
    skip "the build directory is not for other users"
  as_user doctor
  expect 1
  [[ $output == *"fail  no monitor runs, without which no user's container is guarded; only root starts one"* ]]
  [[ $output == *"warn  what this kernel can do is not known"* && $output != *"the first container starts one"* ]]
  as_user events
  expect 1
  [[ -z $output && $stderr == *"no monitor listens at /run/holdfast/monitor.sock"*"sudo systemctl enable --now holdfast.socket"* ]]
  as_user monitor
  expect 1
  [[ $stderr == *"the monitor is root's"* ]]
}

@test "what needs a monitor says so where none listens" {
  hf reload --socket "$PWD/none"
  expect 1
  [[ $stderr == *"no monitor listens at $PWD/none"*"starts one"* ]]
  hf respond freeze web --socket "$PWD/none"
  expect 1
  [[ $stderr == *"no monitor listens at $PWD/none"*"starts one"* ]]
}

@test "a wrong command line ends with 2, and names the help that has the right one" {
  hf
  expect 2
  [[ -z $output && $stderr == *"Usage: holdfast"*"holdfast doctor"* ]]
  hf install nosuch
  expect 2
  [[ $stderr == "holdfast: ENGINE: nosuch not in "*"; see \`holdfast install --help\`" ]]
  hf profile lint
  expect 2
  [[ $stderr == "holdfast: FILE is required; see \`holdfast profile lint --help\`" ]]
  hf nosuch
  expect 2
  hf respond kill-process web
  expect 1
  [[ $stderr == *"kill-process needs the process: --pid PID"* ]]
  hf install --help
  expect 0
}
