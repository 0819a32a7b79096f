#!/usr/bin/env bats
# Rootless podman, as an ordinary user, with the system's monitor: what a user's containers get, what other
# users see of them, and what a user cannot have the monitor do.
load lib
load engines

OWNER=4100 OTHER=4101
HOMES=/run/hf-homes

setup_file() {
  [[ -n ${HOLDFAST_VM:-} ]] || skip "changes the machine's own configuration: for VMs"
  hf_setup
  require_command podman
  require_command newuidmap
  hf_monitor_start
  engine_archive
  mount --make-rshared /
  modprobe -q fuse || true
  chmod 666 /dev/fuse
  echo "+memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
  make_user "$OWNER"
  make_user "$OTHER"
  as "$OWNER" podman load -q <"$HF_DIR/image.tar"
  "$HF_CLI" install podman --with runtime >"$HF_DIR/install" 2>&1
  engine_runs runtime --cap-add=SYS_ADMIN --annotation=
  "$HF_CLI" install podman --with both >"$HF_DIR/install-both" 2>&1
  in_engine hook alone --annotation=io.holdfast.profile=engine -- echo container ran
  engine_runs both --cap-add=SYS_ADMIN --annotation=
  in_engine both keep-id --userns=keep-id -- sh -c 'id -u; attack creat /usr/bin/new'
  stay "$OWNER" kept
}

teardown_file() {
  as "$OWNER" podman rm --all --force >/dev/null 2>&1 || true
  "$HF_CLI" uninstall podman >/dev/null 2>&1 || true
  hf_teardown
}

# An account with a range of user ids, a home, and a cgroup that is delegated to it.
make_user() {
  local uid=$1 home=$HOMES/$1 cgroup=/sys/fs/cgroup/user-$1
  echo "u$uid:x:$uid:$uid::$home:/bin/bash" >>/etc/passwd
  echo "u$uid:x:$uid:" >>/etc/group
  echo "u$uid:$((100000 + uid * 65536)):65536" | tee -a /etc/subuid >>/etc/subgid
  mkdir -p "$home/.config/containers" "/run/user/$uid" "$cgroup"
  storage >"$home/.config/containers/storage.conf"
  chown -R "$uid:$uid" "$home" "/run/user/$uid"
  chmod 700 "/run/user/$uid"
  echo "+memory +pids" >"$cgroup/cgroup.subtree_control"
  mkdir "$cgroup/shell"
  chown "$uid:$uid" "$cgroup" "$cgroup"/cgroup.{procs,threads,subtree_control} "$cgroup/shell" "$cgroup/shell"/cgroup.*
}

# Without user.* attributes on tmpfs (before Linux 6.6) overlayfs cannot be mounted by a user there.
storage() {
  printf '[storage]\ndriver = "overlay"\n'
  touch "$HOMES/probe"
  setfattr -n user.holdfast -v 1 "$HOMES/probe" 2>/dev/null ||
    printf '[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"\n'
}

# as UID COMMAND…: from the user's own shell, as far as the kernel can tell.
as() {
  local uid=$1
  shift
  (
    echo "$BASHPID" >"/sys/fs/cgroup/user-$uid/shell/cgroup.procs"
    cd /
    exec setpriv --reuid "$uid" --regid "$uid" --clear-groups env -i "HOME=$HOMES/$uid" "XDG_RUNTIME_DIR=/run/user/$uid" \
      PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" 3>&-
  )
}

podman_as() { as "$1" podman --cgroup-manager cgroupfs --events-backend file "${@:2}"; }

podman_for_test() { as "$OWNER" podman "$@"; }

in_engine() { run_podman "$@"; }

stay() {
  podman_as "$1" run -d --name "$2" --network none --runtime=holdfast "$ENGINE_IMAGE" sleep 1000 >"$HF_DIR/$2.id" </dev/null
}

inspect() { podman_as "$1" inspect --format "{{$3}}" "$2"; }

# ask UID JSON [PATH]: sends a request to the monitor, as somebody who knows the protocol would, with PATH
# open as the root file system that it names; prints the answer.
ask() {
  as "$1" /usr/bin/python3 -c 'import json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/holdfast/monitor.sock")
request = json.loads(sys.argv[1])
if len(sys.argv) > 2:
    request["rootfs_fd"] = os.open(sys.argv[2], os.O_PATH)
s.send(json.dumps(request).encode())
print(s.recv(1 << 17).decode())' "${@:2}"
}

# registration ID PID CGROUP: one that would have the host's use of the rootfs end in SIGKILL.
registration() {
  jq -c --arg id "$1" --argjson pid "$2" --arg cgroup "$3" '.request | .container.id = $id | .pid = $pid | .cgroup = $cgroup |
    .policy.action["escape.host-exec"] = "kill"' "/run/holdfast/containers/$OWNER/$(cat "$HF_DIR/kept.id").json"
}

cgroup_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

@test "rootless podman: a program that does nothing wrong runs as ever" {
  assert_benign runtime
  assert_benign both
}

