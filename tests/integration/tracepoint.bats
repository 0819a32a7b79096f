#!/usr/bin/env bats
# The back end for kernels that run no LSM programs: it tells what it saw and claims nothing more, and
# seccomp and a read-only mount, which the shim sets up, refuse. What is tried here stays within the
# container's own namespaces and harmless if it goes through: this runs on the developer's machine.
load lib

# CAP_SYS_ADMIN, so that what refuses is neither a missing capability nor the user namespace.
CAPS=CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_SYS_ADMIN
# What the attacks below need; not all, for the machine itself may lack some.
MORE_CAPS=$CAPS,CAP_DAC_READ_SEARCH,CAP_KILL,CAP_SETUID,CAP_SETGID,CAP_SETPCAP,CAP_NET_RAW
MORE_CAPS+=,CAP_SYS_CHROOT,CAP_SYS_MODULE,CAP_SYS_RAWIO,CAP_SYS_PTRACE,CAP_SYS_BOOT,CAP_MKNOD,CAP_PERFMON,CAP_BPF

attacks() {
  cat <<'SCRIPT'
t write open-write /data/file
t creat creat /new
t openat2 openat2-write /data/other
t truncate open-trunc /data/other
t mount mount-tmpfs /mnt
t umount umount /dev/mqueue
t fsopen fsopen tmpfs
t unshare unshare uts
t clone clone uts
t setns setns /proc/self/ns/uts
t dropped copy-exec /bin/attack /vol/dropped fork
t memfd memfd-exec /bin/attack fork
t sysctl open-write /proc/sys/kernel/core_pattern
SCRIPT
}

setup_file() {
  hf_setup
  [[ $(hf_backend) == tracepoint ]] || return 0
  hf_monitor_start
  local id
  for id in enforce detect; do
    mkdir "$HF_DIR/volume-$id"
  done
  attacks | hf_attack enforce --profile immutable --caps "$CAPS" --mount "$HF_DIR/volume-enforce:/vol"
  attacks | hf_attack detect --profile immutable --mode detect --caps "$CAPS" \
    --mount "$HF_DIR/volume-detect:/vol"
  hf_attack prefix --profile writable --caps "$CAPS" <<'SCRIPT'
t inside creat /tmp/new -- write /tmp/new text
t beside creat /var/new
SCRIPT
  mkdir "$HF_DIR/volume-twin"
  hf_attack twin --profile immutable --caps "$CAPS" --mount "$HF_DIR/volume-twin:/vol" <<'SCRIPT'
t read open-read /data/file -- open-read /proc/sys/kernel/core_pattern -- open-path /data/file
t volume creat /vol/file -- write /vol/file text -- unlink /vol/file
t shm creat /dev/shm/file
t own open-write /proc/self/comm -- open-write /dev/null
t fork fork -- exec /bin/true
ls -lR /data >/dev/null | cat
SCRIPT
  start_helpers
  run_everything
  run_leaked
  run_waiting
  run_late
}

# What the containers below reach for: a process, a daemon of the host by its name, and a runtime of
# the test's own, for a container is to open it for writing.
start_helpers() {
  sleep 1000 3>&- &
  echo $! >"$HF_DIR/victim.pid"
  "$HF_BUILD/tests/attack/attack" listen-unix @/containerd-shim/tracepoint-test -- sleep 600 \
    >/dev/null 3>&- &
  echo $! >"$HF_DIR/daemon.pid"
  mkdir "$HF_DIR"/volume-{everything,quiet}
  cp /bin/busybox "$HF_DIR/volume-everything/false"
  chmod 4755 "$HF_DIR/volume-everything/false"
}

