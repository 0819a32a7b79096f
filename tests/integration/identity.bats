#!/usr/bin/env bats
# Whose a process is: a container's own by descent and by entering its cgroup, whatever cgroup,
# namespace, parent or thread it has gone to since; and nobody else's is. What each trick ends with
# is a change of the rootfs, which must be refused and told of the right container.
load lib

ATTACK=$HF_BUILD/tests/attack/attack
CGROUPS=/sys/fs/cgroup/hf-test
# Deeper than anybody nests cgroups.
DEEP=in$(printf '/d%.0s' {1..40})

# tricks CGROUPS OWN ATTACK PREFIX: lines LABEL OPERATIONS. CGROUPS is the directory of test cgroups,
# OWN the caller's own among them, ATTACK the test program to execute; each ends with making a file
# whose name is PREFIX and the label.
tricks() {
  local cgroups=$1 own=$1/$2 program=$3 at=$4
  cat <<SCRIPT
nested cgroup-move $own/in -- creat ${at}nested
deep cgroup-move $own/$DEEP -- creat ${at}deep
root cgroup-move $cgroups/.. -- creat ${at}root
root-child cgroup-move $cgroups/.. -- fork -- creat ${at}root-child
root-exec cgroup-move $cgroups/.. -- become $program creat ${at}root-exec
back cgroup-move $cgroups/.. -- cgroup-move $own -- creat ${at}back
neighbour cgroup-move $cgroups/neighbour -- creat ${at}neighbour
neighbour-exec cgroup-move $cgroups/neighbour -- become $program creat ${at}neighbour-exec
born clone-into-cgroup $cgroups/.. -- creat ${at}born
born-neighbour clone-into-cgroup $cgroups/neighbour -- creat ${at}born-neighbour
daemon daemonize -- creat ${at}daemon
thread thread -- creat ${at}thread
thread-exec thread -- become $program creat ${at}thread-exec
outlive outlive -- creat ${at}outlive
outlive-exec outlive -- become $program creat ${at}outlive-exec
namespaces unshare user,pid,mnt -- fork -- creat ${at}namespaces
namespaces-twice unshare user,pid -- fork -- unshare user,pid,mnt -- fork -- daemonize -- creat ${at}namespaces-twice
SCRIPT
}

labels() { tricks "" "" "" "" | cut -d' ' -f1; }

# A container that waits, and can be entered.
waiting() {
  local id=$1
  shift
  hf_bundle "$id" --overlay --attack --caps all "$@" -- sleep 600
  hf_background "$id"
}

# inside ID OPERATION…: by the real runtime, as somebody would who wants to get round the shim.
inside() {
  local id=$1
  shift
  "$RUNTIME" exec "$id" attack "$@" 2>&1 3>&- | tr '\n' ' ' || true
}

roam() {
  {
    echo "mkdir -p /cgroup/hf-test/roam/$DEEP"
    echo 't rename rename /cgroup/hf-test/roam/in /cgroup/hf-test/roam/out -- creat /by-rename'
    tricks /cgroup/hf-test roam /bin/attack /by- | sed 's/^/t /'
    tricks /cgroup/hf-test roam /bin/attack /dev/shm/by- | sed 's/^/t shm-/'
  } | hf_attack roam --profile roaming --caps all --mount /sys/fs/cgroup:/cgroup
}

# The host does what the container did, to the root file system of another container.
roam_on_host() {
  local label operations
  mkdir -p "$CGROUPS/host/$DEEP"
  while read -r label operations; do
    # shellcheck disable=SC2086  # words
    echo "$label $("$ATTACK" $operations 2>&1 | tr '\n' ' ')"
  done < <(tricks "$CGROUPS" host "$ATTACK" "$HF_DIR/neighbour/rootfs/by-host-") >"$HF_DIR/on-host"
}

# Two containers that share a pid namespace, as those of a pod may.
pod() {
  waiting pod-a --profile immutable
  # shellcheck disable=SC2016  # jq's
  hf_attack pod-b --profile immutable --caps all --edit ".linux.namespaces |= map(
    if .type == \"pid\" then .path = \"/proc/$(hf_container_pid pod-a)/ns/pid\" else . end)" <<'SCRIPT'
t see kill 1 0
t trace ptrace 1
t own daemonize -- creat /by-pod-b
SCRIPT
  inside pod-a daemonize -- creat /by-pod-a >"$HF_DIR/pod-a/inside"
}

# A process of the host that a container pulls into its own cgroup, and what it does afterwards.
pull() {
  waiting hostpid --profile immutable --host pid --mount /sys/fs/cgroup:/cgroup
  (
    rc=0
    until [[ -e $HF_DIR/go ]]; do sleep 0.2; done
    "$HF_DIR/hostpid/rootfs/bin/busybox" true || rc=$?
    echo "$rc" >"$HF_DIR/victim.rc"
  ) 3>&- >/dev/null 2>&1 &
  echo $! >"$HF_DIR/victim.pid"
  inside hostpid cgroup-move /cgroup/hf-test/hostpid "$(cat "$HF_DIR/victim.pid")" \
    >"$HF_DIR/hostpid/pulled"
  touch "$HF_DIR/go"
  inside hostpid daemonize -- creat /by-hostpid >"$HF_DIR/hostpid/inside"
  wait_until test -s "$HF_DIR/victim.rc"
}