@test "rootless podman: what is refused is told with name, image and user" {
  assert_guarded runtime podman web-runtime "$ENGINE_IMAGE"
  assert_guarded both podman web-both "$ENGINE_IMAGE"
  [[ $(jq -r 'select(.container.name == "web-runtime").container.user' "$HF_ALERTS" | sort -u) == "$OWNER" ]]
}

@test "rootless podman: a user namespace of the container's own, below podman's, is the user's too" {
  ended keep-id 1 "$OWNER
creat: EROFS"
  [[ $(jq -r 'select(.container.name == "keep-id" and .class == "rootfs.create").action' "$HF_ALERTS") == denied ]]
}

@test "rootless podman: a container that is refused says why in one line" {
  assert_refused runtime 126 'there is no profile "nosuch"'
  [[ $(wc -l <"$HF_DIR/refused-runtime/err") -eq 1 ]]
}

@test "rootless podman: the hook alone refuses a container that shares the cgroup of the user's shell" {
  # runc makes one beside the caller's by itself.
  if [[ $RUNTIME == runc ]]; then
    ended alone 0 "container ran"
  else
    ended alone 126 ""
  fi
}

@test "rootless podman: a container has a cgroup of its own, and what enters it is guarded" {
  local pid
  pid=$(inspect "$OWNER" kept .State.Pid)
  [[ $(cgroup_of "$pid") == "/user-$OWNER/holdfast-$(cat "$HF_DIR/kept.id")"* ]]
  run podman_as "$OWNER" exec kept attack creat /usr/bin/by-exec -- mount-tmpfs /mnt
  [[ $output == *"creat: EROFS"*"mount-tmpfs: EPERM"* ]]
  assert_alert "$(cat "$HF_DIR/kept.id")" rootfs.create denied "$(path_is /usr/bin/by-exec)"
}

@test "a user sees own containers, and nobody else's" {
  [[ $(as "$OWNER" "$HF_CLI" ps --json | jq -r '.[].name') == kept ]]
  [[ $(as "$OTHER" "$HF_CLI" ps --json) == "[]" ]]
  [[ $("$HF_CLI" ps --json | jq -r '.[] | "\(.name) \(.user)"') == "kept $OWNER" ]]
}

@test "a user is shown the alerts of own containers, and nobody else's" {
  [[ -n $(as "$OWNER" "$HF_CLI" events --json | jq -c 'select(.container.name == "web-both" and .class == "escape.mount")') ]]
  [[ -z $(as "$OTHER" "$HF_CLI" events --json) ]]
}

@test "a user cannot forget, freeze or enter another's container" {
  local id
  id=$(cat "$HF_DIR/kept.id")
  ask "$OTHER" "$(jq -nc --arg id "$id" '{version: 1, op: "unregister", id: $id}')"
  run ask "$OTHER" "$(jq -nc --arg id "$id" '{version: 1, op: "respond", id: $id, response: "freeze"}')"
  [[ $output == *"no container $id is guarded"* ]]
  [[ $("$HF_CLI" ps --json | jq -r '.[].id') == "$id" ]]
}

@test "a user may freeze and thaw own containers" {
  as "$OWNER" "$HF_CLI" respond freeze kept
  as "$OWNER" "$HF_CLI" respond thaw kept
}

@test "a user cannot have registered what is not the user's" {
  local pid cgroup
  pid=$(inspect "$OWNER" kept .State.Pid)
  cgroup=$(cgroup_of "$pid")
  # A process of the host, a process of another user's container, and a descriptor that is missing.
  run ask "$OTHER" "$(registration x $$ "$(cgroup_of $$)")" /
  [[ $output == *"is in no user namespace of the user $OTHER"* ]]
  run ask "$OTHER" "$(registration x "$pid" "$cgroup")" /
  [[ $output == *"is in no user namespace of the user $OTHER"* ]]
  run ask "$OWNER" "$(registration x "$pid" "$cgroup")"
  [[ $output == *"must be named by a descriptor"* ]]
  # The host's programs as a rootfs: none of them may be refused to the host.
  run ask "$OWNER" "$(registration x "$pid" "$cgroup")" /usr
  [[ $output == *"neither mounted by the user $OWNER nor a directory of theirs"* ]]
  # Everything that the user has, in one cgroup.
  run ask "$OWNER" "$(registration x "$pid" "/user-$OWNER")" /usr
  [[ $output == *"is in the cgroup $cgroup, not in /user-$OWNER"* ]]
  [[ $("$HF_CLI" ps --json | jq length) -eq 1 ]]
}

@test "an id that root's container has is no hindrance for root" {
  # shellcheck disable=SC2119
  local id=same-id
  hf_bundle "$id" --overlay --script <(echo 'sleep 1000')
  hf_background "$id"
  run ask "$OWNER" "$(jq -nc --arg id "$id" --argjson pid "$(hf_container_pid "$id")" '{version: 1, op: "unregister", id: $id, pid: $pid}')"
  [[ $("$HF_CLI" ps --json | jq -r '.[].id' | sort) == *"$id"* ]]
  hf_stop "$id"
}

@test "rootless podman: nothing is left of containers" {
  podman_as "$OWNER" rm --force --time 0 kept
  assert_nothing_left
}