# Every class, by its harmless end, in a container that may do all of it; and what is like it.
run_everything() {
  local victim shared=(--profile watched-all --caps "$MORE_CAPS" --no-masked --host pid --host network
    --edit '.process.noNewPrivileges = false')
  victim=$(cat "$HF_DIR/victim.pid")
  hf_attack everything "${shared[@]}" --mount "$HF_DIR/volume-everything:/vol" \
    --mount /run/holdfast:/holdfast --mount /sys/fs/cgroup:/cgroup <<SCRIPT
t mkdir mkdir /data/dir
t rmdir rmdir /data/empty
t symlink symlink nowhere /data/symlink
t fifo mkfifo /data/fifo
t link link /data/file /data/hard
t rename rename /data/hard /data/moved
t unlink unlink /data/moved
t chmod chmod /data/file 4755
t fchmod fchmod /data/other 600
t chown chown /data/other 5
cp /data/file /data/held; cp /data/file /data/bare
t chown-empty chown-empty /data/held 6
t chmod-empty chmod-empty /data/held 640
t utimes-empty utimes-empty /data/held
t utimes-null utimes-null /data/bare
cd /run; cp /bin/true own; t nofollow chmod-nofollow own 4755; cd /
t xattr setxattr /data/other
t utimes utimes /data/other
t truncate truncate /data/other
t setflags setflags /data/file
ln -s /data /vol/sideways; sleep 0.1
t sideways unlink /vol/sideways/symlink
cd /data; t relative unlink fifo; t jailed chroot /vol -- unlink ./bare -- sleep 1; cd /
t ia32-open ia32-open-write /data/file
t ia32-unlink ia32-unlink /bin/dd
t x32 x32-unshare
cd /data; t deep dig @200 12 -- creat here -- unlink here; cd /
t sysctl open-write /proc/sys/kernel/core_pattern
t settings truncate /proc/sys/kernel/core_pattern
t mknod mknod /data/disk b 8 0
t module init-module
t kexec kexec
t iopl iopl
t ioperm ioperm
t bpf bpf-map
t perf perf
cp /bin/true /vol/held
held=\$(attack name-to-handle /vol/held | head -n 1)
t handle open-handle /vol "\$held"
mv /vol/held /vol/held-path
t handle-path open-handle-path /vol "\$held"
t ptrace ptrace $victim
t vm-readv vm-readv $victim
t mem open-read /proc/$victim/mem
t getfd pidfd-getfd $victim 0
t signal kill $(hf_monitor_pid) 18
t trace-monitor ptrace $(hf_monitor_pid)
t monitor connect-unix-packets /holdfast/monitor.sock
t own-files creat /holdfast/x
t socket connect-unix @/containerd-shim/tracepoint-test
t cgroup cgroup-move /cgroup/unified
cp /bin/busybox /vol/library
t library map-exec /vol/library
t mprotect map-mprotect /vol/library
t memfd-map memfd-map
cp /bin/busybox /vol/true
t unlisted exec /vol/true
t sensitive open-read /etc/passwd
t connect connect 127.0.0.3 4000
t ia32-connect ia32-connect 127.0.0.4 4000
t ia32-send ia32-send 127.0.0.7 4000
t edge connect-edge 127.0.0.8 4000
t send send 127.0.0.5 4000
t connected send-connected 127.0.0.6 4000
t listen listen 4001
t datagram bind-datagram 4002
t datagram6 bind-datagram6 4003
t raw raw-socket
t shell exec-on-connection /bin/busybox 0
t sibling ptrace-sibling
t root become-root
t setuid setuid 1000 -- exec /vol/false
SCRIPT
  hf_attack quiet "${shared[@]}" --mount "$HF_DIR/volume-quiet:/vol" <<'SCRIPT'
t tree mkdir /vol/a -- mkdir /vol/a/b -- creat /vol/a/file -- link /vol/a/file /vol/a/hard
t moves rename /vol/a/hard /vol/a/b/moved -- unlink /vol/a/b/moved -- rmdir /vol/a/b
t attributes chmod /vol/a/file 600 -- fchmod /vol/a/file 644 -- utimes /vol/a/file -- truncate /vol/a/file
t jail chroot /vol -- mkdir /made -- rmdir /made -- sleep 1
t stdout chmod /proc/self/fd/1 622 -- chmod /dev/stdout 622
t exists mkdir /data -- unlink /data/nothing -- symlink x /data/file
t chmod-empty chmod-empty /vol/a/file 600
t empty chown-empty /vol/a/file 5 -- utimes-empty /vol/a/file -- utimes-null /vol/a/file
cd /vol/a; t relative unlink file; cd /
t writable creat /var/cache/file -- mkdir /var/cache/dir -- chmod /var/cache/file 600 -- unlink /var/cache/file
t ia32 ia32-unlink /vol/nothing -- ia32-connect 127.0.0.2 4000
t null open-rdwr /dev/null -- open-read /dev/zero -- open-rdwr /dev/ptmx -- mkfifo /dev/shm/fifo
t child ptrace-child -- vm-readv-child
t own kill 1 0 -- open-read /proc/self/mem
t socket listen-unix /vol/socket -- connect-unix /vol/socket
t code map-exec /bin/busybox -- map-anonymous -- memfd-map-shared -- exec /bin/busybox true
t read open-read /etc/group
t disconnect disconnect 127.0.0.2 4000
t event pidfd-getfd-event
t network connect 127.0.0.2 4000 -- listen 4000 -- connect-datagram 127.0.0.3 4000 -- send 127.0.0.2 4000
t user setuid 1000 -- exec /bin/busybox true
SCRIPT
  hf_attack few --profile watched-all <<'SCRIPT'
t module init-module -- kexec -- iopl -- bpf-map -- perf -- fsopen tmpfs -- unshare uts
SCRIPT
}

