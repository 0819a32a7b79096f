# Shared by the Bats files that run Debian's programs (programs.bats, images.bats); after lib.bash. A
# file's setup_file calls programs_setup, its teardown_file programs_teardown.
# shellcheck shell=bash

# What Docker and podman give a container.
CAPABILITIES=CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_KILL,CAP_MKNOD,CAP_NET_BIND_SERVICE,CAP_NET_RAW
CAPABILITIES+=,CAP_SETFCAP,CAP_SETGID,CAP_SETPCAP,CAP_SETUID,CAP_SYS_CHROOT,CAP_AUDIT_WRITE

# What fetch-programs fetched, as a layer above this machine's root file system. All directories of an
# overlay must lie apart from each other: / is one of them.
HF_PROGRAMS=$HF_DIR/programs

# programs_setup [DIRECTORY]…: all of it, but for these directories, which take memory.
programs_setup() {
  mount -t tmpfs tmpfs "$HF_DIR"
  hf_setup
  hf_monitor_start
  mkdir "$HF_PROGRAMS"
  tar -C "$HF_PROGRAMS" "${@/#/--exclude=./}" -xf "$("$BATS_TEST_DIRNAME/fetch-programs")"
  # What packages add when they are installed.
  cp /etc/passwd /etc/group "$HF_PROGRAMS/etc"
  # Start-up files of this machine's user are no part of an image.
  mkdir -p "$HF_PROGRAMS/root"
  touch "$HF_PROGRAMS/root/.bashrc" "$HF_PROGRAMS/root/.profile"
  add_account sshd 22
  add_account redis 971
  add_account postgres 972
}

programs_teardown() {
  hf_teardown
  umount "$HF_DIR"
}

# add_account NAME ID: in the image, where this machine does not have it.
add_account() {
  ! grep -q "^$1:" "$HF_PROGRAMS/etc/passwd" || return 0
  echo "$1:x:$2:$2::/run/$1:/usr/sbin/nologin" >>"$HF_PROGRAMS/etc/passwd"
  echo "$1:x:$2:" >>"$HF_PROGRAMS/etc/group"
}

# alerts_of ID [FILTER]: what somebody would be called for.
alerts_of() {
  [[ -e $HF_ALERTS ]] || return 0
  jq -c --arg id "$1" "select(.container.id == \$id and .kind == \"alert\") | select(${2:-true})
    | [.severity, .class, .action, .process.exe, .object.path]" "$HF_ALERTS"
}

hf_gone() { [[ -z $("$HF_CLI" ps --json | jq -r --arg id "$1" '.[] | select(.id == $id).id') ]]; }

# silent ID [FILTER]: no alert at all.
silent() {
  local found
  found=$(alerts_of "$@")
  [[ -z $found ]] || {
    echo "$1 was told:" >&2
    echo "$found" >&2
    return 1
  }
}

# volume NAME: makes a directory for a mount, and prints its path.
volume() {
  mkdir -p "$HF_DIR/volumes/$1"
  echo "$HF_DIR/volumes/$1"
}
