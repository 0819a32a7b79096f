#!/usr/bin/env bats
# The rootfs guard: every way to change the root file system is refused (profile immutable) or told
# (default), and nothing of a refused change is in the upper directory. Declared mounts are not rootfs.
load lib

# Every operation of the guard, tried below $1.
operations() {
  cat <<SCRIPT
t open-write$2 open-write $1/data/file
t open-rdwr$2 open-rdwr $1/data/file
t open-trunc$2 open-trunc $1/data/other
t open-trunc-read$2 open-trunc-read $1/data/other
t open-append$2 open-append $1/data/file
t reopen-write$2 reopen-write $1/data/file
t openat2-write$2 openat2-write $1/data/file
t truncate$2 truncate $1/data/other
t creat$2 creat $1/new-creat
t create-read$2 create-read $1/new-create-read
t create-exclusive$2 create-exclusive $1/new-exclusive
t openat2-create$2 openat2-create $1/new-openat2
t tmpfile$2 tmpfile $1/data $1/new-tmpfile
t mkdir$2 mkdir $1/new-dir
t mkfifo$2 mkfifo $1/new-fifo
t mksocket$2 mksocket $1/new-socket
t whiteout$2 whiteout $1/new-whiteout
t symlink$2 symlink /data $1/new-symlink
t link$2 link $1/data/file $1/new-link
t chmod$2 chmod $1/data/file 600
t fchmod$2 fchmod $1/data/file 600
t chown$2 chown $1/data/file 5
t setxattr$2 setxattr $1/data/file
t removexattr$2 removexattr $1/data/file
t utimes$2 utimes $1/data/file
t setflags$2 setflags $1/data/empty
t set-acl$2 set-acl $1/data/other
t remove-acl$2 remove-acl $1/data/other
t exchange$2 exchange $1/data/file $1/data/other
t rename$2 rename $1/data/file $1/data/renamed
t unlink$2 unlink $1/data/other
t rmdir$2 rmdir $1/data/empty
SCRIPT
}

uring_operations() {
  cat <<SCRIPT
t uring-write$2 uring-write $1/data/file
t uring-create$2 uring-create $1/uring-file
t uring-mkdir$2 uring-mkdir $1/uring-dir
t uring-symlink$2 uring-symlink /data $1/uring-symlink
t uring-link$2 uring-link $1/data/file $1/uring-link
t uring-rename$2 uring-rename $1/data/file $1/uring-renamed
t uring-unlink$2 uring-unlink $1/data/other
SCRIPT
}