# CVE-2024-21626: a directory of the host is left open for the container.
run_leaked() {
  mkdir "$HF_DIR/outside"
  echo secret >"$HF_DIR/outside/secret"
  cat >"$HF_DIR/leaked.sh" <<SCRIPT
$(hf_prelude)
t open openat-fd 3 secret
t create openat-fd-create 3 new
t sentinel creat /sentinel
SCRIPT
  hf_bundle leaked --overlay --script "$HF_DIR/leaked.sh" --profile watched-all --caps "$MORE_CAPS"
  exec 9<"$HF_DIR/outside"
  timeout 60 "$HF_SHIM" run --preserve-fds 1 --bundle "$HF_DIR/leaked" leaked \
    >"$HF_DIR/leaked/out" 2>"$HF_DIR/leaked/err" 3<&9 9<&- </dev/null || true
  exec 9<&-
  wait_until hf_told_all leaked
}

# A container that goes on while the host does something with it.
run_waiting() {
  # Nobody may run the program meanwhile: it could not be opened for writing (ETXTBSY).
  mkdir "$HF_DIR/runtime"
  cp "$(command -v "$RUNTIME")" "$HF_DIR/runtime/runc"
  hf_configure ".runtime = \"$HF_DIR/runtime/runc\""
  hf_bundle waiting --overlay --profile watched-all --attack --mount "$HF_DIR/runtime:/runtime" -- \
    sh -c "until attack open-write /runtime/runc; do sleep 0.1; done; sleep 600"
  hf_background waiting
  "$HF_DIR/waiting/rootfs/bin/busybox" true
  hf_configure .
  "$RUNTIME" exec --cap CAP_SYS_ADMIN waiting attack open-read /etc/group \
    >"$HF_DIR/exec-cap" 2>&1 3>&- || true
  "$RUNTIME" exec waiting attack creat /sentinel >/dev/null 2>&1 3>&- || true
  wait_until hf_told_all waiting
}

# A container that ends with its attacks, while the monitor does not look: nobody is left who could be
# asked where the paths lead.
run_late() {
  mkdir "$HF_DIR/volume-late"
  hf_bundle late --overlay --profile watched-all --attack --no-masked --mount "$HF_DIR/volume-late:/vol" -- \
    sh -c "until [ -e /vol/go ]; do sleep 0.1; done
      exec attack unlink /var/cache/../../data/other -- truncate /proc/sys/kernel/core_pattern -- unlink /vol/go"
  hf_background late
  kill -STOP "$(hf_monitor_pid)"
  touch "$HF_DIR/volume-late/go"
  wait_until hf_process_gone "$(hf_container_pid late)"
  kill -CONT "$(hf_monitor_pid)"
}