# What administrators of the host do with a container's cgroup and namespaces.
administer() {
  local pid
  pid=$(hf_container_pid neighbour)
  "$ATTACK" cgroup-move "$CGROUPS/neighbour" -- creat "$HF_DIR/by-attached" -- \
    become "$HF_DIR/neighbour/rootfs/bin/attack" creat "$HF_DIR/neighbour/rootfs/by-attached" \
    >"$HF_DIR/attached" 2>&1 || true
  "$ATTACK" cgroup-move "$CGROUPS/neighbour" -- setns-pidfd "$pid" mnt -- \
    become /bin/attack creat /by-entered >"$HF_DIR/entered" 2>&1 || true
  "$ATTACK" setns-pidfd "$pid" mnt -- creat /by-visitor >"$HF_DIR/visitor" 2>&1 || true
  "$ATTACK" clone-into-cgroup "$CGROUPS/neighbour" -- setns-pidfd "$pid" mnt -- \
    become /bin/attack creat /by-born >"$HF_DIR/born" 2>&1 || true
  inside neighbour daemonize -- creat /by-exec >"$HF_DIR/inside"
}

# Its cgroup's path is somebody else's afterwards.
go() {
  waiting gone --profile immutable
  stat -c %i "$CGROUPS/gone" >"$HF_DIR/gone/cgroup-id"
  hf_stop gone
  mkdir "$CGROUPS/gone"
  stat -c %i "$CGROUPS/gone" >"$HF_DIR/gone/later-id"
  "$ATTACK" cgroup-move "$CGROUPS/gone" -- creat "$HF_DIR/gone/rootfs/by-nobody" -- \
    become "$HF_DIR/gone/rootfs/bin/attack" creat "$HF_DIR/gone/rootfs/by-nobody-exec" \
    >"$HF_DIR/gone/nobody" 2>&1 || true
  rmdir "$CGROUPS/gone"
  hf_attack later --profile immutable --cgroup /hf-test/gone <<'SCRIPT'
t own creat /by-later
SCRIPT
}

# Its init has gone as deep as it could, and left its cgroup unable to hold a process: runc exec
# follows the init then.
nest() {
  hf_bundle nest --overlay --attack --profile immutable --caps all --mount /sys/fs/cgroup:/cgroup -- \
    sh -c "cd /cgroup/hf-test/nest && mkdir -p $DEEP && echo 0 >$DEEP/cgroup.procs &&
      echo +pids >cgroup.subtree_control && touch /dev/shm/ready; sleep 600"
  hf_background nest
  wait_until test -e "/proc/$(hf_container_pid nest)/root/dev/shm/ready"
  inside nest daemonize -- creat /by-nest >"$HF_DIR/nest/inside"
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  waiting neighbour --profile immutable
  roam
  roam_on_host
  administer
  pod
  pull
  go
  nest
  hf_attack detach --profile own-bpf --caps all --mount /sys/fs/cgroup:/cgroup <<'SCRIPT'
t detach detach-devices /cgroup/hf-test/detach
t device mknod /dev/shm/disk b 7 0
t write creat /by-detach
SCRIPT
  # After this, everything of these is told.
  local id
  for id in neighbour pod-a hostpid nest; do
    inside "$id" creat /sentinel >/dev/null
    wait_until hf_told_all "$id"
  done
}

teardown_file() {
  local id
  for id in neighbour pod-a hostpid nest; do hf_stop "$id"; done
  hf_teardown
}
setup() { require enforcing; }

# told ID CLASS: the paths of a container's alerts of a class, one a line.
told() { hf_alerts "$1" "$2" '.action == "denied"' | jq -r .object.path; }

# cgroup_told LABEL: whether an attempt of that trick was told as leaving the cgroup.
cgroup_told() {
  hf_alerted roam escape.cgroup "(.process.argv // []) | index(\"/by-$1\") != null"
}

# assert_text FILE TEXT
assert_text() {
  [[ $(tr '\n' ' ' <"$HF_DIR/$1" | sed 's/ *$//') == "$2" ]] || {
    echo "$1: expected '$2', got:" >&2
    cat "$HF_DIR/$1" >&2
    return 1
  }
}

@test "wherever a process has gone, its changes of the rootfs are refused and told of its container" {
  local label paths
  paths=$(told roam rootfs.create)
  while read -r label; do
    [[ $(result roam "$label") == *" creat: EROFS" ]] || { result roam "$label"; false; }
    grep -qx "/by-$label" <<<"$paths" || { echo "$label was not told"; false; }
  done < <(labels)
  [[ -z $(find "$HF_DIR/roam/upper" -name 'by-*') ]]
}