# A volume that holds what the image holds, for the twins.
make_volume() {
  mkdir -p "$HF_DIR/$1/data/empty"
  echo data | tee "$HF_DIR/$1/data/file" >"$HF_DIR/$1/data/other"
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  make_volume volume
  make_volume volume-uring
  { operations "" "" && operations /vol -twin; } |
    hf_attack deny --profile immutable --caps all --mount "$HF_DIR/volume:/vol"
  { uring_operations "" "" && uring_operations /vol -twin; } |
    hf_attack uring --profile immutable --caps all --mount "$HF_DIR/volume-uring:/vol"
  {
    operations "" ""
    echo 't setuid create-setuid /tmp/setuid'
    echo 't setuid-named rename /tmp/setuid /tmp/named -- link /tmp/named /tmp/linked'
    echo 't twin creat /tmp/plain -- rename /tmp/plain /tmp/renamed'
  } | hf_attack tell --profile default --caps all
  hf_attack prefix --profile writable --caps all <<'SCRIPT'
t inside creat /tmp/new -- write /tmp/new text -- unlink /tmp/new
t inside-dir mkdir /var/cache/a -- creat /var/cache/a/b -- rename /var/cache/a/b /var/cache/a/c
t beside creat /tmpfile
t beside-2 mkdir /var/cachefile
t prefix-itself rmdir /var/cache
t link-out link /data/file /tmp/linked
t link-write open-write /tmp/linked
t rename-out rename /data/file /tmp/renamed
t exchange-out creat /tmp/mine -- exchange /tmp/mine /data/file
t rename-in creat /tmp/mine -- rename /tmp/mine /data/dropped
t dots creat /tmp/../escaped
t through-symlink symlink /data /tmp/away -- creat /tmp/away/through
SCRIPT
  hf_attack bypass --profile loose --caps all --no-masked --mount /sys/fs/cgroup:/cgroup <<'SCRIPT'
mkdir /dev/shm/root /dev/shm/clone /dev/shm/tmp /cgroup/hf-test/aside
t self-root creat /proc/self/root/via-self-root
t self-cwd chdir / -- creat /proc/self/cwd/via-self-cwd
t bind bind / /dev/shm/root -- creat /dev/shm/root/via-bind
t open-tree move-mount / /dev/shm/clone -- creat /dev/shm/clone/via-open-tree
t chroot chroot /dev/shm/root -- creat /via-chroot
t unshare unshare mnt -- mount-tmpfs /mnt -- creat /via-unshare
t unshare-twin unshare mnt -- mount-tmpfs /mnt -- creat /mnt/via-unshare
t user-namespace unshare user,mnt -- creat /via-userns
t cgroup cgroup-move /cgroup/hf-test/aside -- creat /via-cgroup
t cgroup-child cgroup-move /cgroup/hf-test/aside -- fork -- creat /via-cgroup-child
t cgroup-clone clone-into-cgroup /cgroup/hf-test/aside
t cgroup-exec cgroup-move /cgroup/hf-test/aside -- exec /bin/attack creat /via-cgroup-exec
t cgroup-uring cgroup-move /cgroup/hf-test/aside -- uring-create /via-cgroup-uring
t orphan fork -- fork -- creat /via-orphan
t remount remount / -- creat /via-remount
t setuid setuid 1000 -- creat /tmp/via-setuid
SCRIPT
  hf_bundle plain --profile immutable --caps all --script <(
    hf_prelude
    operations "" ""
    echo 't shm creat /dev/shm/file'
    echo 't volume creat /vol/file'
  ) --mount "$HF_DIR/volume:/vol"
  hf_run plain
  hf_attack detect --profile immutable --mode detect <<'SCRIPT'
t creat creat /new
SCRIPT
  frozen
}

# A read-only rootfs whose files and symlinks were never read: the kernel would like to note that
# they are (relatime), and asks the mount for write access like one who writes.
frozen() {
  hf_bundle frozen --overlay --readonly-root --profile default --script <(
    hf_prelude
    cat <<'SCRIPT'
t read open-read /data/file
t through-symlink creat /away/file -- open-write /away/file
cat /data/other >/dev/null
ls -lR /etc >/dev/null
t write open-write /data/file
t create creat /new
t chmod fchmod /data/file 600
t sentinel creat /sentinel
SCRIPT
  )
  ln -s /dev/shm "$HF_DIR/frozen/rootfs/away"
  hf_run frozen
  wait_until hf_told_all frozen
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

# each FUNCTION of every label in the list: the list is the coverage, so an empty result fails.
labels() { operations "" "" | awk '{print $2}'; }

@test "every way to change the rootfs is refused with EROFS under immutable" {
  local label
  while read -r label; do
    case $label in
      removexattr | tmpfile) continue ;; # below
    esac
    assert_result deny "$label" "$label: EROFS"
  done < <(labels)
}

@test "O_TMPFILE cannot be given a name in the rootfs" {
  # overlayfs had no O_TMPFILE in every kernel.
  [[ $(result deny tmpfile) =~ ^tmpfile:\ (EROFS|EOPNOTSUPP)$ ]]
}

@test "removing an attribute is refused before the file system is asked whether it is there" {
  assert_result deny removexattr "removexattr: EROFS"
}

@test "the same operations on a declared volume all go through and are not told" {
  local label
  while read -r label; do
    assert_result deny "$label-twin" "$label: ok"
  done < <(labels)
  refute jq -e 'select(.container.id == "deny" and (.object.path // "" | startswith("/vol")))' "$HF_ALERTS"
}

@test "a refused change left nothing in the upper directory" {
  # What the runtime itself makes there are mount points, made before the container's first program.
  local left
  left=$(cd "$HF_DIR/deny/upper" && find . -mindepth 1 ! -type d ! -path './etc/*' ! -path './dev/*')
  [[ -z $left ]] || { echo "$left"; false; }
  assert_absent "$HF_DIR"/deny/upper/{new-dir,bin,sentinel}
  # Where overlayfs has O_TMPFILE (6.3) it copies the directory up, as it is, before anybody is asked.
  [[ ! -e $HF_DIR/deny/upper/data || -z $(ls -A "$HF_DIR/deny/upper/data") ]]
}