teardown_file() {
  local file
  hf_stop late
  hf_stop waiting
  for file in "$HF_DIR"/{victim,daemon}.pid; do
    [[ ! -s $file ]] || kill "$(cat "$file")"
  done
  hf_teardown
}
setup() { require tracepoint; }

# assert_refused ID LABEL RESULT CLASS [FILTER]: refused by somebody, and told as an attempt.
assert_refused() {
  assert_result "$1" "$2" "$3"
  assert_alert "$1" "$4" alerted "(.object.result == \"${3##*: }\") and (${5:-true})"
}

@test "no alert claims a denial, and every one names the back end" {
  [[ -s $HF_ALERTS ]]
  jq -e -s 'all(.[]; .action == "alerted" and .backend == "tracepoint")' "$HF_ALERTS"
}

@test "doctor says that this back end refuses nothing" {
  run "$HF_CLI" doctor
  [[ $output == *'the back end "tracepoint"'*"refuses nothing"* ]]
}

@test "doctor and README list the same that is not seen" {
  local spots readme
  spots=$("$HF_CLI" doctor | sed -n 's/^not seen /- /p')
  # shellcheck disable=SC2016  # the README's backquotes
  readme=$(sed -n '/^What `tracepoint` does not see:/,/^<!-- end -->/ { /^- \|^  /p }' "$HF_ROOT/README.md" |
    sed -z 's/\n  / /g')
  [[ -n $spots ]]
  diff <(echo "$spots") <(echo "$readme")
}

@test "immutable: the root file system is read-only by mount, and attempts are told" {
  assert_refused enforce write "open-write: EROFS" rootfs.write "$(path_is /data/file)"
  assert_refused enforce creat "creat: EROFS" rootfs.write "$(path_is /new)"
  assert_result enforce openat2 "openat2-write: EROFS"
  assert_result enforce truncate "open-trunc: EROFS"
  [[ -z $(find "$HF_DIR/enforce/upper" -type f) ]]
}

@test "writable paths of the profile are a tmpfs, and their neighbours read-only" {
  assert_result prefix inside "creat: ok write: ok"
  assert_result prefix beside "creat: EROFS"
  [[ -z $(find "$HF_DIR/prefix/upper" -type f) ]]
}

@test "immutable: seccomp refuses mounts and namespaces, and attempts are told" {
  assert_refused enforce mount "mount-tmpfs: EPERM" escape.mount '.object.operation == "mount"'
  assert_refused enforce umount "umount: EPERM" escape.mount '.object.operation == "umount"'
  assert_result enforce fsopen "fsopen: EPERM"
  assert_refused enforce unshare "unshare: EPERM" escape.namespace '.object.operation == "unshare"'
  assert_refused enforce clone "clone: EPERM" escape.namespace '.object.operation == "clone"'
  assert_refused enforce setns "setns: EPERM" escape.namespace '.object.operation == "setns"'
}

@test "a write to the kernel's settings that runc's read-only path refused is told as such" {
  assert_refused enforce sysctl "open-write: EROFS" escape.kernel-interface \
    "$(path_is /proc/sys/kernel/core_pattern)"
}

@test "dropped and fileless programs are told, for nothing here can refuse them" {
  assert_alerted enforce dropped "copy-exec: ok" drift.exec "$(path_is /vol/dropped)"
  assert_alerted enforce memfd "memfd-exec: ok" fileless.exec
}

@test "mode detect: everything goes through and is told" {
  assert_alerted detect write "open-write: ok" rootfs.write "$(path_is /data/file)"
  assert_alerted detect creat "creat: ok" rootfs.create "$(path_is /new)"
  assert_alerted detect mount "mount-tmpfs: ok" escape.mount "$(path_is /mnt)"
  assert_alerted detect unshare "unshare: ok" escape.namespace
  assert_alerted detect dropped "copy-exec: ok" drift.exec
  [[ -e $HF_DIR/detect/upper/new ]]
}

@test "an alert names the process and the container" {
  assert_alert detect escape.mount alerted '.container.profile == "immutable" and .process.pid > 0
    and .process.exe == "/bin/attack" and .process.uid == 0'
}

