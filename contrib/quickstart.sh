#!/bin/bash
# From a fresh Debian 12 to a guarded container: installs what is missing, builds, makes a busybox
# bundle and runs it under holdfast-runtime with the profile immutable. The container then tries what
# attackers try; the alerts that made are printed.
#
#   sudo contrib/quickstart.sh         on this machine's kernel
#   sudo contrib/quickstart.sh --vm    in a VM with Debian's kernel, which has BPF LSM
#
# Nothing stays but packages and the build directory. Exit code 0: every expected alert came.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
build=${HOLDFAST_BUILD:-$root/build}
cd "$root"

usage() {
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

say() { printf '\n== %s\n' "$*"; }

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

build_programs() {
  local programs=(src/cli/holdfast shim/holdfast-runtime hook/holdfast-hook)
  [[ -f $build/build.ninja ]] || meson setup -Dtests=false "$build" >/dev/null
  ninja -C "$build" "${programs[@]}" >"$build/quickstart.log" 2>&1 || {
    tail -n 40 "$build/quickstart.log" >&2
    die "the build failed; its log is $build/quickstart.log"
  }
}

# What the container runs. It has CAP_SYS_ADMIN, as in a careless deployment, so that what refuses to
# mount is holdfast and not a missing capability. The read-only paths of runc spec stay: a script for
# trying things out must not be able to change this machine's core_pattern, whatever fails.
# shellcheck disable=SC2016  # for the container's shell
attack_script='
try() { echo "   \$ $1"; sh -c "$1" 2>&1 | sed "s/^/     /"; }
try "echo changed > /etc/passwd"
try "touch /usr/bin/implant"
try "mount -t tmpfs none /mnt"
try "unshare -U true"
try "echo /implant > /proc/sys/kernel/core_pattern"
try "cp /bin/busybox /data/true && /data/true && echo it ran"
'

make_bundle() {
  local work=$1
  mkdir -p "$work/data"
  echo "$attack_script" >"$work/script.sh"
  contrib/dev/make-bundle "$work/bundle" --overlay --profile immutable \
    --caps CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_MKNOD,CAP_SYS_ADMIN \
    --mount "$work/data:/data" --script "$work/script.sh"
}

mount_namespace() { readlink /proc/self/ns/mnt; }

# /etc/holdfast and its like become a tmpfs of this script's own mount namespace.
hide_system_directories() {
  local dir
  if [[ -z ${HOLDFAST_VM:-} && ${QUICKSTART_OUTSIDE:-$(mount_namespace)} == "$(mount_namespace)" ]]; then
    die "--inside is for this script itself: it would hide the machine's own /etc/holdfast"
  fi
  for dir in /etc/holdfast /run/holdfast /var/log/holdfast; do
    mkdir -p "$dir"
    mount -t tmpfs -o mode=755 tmpfs "$dir"
  done
  mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
}

configure() {
  jq -n --arg cli "$build/src/cli/holdfast" --arg profiles "$root/profiles" --arg runc "$(command -v runc)" \
    --arg alerts "$1/alerts.jsonl" '{
      runtime: $runc,
      monitor: {binary: $cli, alerts: $alerts, linger_s: 1},
      profiles: {path: [$profiles]}
    }' >/etc/holdfast/holdfast.json
}

# One line an alert: what was done about it, its class, the process and the object.
print_alerts() {
  printf '%-9s %-25s %-20s %s\n' ACTION CLASS PROCESS OBJECT
  jq -r 'select(.kind == "alert") | [
      (if .object.result and .action == "alerted" then "refused" else .action end), .class,
      ((.process.exe // .process.comm // "?") + "[" + (.process.pid | tostring) + "]"),
      ([.object.operation, .object.path, ((.object.flags // []) | join("|"))] | map(select(. != null and . != "")) | join(" "))
    ] | @tsv' "$1" |
    while IFS=$'\t' read -r action class process object; do
      printf '%-9s %-25s %-20s %s\n' "$action" "$class" "$process" "$object"
    done
}

has_class() { jq -e -s --arg class "$2" 'any(.[]; .class | startswith($class))' "$1" >/dev/null; }

# Every class that the container's doings belong to. The last alert may still be on its way.
missing_classes() {
  local file=$1 class patience=50
  for class in rootfs. escape.mount escape.namespace escape.kernel-interface drift.exec; do
    until has_class "$file" "$class"; do
      if ((--patience < 0)); then
        echo "$class"
        break
      fi
      sleep 0.2
    done
  done
}

# Leaves no monitor and no mount behind.
clean_up() {
  local work=$1
  sleep 2 # the monitor leaves a second after the last container
  umount "$work/bundle/rootfs" 2>/dev/null || true
  if ! mountpoint -q "$work/bundle/rootfs"; then
    rm -rf "$work"
  fi
}

show() {
  local work=$1 backend missing
  say "a container, guarded from its creation, tries this:"
  "$build/shim/holdfast-runtime" run --bundle "$work/bundle" quickstart </dev/null || true
  touch "$work/alerts.jsonl"
  missing=$(missing_classes "$work/alerts.jsonl")
  say "the alerts"
  print_alerts "$work/alerts.jsonl"
  backend=$(jq -r -s 'map(.backend)[0] // "none"' "$work/alerts.jsonl")
  say "the back end in force: $backend"
  case $backend in
    lsm | modify-return) echo "The kernel refused what the profile denies, and told." ;;
    tracepoint) echo "This kernel takes no LSM programs: seccomp and a read-only root refused, the kernel told." ;;
  esac
  if [[ -n $missing ]]; then
    echo "${0##*/}: no alert of class: ${missing//$'\n'/, }" >&2
    return 1
  fi
}

inside() {
  local work status=0
  work=$(mktemp -d /var/tmp/holdfast-quickstart.XXXXXX)
  hide_system_directories
  configure "$work"
  make_bundle "$work"
  show "$work" || status=$?
  clean_up "$work"
  return $status
}

main() {
  case ${1:-} in
    "") ;;
    --vm) ;;
    --inside)
      inside
      exit
      ;;
    *) usage ;;
  esac
  ((EUID == 0)) || die "needs root, for containers and BPF: sudo $0 $*"
  local kinds=(build run)
  [[ -z ${1:-} ]] || kinds+=(vm)
  contrib/dev/deps.sh "${kinds[@]}"
  say "building in $build"
  build_programs
  if [[ ${1:-} == --vm ]]; then
    exec tests/vm/run --build "$build" -- contrib/quickstart.sh --inside
  fi
  QUICKSTART_OUTSIDE=$(mount_namespace) exec unshare -m --propagation private "$0" --inside
}

main "$@"
