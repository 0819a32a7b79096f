#!/usr/bin/env bats
# escape.mount: every way to change what is mounted where.
load lib

attacks() {
  cat <<'SCRIPT'
mkdir /dev/shm/a /dev/shm/b
t bind bind / /dev/shm/a
t mount-tmpfs mount-tmpfs /dev/shm/a
t mount-proc mount proc proc /dev/shm/a
t remount remount /proc
t make-shared make-shared /
t mount-move mount-move /dev/shm /dev/shm/b
t open-tree open-tree /
t move-mount move-mount / /dev/shm/a
t fsopen fsopen tmpfs
t fsmount fsmount tmpfs /dev/shm/a
t mount-setattr mount-setattr /proc
t umount umount /dev/mqueue
SCRIPT
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  # Where it goes through, nothing of the script's is found any more.
  { attacks && echo 't pivot-root pivot-root /dev/shm /dev/shm'; } |
    hf_attack deny --profile immutable --caps all
  attacks | hf_attack default --profile default --caps all
  attacks | hf_attack watch --profile watching --caps all
  attacks | hf_attack allowed --profile loose --caps all
  hf_attack twin --profile immutable --mount "$HF_DIR:/vol:ro" <<'SCRIPT'
t read open-read /vol/backend -- open-read /proc/self/mountinfo -- open-read /proc/mounts
df >/dev/null
SCRIPT
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

@test "mounting is refused and told, under immutable and under default" {
  local id
  for id in deny default; do
    assert_denied "$id" bind "bind: EPERM" escape.mount '.object.operation == "mount"'
    assert_denied "$id" mount-tmpfs "mount-tmpfs: EPERM" escape.mount "$(path_is /dev/shm/a)"
    assert_result "$id" mount-proc "mount: EPERM"
  done
}

@test "changing mounts in place is refused" {
  assert_denied deny remount "remount: EPERM" escape.mount "$(path_is /proc)"
  assert_result deny make-shared "make-shared: EPERM"
  assert_result deny mount-move "mount-move: EPERM"
  assert_result deny mount-setattr "mount-setattr: EPERM"
}

@test "the new mount interface is refused as well" {
  assert_denied deny open-tree "open-tree: EPERM" escape.mount
  assert_result deny move-mount "move-mount: EPERM"
  assert_denied deny fsopen "fsopen: EPERM" escape.mount
  assert_result deny fsmount "fsmount: EPERM"
}

@test "unmounting and pivot_root are refused" {
  assert_denied deny umount "umount: EPERM" escape.mount '.object.operation == "umount"'
  # The kernel may refuse this one by itself before it asks: then there is nothing to tell.
  [[ $(result deny pivot-root) =~ ^pivot-root:\ (EPERM|EBUSY|EINVAL)$ ]]
}

@test "escape.mount names the flags, the process and the severity critical" {
  assert_alert deny escape.mount denied "$(path_is /dev/shm/a) and .severity == \"critical\"
    and .process.exe == \"/bin/attack\" and .process.argv == [\"attack\", \"bind\", \"/\", \"/dev/shm/a\"]
    and (.mitre | index(\"T1611\") != null)"
}

@test "with action alert the mount goes through and is told" {
  assert_alerted watch bind "bind: ok" escape.mount
  assert_alerted watch fsmount "fsmount: ok" escape.mount
  assert_no_alert watch escape.mount '.action == "denied"'
}

@test "a profile that allows escape.mount hears nothing of it" {
  assert_result allowed mount-tmpfs "mount-tmpfs: ok"
  assert_no_alert allowed escape.mount
}

@test "what the runtime mounts for the container, and reading mount tables, is not told" {
  assert_result twin read "open-read: ok open-read: ok open-read: ok"
  assert_quiet twin
}
