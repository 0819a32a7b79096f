#!/usr/bin/env bats
# `holdfast install`, `uninstall` and `status`, in a system's root below a directory: what they write, and
# that the engines that are installed here take it.

# shellcheck disable=SC2154 # stderr: run --separate-stderr
bats_require_minimum_version 1.5.0

setup() {
  ((EUID == 0)) || skip "needs root"
  HF_ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  HF_BUILD=${HOLDFAST_BUILD:-$HF_ROOT/build}
  HF_CLI=$HF_BUILD/src/cli/holdfast
  cd "$BATS_TEST_TMPDIR" || return 1
  new_root root
}

# new_root DIR: a system with holdfast, runc and all engines, and what administrators have written.
new_root() {
  local engine
  mkdir -p "$1"/usr/{bin,local/bin,local/libexec/holdfast} "$1"/etc/{docker,containerd}
  cp "$HF_BUILD/shim/holdfast-runtime" "$1/usr/local/bin/"
  ln -s holdfast-runtime "$1/usr/local/bin/holdfast-runc"
  cp "$HF_BUILD/hook/holdfast-hook" "$1/usr/local/libexec/holdfast/"
  for engine in podman containerd dockerd crio runc; do
    printf '#!/bin/sh\n' >"$1/usr/bin/$engine" && chmod +x "$1/usr/bin/$engine"
  done
  cat >"$1/etc/containerd/config.toml" <<'TOML'
version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.example/pause:1"
    [plugins."io.containerd.grpc.v1.cri".containerd]
      default_runtime_name = "runc"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          SystemdCgroup = true
TOML
  printf '{\n  "log-driver": "journald",\n  "hosts": ["unix:///run/docker.sock"]\n}\n' \
    >"$1/etc/docker/daemon.json"
  chmod 0600 "$1/etc/docker/daemon.json"
}

hf() { run --separate-stderr "$HF_CLI" "$@"; }

# expect STATUS: of the last hf.
expect() {
  [[ $status == "$1" ]] || {
    echo "exit code $status, expected $1: $output $stderr" >&2
    return 1
  }
}

# same A B: two trees, but for the record.
same() { diff -r --exclude installed.json "$1/etc" "$2/etc"; }

@test "a dry run changes nothing, and its diff is what an install does" {
  cp -a root patched
  cp -a root untouched
  hf install --root root --default --dry-run auto
  expect 0
  same root untouched
  [[ ! -e root/var/lib/holdfast ]]
  printf '%s\n' "$output" >change.diff
  (cd patched && git apply --whitespace=nowarn ../change.diff)
  hf install --root root --default auto
  expect 0
  diff -r --exclude '*.holdfast-backup' root/etc patched/etc
}

@test "a second run has nothing to change, and uninstall leaves what was there" {
  cp -a root untouched
  hf install --root root auto
  expect 0
  hf install --root root auto
  expect 0
  [[ $(grep -c 'nothing to change' <<<"$output") == 4 && $(wc -l <<<"$output") == 4 ]]
  hf install --root root --default auto
  expect 0
  hf uninstall --root root auto
  expect 0
  [[ -z $(find root -name '*holdfast-backup*' -o -name '50-holdfast*' -o -name installed.json) ]]
  diff root/etc/docker/daemon.json untouched/etc/docker/daemon.json
  diff root/etc/containerd/config.toml untouched/etc/containerd/config.toml
  [[ $(stat -c %a root/etc/docker/daemon.json) == 600 ]]
  hf uninstall --root root auto
  expect 0
  [[ $(grep -c 'nothing to change' <<<"$output") == 4 ]]
}

@test "the administrator's file is kept beside before it is changed, with its mode" {
  cp root/etc/docker/daemon.json before
  hf install --root root docker
  expect 0
  diff before root/etc/docker/daemon.json.holdfast-backup
  [[ $(stat -c %a root/etc/docker/daemon.json{,.holdfast-backup} | sort -u) == 600 ]]
  [[ $(jq -r '.runtimes.holdfast | keys[]' root/etc/docker/daemon.json) == path ]] # never runtimeArgs
}

@test "a file that cannot be replaced stays, and tries leave no backups" {
  cp root/etc/docker/daemon.json before
  mount --bind before root/etc/docker/daemon.json
  hf install --root root docker
  local first=$status
  hf install --root root docker
  umount root/etc/docker/daemon.json
  [[ $first == 1 && $status == 1 && $stderr == *"cannot replace /etc/docker/daemon.json"* ]]
  [[ $(ls -A root/etc/docker) == daemon.json ]]
}