@test "what is not rootfs stays writable there" {
  local label
  while read -r label; do
    [[ $(result roam "shm-$label") == *" creat: ok" ]] || { result roam "shm-$label"; false; }
  done < <(labels)
}

@test "the host may do all that, to the container's root file system and in its cgroup" {
  local label
  while read -r label; do
    grep -q "^$label .* creat: ok $" "$HF_DIR/on-host" || { grep "^$label " "$HF_DIR/on-host"; false; }
    [[ -e $HF_DIR/neighbour/rootfs/by-host-$label ]]
  done < <(labels)
  refute grep -F by-host- "$HF_ALERTS"
}

@test "leaving the container's cgroup is told, however it is done" {
  local label
  for label in root root-child root-exec back neighbour neighbour-exec born born-neighbour; do
    cgroup_told "$label" || { echo "$label was not told"; false; }
  done
}

@test "a cgroup below the container's own is the container's, at any depth" {
  assert_result roam deep "cgroup-move: ok creat: EROFS"
  refute cgroup_told nested
  refute cgroup_told deep
}

@test "what runc exec starts is the container's, however deep the init has nested its cgroup" {
  assert_text nest/inside "daemonize: ok creat: EROFS"
  assert_alert nest rootfs.create denied "$(path_is /by-nest)"
  assert_no_alert nest escape.cgroup
}

@test "a cgroup cannot be renamed, and the attempt changes nothing" {
  assert_denied roam rename "rename: EPERM creat: EROFS" rootfs.create "$(path_is /by-rename)"
}

@test "containers that share a pid namespace are told apart" {
  assert_denied pod-b own "daemonize: ok creat: EROFS" rootfs.create "$(path_is /by-pod-b)"
  assert_text pod-a/inside "daemonize: ok creat: EROFS"
  assert_alert pod-a rootfs.create denied "$(path_is /by-pod-a)"
  assert_no_alert pod-a rootfs.create "$(path_is /by-pod-b)"
  assert_no_alert pod-b rootfs.create "$(path_is /by-pod-a)"
}

@test "a container sees the processes of its pod but cannot trace those of another container" {
  assert_result pod-b see "kill: ok"
  assert_denied pod-b trace "ptrace: EPERM" escape.ptrace
}

@test "a container with the host's pid namespace is guarded" {
  assert_text hostpid/inside "daemonize: ok creat: EROFS"
  assert_alert hostpid rootfs.create denied "$(path_is /by-hostpid)"
}

@test "pulling a process of the host into the container's cgroup is told" {
  assert_text hostpid/pulled "cgroup-move: ok"
  assert_alert hostpid escape.cgroup alerted ".object.target_pid == $(cat "$HF_DIR/victim.pid")"
}

@test "a process of the host in a container's cgroup stays the host's" {
  [ "$(cat "$HF_DIR/victim.rc")" -eq 126 ] # a shell's: it could not be executed
  assert_alert hostpid escape.host-exec denied
  assert_text attached "cgroup-move: ok creat: ok become: EACCES"
  assert_alert neighbour escape.host-exec denied
  [[ -e $HF_DIR/by-attached ]]
  assert_no_alert neighbour rootfs.create '.object.path | endswith("by-attached")'
}

@test "a process of the host that enters the container's mounts is the container's from its first exec" {
  assert_text entered "cgroup-move: ok setns-pidfd: ok creat: EROFS"
  assert_alert neighbour rootfs.create denied "$(path_is /by-entered)"
  assert_text born "clone-into-cgroup: ok setns-pidfd: ok creat: EROFS"
  assert_alert neighbour rootfs.create denied "$(path_is /by-born)"
  # Who enters neither the cgroup nor executes anything there is a visitor.
  assert_text visitor "setns-pidfd: ok creat: ok"
  refute grep -F by-visitor "$HF_ALERTS"
}

@test "what runc exec starts is the container's, and so are its daemons" {
  assert_text inside "daemonize: ok creat: EROFS"
  assert_alert neighbour rootfs.create denied "$(path_is /by-exec)"
}

@test "the cgroup's path is nobody's when the container is gone, and another's later" {
  refute diff "$HF_DIR/gone/cgroup-id" "$HF_DIR/gone/later-id"
  assert_text gone/nobody "cgroup-move: ok creat: ok creat: ok"
  assert_no_alert gone rootfs.create
  assert_no_alert gone escape.host-exec
  assert_denied later own "creat: EROFS" rootfs.create "$(path_is /by-later)"
  assert_no_alert gone rootfs.create
}

@test "a container that takes the programs off its own cgroup is guarded as before" {
  assert_result detach detach "detach-devices: ok"
  assert_denied detach device "mknod: EPERM" escape.device
  assert_denied detach write "creat: EROFS" rootfs.create "$(path_is /by-detach)"
}