@test "each refusal is told with its class, path, process and container" {
  assert_alert deny rootfs.write denied "$(path_is /data/file)"
  assert_alert deny rootfs.write denied '.object.operation == "truncate"'
  assert_alert deny rootfs.create denied "$(path_is /new-creat)"
  assert_alert deny rootfs.create denied "$(path_is /new-dir)"
  assert_alert deny rootfs.create denied "$(path_is /new-fifo)"
  assert_alert deny rootfs.create denied "$(path_is /new-symlink)"
  assert_alert deny rootfs.link denied
  assert_alert deny rootfs.rename denied
  assert_alert deny rootfs.delete denied "$(path_is /data/other)"
  assert_alert deny rootfs.delete denied "$(path_is /data/empty)"
  local operation
  for operation in chmod chown setxattr removexattr utimes; do
    assert_alert deny rootfs.attr denied ".object.operation == \"$operation\""
  done
  # chattr, an ioctl, and access control lists, which have hooks of their own in newer kernels, are
  # told as attributes; nothing else touches those of these paths.
  assert_alert deny rootfs.attr denied ".object.operation == \"setxattr\" and $(path_is /data/empty)"
  for operation in setxattr removexattr; do
    assert_alert deny rootfs.attr denied ".object.operation == \"$operation\" and $(path_is /data/other)"
  done
  assert_alert deny rootfs.create denied "$(path_is /new-dir) and .process.exe == \"/bin/attack\"
    and .process.uid == 0 and .process.comm == \"attack\" and .process.layer == \"image\"
    and .container.profile == \"immutable\" and .backend == \"$(hf_backend)\" and (.process.pid > 0)"
}

@test "io_uring is refused like the system calls, and leaves nothing" {
  local label
  for label in write create mkdir symlink link rename unlink; do
    assert_result uring "uring-$label" "uring-$label: EROFS"
  done
  assert_absent "$HF_DIR"/uring/upper/{uring-file,uring-dir,uring-symlink,uring-link,uring-renamed,data}
  assert_alert uring rootfs.create denied "$(path_is /uring-file)"
}

@test "io_uring on a volume goes through" {
  local label
  for label in write create mkdir symlink link rename unlink; do
    assert_result uring "uring-$label-twin" "uring-$label: ok"
  done
}

@test "under default the same changes go on and are told as alerted" {
  assert_alerted tell creat "creat: ok" rootfs.create "$(path_is /new-creat)"
  assert_alerted tell open-write "open-write: ok" rootfs.write "$(path_is /data/file)"
  assert_alerted tell mkdir "mkdir: ok" rootfs.create "$(path_is /new-dir)"
  assert_alerted tell link "link: ok" rootfs.link
  assert_alerted tell rename "rename: ok" rootfs.rename
  assert_alerted tell unlink "unlink: ok" rootfs.delete
  assert_alerted tell chmod "chmod: ok" rootfs.attr
  assert_alerted tell setflags "setflags: ok" rootfs.attr "$(path_is /data/empty)"
  assert_alerted tell set-acl "set-acl: ok" rootfs.attr "$(path_is /data/other)"
  assert_no_alert tell rootfs.create '.action == "denied"'
  [[ -e $HF_DIR/tell/upper/new-creat ]]
}

@test "a set-user-ID program is told also in a temporary place, and under each name that it gets" {
  assert_alerted tell setuid "create-setuid: ok" rootfs.create "$(path_is /tmp/setuid) and .severity == \"error\""
  assert_alerted tell setuid-named "rename: ok link: ok" rootfs.rename "$(path_is /tmp/named) and .severity == \"error\""
  assert_alerted tell setuid-named "rename: ok link: ok" rootfs.link "$(path_is /tmp/linked) and .severity == \"error\""
  assert_result tell twin "creat: ok rename: ok"
  assert_no_alert tell rootfs.rename "$(path_is /tmp/renamed) and .kind == \"alert\""
}

@test "writable paths of the profile may be changed and are not told" {
  assert_result prefix inside "creat: ok write: ok unlink: ok"
  assert_result prefix inside-dir "mkdir: ok creat: ok rename: ok"
  assert_no_alert prefix rootfs.create '.object.path | startswith("/var/cache/a")'
}