@test "reading, volumes, tmpfs, /proc/self and processes are not told" {
  assert_result twin read "open-read: ok open-read: ok open-path: ok"
  assert_result twin volume "creat: ok write: ok unlink: ok"
  assert_result twin shm "creat: ok"
  assert_result twin own "open-write: ok open-write: ok"
  assert_result twin fork "fork: ok exec: ok"
  assert_quiet twin
}

# assert_told LABEL RESULT CLASS [FILTER]: it went through in the container `everything`.
assert_told() { assert_alerted everything "$@"; }

@test "changes of the root file system are told, by path and by descriptor" {
  assert_told mkdir "mkdir: ok" rootfs.create "$(path_is /data/dir)"
  assert_told rmdir "rmdir: ok" rootfs.delete "$(path_is /data/empty)"
  assert_told symlink "symlink: ok" rootfs.create "$(path_is /data/symlink)"
  assert_told link "link: ok" rootfs.link "$(path_is /data/hard)"
  assert_told rename "rename: ok" rootfs.rename "$(path_is /data/hard)"
  assert_told rename "rename: ok" rootfs.rename "$(path_is /data/moved)"
  assert_told unlink "unlink: ok" rootfs.delete "$(path_is /data/moved)"
  assert_told chmod "chmod: ok" rootfs.attr "$(path_is /data/file) and .object.operation == \"chmod\""
  assert_told fchmod "fchmod: ok" rootfs.attr "$(path_is /data/other) and .object.operation == \"chmod\""
  assert_told chown "chown: ok" rootfs.attr "$(path_is /data/other) and .object.operation == \"chown\""
  assert_told xattr "setxattr: ok" rootfs.attr "$(path_is /data/other) and .object.operation == \"setxattr\""
  assert_told utimes "utimes: ok" rootfs.attr "$(path_is /data/other) and .object.operation == \"utimes\""
  assert_told truncate "truncate: ok" rootfs.write "$(path_is /data/other) and .object.operation == \"truncate\""
}

@test "changes by a descriptor whose call takes a path are told" {
  local call
  for call in chown chmod utimes; do
    [[ $(result everything "$call-empty") != "$call-empty: ENOSYS" ]] || continue # fchmodat2: since 6.6
    assert_told "$call-empty" "$call-empty: ok" rootfs.attr "$(path_is /data/held) and .object.operation == \"$call\""
  done
  assert_told utimes-null "utimes-null: ok" rootfs.attr "$(path_is /data/bare) and .object.operation == \"utimes\""
}

@test "a set-user-ID bit is an alert wherever the file lies" {
  [[ $(result everything nofollow) != "chmod-nofollow: ENOSYS" ]] || skip "needs fchmodat2(2), since Linux 6.6"
  assert_told nofollow "chmod-nofollow: ok" rootfs.attr "$(path_is /run/own) and .kind == \"alert\""
}

@test "a path that is too long to be told is told as that" {
  assert_told deep "dig: ok creat: ok unlink: ok" rootfs.delete \
    '(.object.path | endswith("n/here")) and .object.path_truncated'
}

@test "calls of 32-bit programs are told" {
  # A kernel without them (CONFIG_IA32_EMULATION, ia32_emulation=) answers with SIGSEGV.
  [[ $("$HF_BUILD/tests/attack/attack" ia32-unlink /nonexistent 2>&1) == *ENOENT* ]] ||
    skip "this kernel makes no 32-bit calls"
  assert_told ia32-open "ia32-open-write: ok" rootfs.write "$(path_is /data/file)"
  assert_told ia32-unlink "ia32-unlink: ok" rootfs.delete "$(path_is /bin/dd)"
  assert_told ia32-connect "ia32-connect: ok" network.unexpected '.object.address == "127.0.0.4"'
  assert_told ia32-send "ia32-send: ok" network.unexpected '.object.address == "127.0.0.7"'
  assert_result quiet ia32 "ia32-unlink: ENOENT ia32-connect: ok"
}

@test "calls of x32 are told" {
  assert_alert everything escape.namespace alerted '.object.operation == "unshare"'
}