@test "installs at the same time lose nothing of each other's record" {
  local pids
  for _ in {1..10}; do
    rm -rf root/var root/etc/crio
    pids=()
    for engine in podman containerd docker crio; do
      "$HF_CLI" install --root root "$engine" >/dev/null 3>&- &
      pids+=($!)
    done
    wait "${pids[@]}"
    [[ $(jq '[.files[].engine] | unique | length' root/var/lib/holdfast/installed.json) == 4 ]]
  done
}

@test "one engine that cannot be configured keeps no other from it" {
  echo '{' >root/etc/docker/daemon.json
  hf install --root root auto
  expect 1
  [[ $stderr == *"docker: /etc/docker/daemon.json"* ]]
  [[ $(cat root/etc/docker/daemon.json) == '{' ]]
  [[ -e root/etc/containers/containers.conf.d/50-holdfast.conf && -e root/etc/crio/crio.conf.d/50-holdfast.conf ]]
}

@test "uninstall finds what was configured for engines that are gone, when holdfast is gone as well" {
  hf install --root root auto
  expect 0
  rm root/usr/bin/{podman,crio,dockerd} root/usr/local/bin/holdfast-runtime
  hf uninstall --root root auto
  expect 0
  [[ -z $(find root -name '*holdfast-backup*' -o -name '50-holdfast*' -o -name installed.json) ]]
}

@test "what root writes can be read by ordinary users' engines, whatever the umask" {
  (umask 077 && "$HF_CLI" install --root root podman)
  [[ -z $(find root/etc/containers ! -perm -o=r) ]]
}

@test "a link in the place of a file is left to whoever manages it" {
  mv root/etc/docker/daemon.json root/etc/managed.json
  ln -s ../managed.json root/etc/docker/daemon.json
  hf install --root root docker
  expect 1
  [[ $stderr == *"symbolic link"* && -L root/etc/docker/daemon.json ]]
}

@test "no engine is told of programs that are not there, or that others can change" {
  chmod 0775 root/usr/local/bin
  hf install --root root podman
  expect 1
  [[ $stderr == *"others than root can change /usr/local/bin"* ]]
  chmod 0755 root/usr/local/bin
  rm root/usr/local/libexec/holdfast/holdfast-hook
  hf install --root root podman
  expect 1
  [[ $stderr == *"holdfast-hook is not in "*"install holdfast there first"* ]]
  [[ ! -e root/etc/containers ]]
}

@test "--over chooses the real runtime, else holdfast.json does, else the engine" {
  hf install --root root docker podman
  expect 0
  [[ $(jq -r .runtimes.holdfast.path root/etc/docker/daemon.json) == /usr/local/bin/holdfast-runc ]]
  grep -q '^holdfast = \["/usr/local/bin/holdfast-runtime"\]' root/etc/containers/containers.conf.d/50-holdfast.conf
  mkdir root/etc/holdfast
  echo '{"runtime": "/usr/bin/crun"}' >root/etc/holdfast/holdfast.json
  hf install --root root docker
  expect 0
  [[ $(jq -r .runtimes.holdfast.path root/etc/docker/daemon.json) == /usr/local/bin/holdfast-runtime ]]
  hf install --root root --over crun docker
  expect 1
  [[ $stderr == *"holdfast-crun is not there"* ]]
}

@test "the hook alone is for engines that have hooks" {
  hf install --root root --with hook docker
  expect 1
  [[ $stderr == *"--with runtime"* ]]
  hf install --root root --with hook auto
  expect 0
  [[ $stderr == *"containerd: has no directory of hooks"*"holdfast uninstall docker"* ]]
  hf status --root root --format json
  [[ $(jq -c '[.[] | select(.configured != []) | [.engine, .configured]]' <<<"$output") == \
    '[["podman",["hook"]],["crio",["hook"]]]' ]]
}

