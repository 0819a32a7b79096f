#!/bin/bash
# Installs the Debian packages that a task needs: see usage below. It says nothing when nothing is
# missing, so that other scripts can call it every time.
set -euo pipefail

build_packages=(g++ meson ninja-build pkg-config clang-19 bpftool libbpf-dev libelf-dev zlib1g-dev
  libseccomp-dev libcgroup-dev nettle-dev nlohmann-json3-dev libcli11-dev libfmt-dev libvalijson-dev
  libtomlplusplus-dev libcurl4-openssl-dev libsystemd-dev prometheus-cpp-dev)
# What a guarded container needs at run time, and jq to edit its config.json.
run_packages=(runc busybox-static jq libseccomp2 libcgroup2)
test_packages=(libgtest-dev bats jq busybox-static runc crun codespell shellcheck clang-format clang-tidy git
  attr e2fsprogs strace util-linux procps kmod rsyslog rsyslog-openssl openssl python3 xxd curl iproute2)
# clang++'s libFuzzer and sanitizers.
fuzz_packages=(clang-19 libclang-rt-19-dev)
vm_packages=(qemu-system-x86 kmod cpio busybox-static xz-utils zstd podman uidmap fuse-overlayfs buildah systemd-sysv
  dbus python3-grpcio protobuf-compiler)

usage() {
  cat <<USAGE
usage: ${0##*/} [build|test|run|fuzz|vm]…
Installs, as root, the Debian packages that a task needs (default: build), and says nothing when
nothing is missing.
  build   what compiles holdfast
  test    what tests/run.sh needs, but for the machines
  run     what a guarded container needs
  fuzz    what tests/fuzz/run needs beside build and test
  vm      what the test machines of tests/vm/run need
  --help  this text
USAGE
}

# wrong SENTENCE: what is wrong with the command line, then how it should be.
wrong() {
  echo "${0##*/}: $1" >&2
  usage >&2
  exit 2
}

packages_for() {
  case $1 in
    build) printf '%s\n' "${build_packages[@]}" ;;
    test) printf '%s\n' "${test_packages[@]}" ;;
    run) printf '%s\n' "${run_packages[@]}" ;;
    fuzz) printf '%s\n' "${fuzz_packages[@]}" ;;
    vm)
      printf '%s\n' "${vm_packages[@]}"
      # Debian's would take the place of Docker's own packages.
      command -v dockerd >/dev/null || printf '%s\n' docker.io containerd
      ;;
    *) wrong "unknown task '$1'" ;;
  esac
}

# dpkg-query rather than apt: it takes milliseconds and needs neither root nor package lists.
missing_of() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' || true)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

# Mirrors and proxies fail now and then; three tries with a pause are enough for all but a real outage.
retry() {
  local try
  for try in 1 2 3; do
    "$@" && return 0
    sleep $((try * 5))
  done
  return 1
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  # Another apt on the machine holds its lock for a while; waiting beats failing.
  local apt=(apt-get -q -o DPkg::Lock::Timeout=300)
  retry "${apt[@]}" update >&2
  retry "${apt[@]}" install -y --no-install-recommends "$@" >&2
}

main() {
  local kinds=("$@") wanted=() missing=() kind list
  case ${1:-} in
    --help | -h) usage && exit ;;
  esac
  ((${#kinds[@]})) || kinds=(build)
  for kind in "${kinds[@]}"; do
    list=$(packages_for "$kind")
    mapfile -t -O "${#wanted[@]}" wanted <<<"$list"
  done
  mapfile -t missing < <(missing_of "${wanted[@]}")
  ((${#missing[@]})) || return 0

  if ! command -v apt-get >/dev/null; then
    echo "${0##*/}: this is not a Debian system; install the equivalents of: ${missing[*]}" >&2
    exit 1
  fi
  if ((EUID != 0)); then
    echo "${0##*/}: packages are missing and only root can install them; run:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  echo "${0##*/}: installing ${missing[*]}" >&2
  if ! install "${missing[@]}"; then
    echo "${0##*/}: apt-get could not install ${missing[*]}; see its messages above" >&2
    exit 1
  fi
}

main "$@"