@test "a change is told by where it was made, whatever path led there" {
  assert_told sideways "unlink: ok" rootfs.delete "$(path_is /data/symlink)"
  assert_told relative "unlink: ok" rootfs.delete "$(path_is /data/fifo)"
  assert_told jailed "chroot: ok unlink: ok sleep: ok" rootfs.delete "$(path_is /data/bare)"
}

@test "a change is told by its spelling when process and container are gone" {
  assert_alert late rootfs.delete alerted "$(path_is /var/cache/../../data/other) and .object.path_as_spelled"
  assert_alert late escape.kernel-interface alerted "$(path_is /proc/sys/kernel/core_pattern)"
  assert_no_alert late rootfs.delete "$(path_is /vol/go)"
}

@test "kernel interfaces, devices, modules, kexec, ports, bpf, perf and handles are told" {
  assert_told sysctl "open-write: ok" escape.kernel-interface "$(path_is /proc/sys/kernel/core_pattern)"
  assert_alert everything escape.device alerted '.object.node == "8:0"'
  assert_alert everything escape.module alerted '.object.syscall == "init_module"'
  assert_alert everything escape.kexec alerted '.object.syscall == "kexec_load"'
  assert_alert everything escape.io alerted '.object.syscall == "iopl"'
  assert_alert everything escape.io alerted '.object.syscall == "ioperm"'
  assert_told bpf "bpf-map: ok" escape.bpf '.object.operation == "bpf"'
  assert_told perf "perf: ok" escape.bpf '.object.operation == "perf_event_open"'
  assert_told settings "truncate: ok" escape.kernel-interface \
    "$(path_is /proc/sys/kernel/core_pattern) and .object.operation == \"truncate\""
  assert_told handle "open-handle: ok" escape.outside-mount "$(path_is /vol/held)"
  assert_told handle-path "open-handle-path: ok" escape.outside-mount "$(path_is /vol/held-path)"
}

@test "tracing a process outside is told, in each of its forms" {
  local victim
  victim=$(cat "$HF_DIR/victim.pid")
  assert_told ptrace "ptrace: ok" escape.ptrace ".object.target_pid == $victim"
  assert_told vm-readv "vm-readv: ok" escape.ptrace
  assert_told mem "open-read: ok" escape.ptrace
  assert_told getfd "pidfd-getfd: ok" escape.ptrace
  [[ $(hf_alerts everything escape.ptrace ".object.target_pid == $victim" | wc -l) == 4 ]]
}

@test "reaching for the monitor is told" {
  assert_told signal "kill: ok" tamper.monitor '.object.operation == "signal"'
  assert_told trace-monitor "ptrace: ok" tamper.monitor '.object.operation == "ptrace"'
  assert_told monitor "connect-unix-packets: ok" tamper.monitor '.object.operation == "connect"'
  assert_told own-files "creat: ok" tamper.monitor '.object.path | endswith("/holdfast/x")'
}

@test "a control socket of the host is told by its daemon's name" {
  assert_told socket "connect-unix: ok" escape.socket '.object.path | endswith("/containerd-shim/tracepoint-test")'
}

@test "leaving the cgroup is told" {
  assert_told cgroup "cgroup-move: ok" escape.cgroup
}

# counted NUMBER CLASS [FILTER]: so often it was told; the same within a second is one line with a count.
counted() {
  [[ $(hf_alerts everything "$2" "${3:-true}" | jq -s 'map(.count) | add') == "$1" ]]
}

@test "code that is not from the image is told when it is mapped" {
  assert_told library "map-exec: ok" drift.library "$(path_is /vol/library)"
  assert_told mprotect "map-mprotect: ok" drift.library "$(path_is /vol/library)"
  wait_until_quietly counted 2 drift.library '.object.path | endswith("/library")'
  assert_told memfd-map "memfd-map: ok" drift.library '.object.path | startswith("/memfd:")'
}