@test "status tells what is configured, and its exit code whether that stands" {
  hf status --root root
  expect 0
  hf status --root root podman # named, and not configured
  expect 1
  hf install --root root --default auto
  hf status --root root --format json podman docker containerd crio
  expect 0
  [[ $(jq -c '[.[].configured]' <<<"$output") == \
    '[["runtime","default","hook"],["runtime","default"],["runtime","default"],["runtime","default","hook"]]' ]]
  echo '# mine' >>root/etc/crio/crio.conf.d/50-holdfast.conf
  rm root/etc/containers/oci/hooks.d/50-holdfast-create.json
  hf status --root root
  expect 1
  grep -q 'changed .*/etc/crio/crio.conf.d/50-holdfast.conf' <<<"$output"
  grep -q 'missing .*/etc/containers/oci/hooks.d/50-holdfast-create.json' <<<"$output"
  hf install --root root --default podman # puts back what is missing
  expect 0
  hf install --root root --default crio # and leaves what was changed
  expect 1
  [[ $stderr == *"--force"* ]]
}

@test "status tells of programs that are gone, and goes on without a record that cannot be read" {
  hf install --root root podman docker
  rm root/usr/local/bin/holdfast-runc
  hf status --root root podman
  expect 0
  hf status --root root docker
  expect 1
  grep -q 'no program .*daemon.json: /usr/local/bin/holdfast-runc is not there' <<<"$output"
  echo '{' >root/var/lib/holdfast/installed.json
  hf status --root root podman
  expect 1
  [[ $stderr == *"remove /var/lib/holdfast/installed.json"* ]]
  grep -q 'by hand .*50-holdfast.conf' <<<"$output"
}

@test "containerd without CRI has nothing to configure: a failure for who names it" {
  echo 'disabled_plugins = ["cri"]' >root/etc/containerd/config.toml
  hf install --root root containerd
  expect 1
  [[ $stderr == *"disables CRI"*"--runc-binary"* ]]
  hf install --root root auto
  expect 0
  [[ $stderr == *"disables CRI"* ]]
}

@test "the plain files in contrib are what install writes" {
  rm root/etc/docker/daemon.json root/etc/containerd/config.toml
  hf install --root root auto
  expect 0
  diff "$HF_ROOT/contrib/docker/daemon.json" root/etc/docker/daemon.json
  diff "$HF_ROOT/contrib/containerd/config.toml" root/etc/containerd/config.toml
  diff "$HF_ROOT/contrib/podman/50-holdfast.conf" root/etc/containers/containers.conf.d/50-holdfast.conf
  diff "$HF_ROOT/contrib/crio/50-holdfast.conf" root/etc/crio/crio.conf.d/50-holdfast.conf
  local file
  for file in 50-holdfast-{create,poststop}.json; do
    diff "$HF_ROOT/contrib/podman/$file" "root/etc/containers/oci/hooks.d/$file"
    diff "$HF_ROOT/contrib/podman/$file" "root/etc/crio/hooks.d/$file"
  done
  file=50-holdfast-precreate.json # a stage that podman alone knows
  diff "$HF_ROOT/contrib/podman/$file" "root/etc/containers/oci/precreate.d/$file"
  [[ $(find root/etc -name "$file" | wc -l) == 1 ]]
}

# --- what the engines make of it ---------------------------------------------------------------

# with_root COMMAND…: where root's /etc/containers, /usr/local/bin and /usr/local/libexec are the
# system's, and podman's state is nobody's.
with_root() {
  cp -an /etc/containers/. root/etc/containers/
  # shellcheck disable=SC2016 # for the inner shell
  unshare -m --propagation private bash -euc '
    mkdir -p /usr/local/libexec
    for dir in /etc/containers /usr/local/bin /usr/local/libexec; do
      mount --bind "$PWD/root$dir" "$dir"
    done
    mount -t tmpfs tmpfs /var/lib/containers
    mount -t tmpfs tmpfs /run
    "$@"' with_root "$@" 3>&-
}