@test "a writable path does not cover its neighbours nor, by .. or symlinks, anything else" {
  assert_result prefix beside "creat: EROFS"
  assert_result prefix beside-2 "mkdir: EROFS"
  # The path itself is writable, too: it is the file system that keeps a directory with files in it.
  assert_result prefix prefix-itself "rmdir: ENOTEMPTY"
  assert_result prefix dots "creat: EROFS"
  assert_result prefix through-symlink "symlink: ok creat: EROFS"
  assert_absent "$HF_DIR"/prefix/upper/{tmpfile,escaped,data}
}

@test "a file of the image cannot be moved or linked into a writable path" {
  assert_result prefix link-out "link: EROFS"
  assert_result prefix link-write "open-write: ENOENT"
  assert_result prefix rename-out "rename: EROFS"
  assert_result prefix exchange-out "creat: ok exchange: EROFS"
  assert_result prefix rename-in "creat: ok rename: EROFS"
}

@test "no other way to the same file system is writable: /proc/self/root, binds, chroot, namespaces" {
  assert_result bypass self-root "creat: EROFS"
  assert_result bypass self-cwd "chdir: ok creat: EROFS"
  assert_result bypass bind "bind: ok creat: EROFS"
  assert_result bypass open-tree "move-mount: ok creat: EROFS"
  assert_result bypass chroot "chroot: ok creat: EROFS"
  assert_result bypass unshare "unshare: ok mount-tmpfs: ok creat: EROFS"
  assert_result bypass user-namespace "unshare: ok creat: EROFS"
  assert_result bypass remount "remount: ok creat: EROFS"
}

@test "a tmpfs the container was allowed to mount is not rootfs" {
  assert_result bypass unshare-twin "unshare: ok mount-tmpfs: ok creat: ok"
}

@test "a process that moved itself to another cgroup is still guarded, and so are its children" {
  assert_result bypass cgroup "cgroup-move: ok creat: EROFS"
  assert_result bypass cgroup-child "cgroup-move: ok fork: ok creat: EROFS"
  assert_result bypass cgroup-uring "cgroup-move: ok uring-create: EROFS"
  assert_result bypass orphan "fork: ok fork: ok creat: EROFS"
  assert_result bypass cgroup-clone "clone-into-cgroup: ok"
  assert_alert bypass rootfs.create denied "$(path_is /via-cgroup-exec)"
}

@test "none of these attempts left a file, seen from outside" {
  local left
  left=$(find "$HF_DIR/bypass/upper" -name 'via-*')
  [[ -z $left ]] || { echo "$left"; false; }
}

@test "a rootfs that is a plain directory is guarded as well" {
  local label
  for label in open-write creat mkdir symlink link chmod utimes rename unlink rmdir; do
    assert_result plain "$label" "$label: EROFS"
  done
  assert_alert plain rootfs.create denied "$(path_is /new-creat)"
  assert_absent "$HF_DIR"/plain/rootfs/{new-creat,new-dir,new-symlink,new-link}
}

@test "beside a plain directory, a volume on the same file system stays writable" {
  assert_result plain volume "creat: ok"
  assert_result plain shm "creat: ok"
}

@test "what a read-only rootfs refuses is told" {
  assert_result frozen write "open-write: EROFS"
  assert_result frozen create "creat: EROFS"
  assert_result frozen chmod "fchmod: EROFS"
  assert_alert frozen rootfs.write alerted "$(path_is /data/file) and .object.result == \"EROFS\""
  assert_alert frozen rootfs.write alerted "$(path_is /new)"
  assert_alert frozen rootfs.attr alerted '.object.operation == "chmod"'
}

@test "reading a read-only rootfs is no attempt to change it" {
  assert_result frozen read "open-read: ok"
  assert_result frozen through-symlink "creat: ok open-write: ok"
  assert_no_alert frozen rootfs.write '.object.path | IN("/data/file", "/new", "/sentinel") | not'
}

@test "mode detect tells what it would have refused" {
  assert_alerted detect creat "creat: ok" rootfs.create "$(path_is /new)"
}

@test "profile replay decides as the kernel did" {
  assert_replayed deny tell prefix bypass
}