@test "programs, files and peers that the profile does not list are told" {
  assert_told unlisted "exec: ok" exec.unexpected "$(path_is /vol/true)"
  assert_told sensitive "open-read: ok" file.sensitive '.object.path == "/etc/passwd" and .severity == "critical"'
  assert_told connect "connect: ok" network.unexpected '.object.address == "127.0.0.3" and .object.port == 4000'
  assert_told edge "connect-edge: ok" network.unexpected '.object.address == "127.0.0.8"'
  assert_told send "send: ok" network.unexpected '.object.address == "127.0.0.5" and .object.operation == "send"'
  assert_told listen "listen: ok" network.unexpected '.object.operation == "listen" and .object.port == 4001'
  assert_told datagram "bind-datagram: ok" network.unexpected '.object.operation == "bind" and .object.port == 4002'
  assert_told datagram6 "bind-datagram6: ok" network.unexpected '.object.address == "::1" and .object.port == 4003'
  assert_told raw "raw-socket: ok" network.unexpected '.object.operation == "socket"'
}

@test "becoming root, a debugger of others and a reverse shell are told" {
  assert_told root "become-root: ok" privilege.setuid '.object.operation == "setuid"'
  assert_told setuid "setuid: ok exec: ok" privilege.setuid "$(path_is /vol/false)"
  assert_told sibling "ptrace-sibling: ok" process.injection
  assert_told shell "exec-on-connection: ok" process.reverse-shell '.object.address == "127.0.0.1"'
}

@test "what was left open for the container, and what it changes there, is told" {
  assert_alerted leaked open "openat-fd: ok" escape.outside-mount '.object.path | endswith("/secret")'
  assert_alerted leaked create "openat-fd-create: ok" escape.outside-mount '.object.path | endswith("/new")'
}

@test "the host that runs a file of the container, and the overwritten runtime, are told" {
  assert_alert waiting escape.host-exec alerted '.object.path | endswith("/bin/busybox")'
  assert_alert waiting escape.runtime-overwrite alerted "$(path_is /runtime/runc)"
}

@test "capabilities beyond the configuration are told" {
  [[ $(cat "$HF_DIR/exec-cap") == *"open-read: ok"* ]]
  assert_alert waiting escape.credentials alerted '.object.capabilities | index("CAP_SYS_ADMIN") != null'
}

@test "their innocent twins are not told" {
  assert_result quiet tree "mkdir: ok mkdir: ok creat: ok link: ok"
  assert_result quiet moves "rename: ok unlink: ok rmdir: ok"
  assert_result quiet attributes "chmod: ok fchmod: ok utimes: ok truncate: ok"
  assert_result quiet empty "chown-empty: ok utimes-empty: ok utimes-null: ok"
  [[ $(result quiet chmod-empty) =~ ^chmod-empty:\ (ok|ENOSYS)$ ]] # fchmodat2(2): since 6.6
  assert_result quiet jail "chroot: ok mkdir: ok rmdir: ok sleep: ok"
  assert_result quiet stdout "chmod: ok chmod: ok"
  assert_result quiet exists "mkdir: EEXIST unlink: ENOENT symlink: EEXIST"
  assert_result quiet relative "unlink: ok"
  assert_result quiet writable "creat: ok mkdir: ok chmod: ok unlink: ok"
  assert_result quiet null "open-rdwr: ok open-read: ok open-rdwr: ok mkfifo: ok"
  assert_result quiet child "ptrace-child: ok vm-readv-child: ok"
  assert_result quiet own "kill: ok open-read: ok"
  assert_result quiet socket "listen-unix: ok connect-unix: ok"
  assert_result quiet code "map-exec: ok map-anonymous: ok memfd-map-shared: ok exec: ok"
  assert_result quiet read "open-read: ok"
  assert_result quiet disconnect "disconnect: ok"
  assert_result quiet event "pidfd-getfd-event: EBADF"
  assert_result quiet network "connect: ok listen: ok connect-datagram: ok send: ok"
  assert_result quiet user "setuid: ok exec: ok"
  assert_quiet quiet
}

@test "what the kernel refuses for want of a capability is no alert" {
  local absent='(EPERM|ENOSYS)' # a kernel may be built without these three
  local expected="^init-module: $absent kexec: $absent iopl: $absent bpf-map: EPERM perf: EACCES fsopen: EPERM unshare: EPERM$"
  [[ $(result few module) =~ $expected ]]
  assert_quiet few
}