runtime_of() { with_root podman "$@" info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'; }

@test "podman takes the runtime, and keeps its own" {
  command -v podman >/dev/null || skip "podman is not installed"
  hf install --root root podman
  [[ $(runtime_of --runtime holdfast) == "holdfast /usr/local/bin/holdfast-runtime" ]]
  [[ $(runtime_of) == @(crun|runc)" "* ]]
  hf install --root root --default podman
  [[ $(runtime_of) == "holdfast /usr/local/bin/holdfast-runtime" ]]
  [[ $(runtime_of --runtime runc) == "runc "* ]]
}

@test "podman calls the hook for containers that ask for it, and for all by --default" {
  command -v podman >/dev/null || skip "podman is not installed"
  # A hook that only says that it was called.
  cat >root/usr/local/libexec/holdfast/holdfast-hook <<'SH'
#!/bin/sh
if [ "$1" = precreate ]; then cat; else cat >/dev/null; fi
echo "$*" >>/run/called
SH
  mkdir image && cp "$(command -v busybox)" image/busybox
  printf 'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "true"]\n' >image/Containerfile
  cat >in-root <<'SH'
podman build -q -t image image >/dev/null
go() {
  podman --cgroup-manager=cgroupfs --events-backend=file run --ulimit host --network none --rm --runtime runc "$@" image
}
for option in env=a=b annotation=io.holdfast.profile=default; do
  rm -f /run/called
  go --${option/=/ } >/dev/null 2>&1 || true # whether the container can run here is another question
  echo "$option: $(grep -c createRuntime /run/called 2>/dev/null || true)"
done
SH
  hf install --root root podman
  run with_root bash -eu in-root
  [[ $output == $'env=a=b: \nannotation=io.holdfast.profile=default: 1' ]] || {
    echo "$output" >&2
    return 1
  }
  hf install --root root --default podman
  run with_root bash -eu in-root
  [[ $output == $'env=a=b: 1\nannotation=io.holdfast.profile=default: 1' ]] || {
    echo "$output" >&2
    return 1
  }
}

# dumped KEY: its value in what containerd makes of root's config.toml, of all tables.
dumped() {
  containerd --config root/etc/containerd/config.toml config dump 2>/dev/null | sed -n "s/^ *$1 = //p"
}

dumped_whole() { containerd --config root/etc/containerd/config.toml config dump 2>/dev/null; }

@test "containerd takes the runtime with the options of its own, and keeps the rest" {
  command -v containerd >/dev/null || skip "containerd is not installed"
  hf install --root root containerd
  dumped BinaryName | grep -qx '"/usr/local/bin/holdfast-runc"'
  dumped pod_annotations | grep -qxF '["io.holdfast.*"]'
  dumped container_annotations | grep -qxF '["io.holdfast.*"]'
  [[ $(dumped SystemdCgroup | grep -c true) == 2 ]]
  [[ $(dumped sandbox_image) == '"registry.example/pause:1"' ]]
  dumped_whole >with
  hf uninstall --root root containerd
  dumped_whole >without
  run diff without with
  [[ $output != *'< '* && $output == *'> '* ]] # nothing but what was added
  hf install --root root containerd
  [[ $(dumped default_runtime_name) == '"runc"' ]]
  hf install --root root --default containerd
  [[ $(dumped default_runtime_name) == '"holdfast"' ]]
  rm root/etc/containerd/config.toml
  hf install --root root --default --force containerd
  [[ $(dumped default_runtime_name) == '"holdfast"' ]]
  [[ $(dumped runtime_type | grep -c 'io.containerd.runc.v2') == 2 ]] # runc is there as well
}

@test "dockerd takes the runtime" {
  command -v dockerd >/dev/null || skip "dockerd is not installed"
  dockerd --help | grep -q -- --validate || skip "this dockerd has no --validate"
  hf install --root root --default docker
  dockerd --validate --config-file root/etc/docker/daemon.json
}

# --- ordinary users ----------------------------------------------------------------------------

@test "an ordinary user gets podman's configuration in the home directory, and no other" {
  local user=(setpriv --reuid 65534 --regid 65534 --clear-groups env -i "HOME=/tmp/hf-home-$$" "PATH=$PATH")
  "${user[@]}" "$HF_CLI" --version >/dev/null 2>&1 || skip "the build directory is not for other users"
  mkdir "/tmp/hf-home-$$" && chown 65534 "/tmp/hf-home-$$"
  run --separate-stderr "${user[@]}" "$HF_CLI" install podman
  local rc=$status written
  written=$(cd "/tmp/hf-home-$$" && find . -type f | sort)
  run --separate-stderr "${user[@]}" "$HF_CLI" install docker
  local docker=$stderr
  run --separate-stderr "${user[@]}" "$HF_CLI" uninstall auto
  local left
  left=$(find "/tmp/hf-home-$$" -type f)
  rm -rf "/tmp/hf-home-$$"
  [[ $rc == 0 && $written == './.config/containers/containers.conf.d/50-holdfast.conf
./.config/containers/oci/hooks.d/50-holdfast-create.json
./.config/containers/oci/hooks.d/50-holdfast-poststop.json
./.config/containers/oci/precreate.d/50-holdfast-precreate.json
./.local/state/holdfast/installed.json' ]]
  [[ $docker == *"docker is configured by root"* ]]
  [[ -z $left ]]
}
