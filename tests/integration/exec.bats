#!/usr/bin/env bats
# drift.exec, drift.library, fileless.exec and escape.host-exec: what runs must come from the image, and what is in
# a container's rootfs does not run on the host.
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  mkdir "$HF_DIR/volume"
  # /dev/shm of runc spec is noexec, which the kernel judges before it asks anybody.
  local scratch='.mounts += [{destination: "/scratch", type: "tmpfs", source: "tmpfs"}]'
  hf_attack deny --profile writable --caps all --mount "$HF_DIR/volume:/vol" --edit "$scratch" <<'SCRIPT'
t upper copy-exec /bin/attack /tmp/dropped fork
t upper-renamed rename /tmp/dropped /tmp/renamed -- exec /tmp/renamed fork
t tmpfs copy-exec /bin/attack /scratch/dropped fork
t volume copy-exec /bin/attack /vol/dropped fork
t memfd memfd-exec /bin/attack fork
t memfd-path memfd-exec-path /bin/attack fork
t deleted exec-deleted /bin/attack /tmp/deleted fork
printf '#!/bin/sh\necho ran\n' >/tmp/script && chmod +x /tmp/script
t script exec /tmp/script
cp /bin/attack /tmp/library && cp /bin/attack /vol/library
t library map-exec /tmp/library
t library-volume map-exec /vol/library
t library-mprotect map-mprotect /tmp/library
t library-personality map-read-implies-exec /tmp/library
t library-memfd memfd-map
t library-read map-read /tmp/library
t anonymous map-anonymous -- memfd-map-shared
t image exec /bin/attack fork
t image-busybox exec /bin/true
SCRIPT
  hf_attack tell --profile default --caps all <<'SCRIPT'
t upper copy-exec /bin/attack /tmp/dropped fork
t changed open-append /bin/changeme -- write /bin/changeme x -- exec /bin/changeme fork
t memfd memfd-exec /bin/attack fork
cp /bin/attack /tmp/library
t library map-exec /tmp/library
printf '#!/bin/sh\necho ran\n' >/tmp/script && chmod +x /tmp/script
t script exec /tmp/script
cp /bin/busybox /tmp/sh && printf '#!/tmp/sh\necho ran\n' >/tmp/disguised && chmod +x /tmp/disguised
t disguised exec /tmp/disguised
SCRIPT
  hf_attack twin --profile immutable <<'SCRIPT'
for i in 1 2 3; do ls / >/dev/null; done
t image exec /bin/attack fork
t symlink exec /bin/sh -c true
t library map-exec /bin/busybox -- map-mprotect /bin/busybox
t anonymous map-anonymous
t missing exec /no/such/file
SCRIPT
  hf_bundle waiting --overlay --profile writable -- sh -c 'cp /bin/true /tmp/dropped; sleep 600'
  hf_background waiting
  hf_bundle bystander --overlay -- sleep 1
}

teardown_file() {
  hf_stop waiting
  hf_teardown
}
setup() { require enforcing; }

@test "a dropped binary does not run, wherever it lies" {
  assert_denied deny upper "copy-exec: EACCES" drift.exec "$(path_is /tmp/dropped)"
  assert_denied deny upper-renamed "rename: ok exec: EACCES" drift.exec "$(path_is /tmp/renamed)"
  assert_denied deny tmpfs "copy-exec: EACCES" drift.exec "$(path_is /scratch/dropped)"
  assert_denied deny volume "copy-exec: EACCES" drift.exec "$(path_is /vol/dropped)"
  assert_denied deny script "exec: EACCES" drift.exec "$(path_is /tmp/script) and .severity == \"error\""
}

@test "a dropped script is a notice, a dropped interpreter is not" {
  assert_alerted tell script "exec: ok" drift.exec \
    "$(path_is /tmp/script) and .object.operation == \"exec_script\" and .severity == \"notice\""
  assert_alerted tell disguised "exec: ok" drift.exec "$(path_is /tmp/sh) and .severity == \"error\""
}

@test "a program without a file does not run" {
  assert_denied deny memfd "memfd-exec: EACCES" fileless.exec
  assert_denied deny memfd-path "memfd-exec-path: EACCES" fileless.exec
  assert_denied deny deleted "exec-deleted: EACCES" fileless.exec
}

@test "code that is not from the image is not mapped executable, however it is asked for" {
  assert_denied deny library "map-exec: EACCES" drift.library "$(path_is /tmp/library)"
  assert_denied deny library-volume "map-exec: EACCES" drift.library "$(path_is /vol/library)"
  assert_denied deny library-mprotect "map-mprotect: EACCES" drift.library \
    '.object.operation == "mmap"'
  assert_result deny library-personality "map-read-implies-exec: EACCES"
  assert_denied deny library-memfd "memfd-map: EACCES" drift.library "$(path_is /memfd:attack)"
}

@test "data may be mapped, and code that a program makes itself" {
  assert_result deny library-read "map-read: ok"
  assert_result deny anonymous "map-anonymous: ok memfd-map-shared: ok"
  assert_result twin library "map-exec: ok map-mprotect: ok"
  assert_result twin anonymous "map-anonymous: ok"
}

@test "programs of the image run" {
  assert_result deny image "exec: ok"
  assert_result deny image-busybox "exec: ok"
  assert_result twin image "exec: ok"
  assert_result twin symlink "exec: ok"
  assert_result twin missing "exec: ENOENT"
  assert_quiet twin
}

@test "under default dropped programs run and are told" {
  assert_alerted tell upper "copy-exec: ok" drift.exec "$(path_is /tmp/dropped)"
  assert_alerted tell memfd "memfd-exec: ok" fileless.exec
  assert_alerted tell library "map-exec: ok" drift.library "$(path_is /tmp/library)"
  # What was told when it was executed is not told again when the kernel maps it.
  assert_no_alert tell drift.library "$(path_is /tmp/dropped)"
}

@test "a file of a guarded rootfs does not run on the host" {
  run "$HF_DIR/waiting/rootfs/bin/busybox" true
  [ "$status" -ne 0 ]
  assert_alert waiting escape.host-exec denied '.process.pid > 0'
  # What the container wrote, by way of its overlay's upper layer.
  run "$HF_DIR/waiting/upper/tmp/dropped"
  [ "$status" -ne 0 ]
  assert_alert waiting escape.host-exec denied '.object.path | endswith("/upper/tmp/dropped")'
  run "$HF_BUILD/tests/attack/attack" map-exec "$HF_DIR/waiting/rootfs/bin/busybox"
  [[ $output == *EACCES* ]]
  assert_alert waiting escape.host-exec denied '.object.operation == "mmap"'
}

@test "the host's own programs and rootfs of nobody run" {
  busybox true
  "$HF_DIR/bystander/rootfs/bin/busybox" true
}

@test "profile replay decides as the kernel did" {
  assert_replayed deny tell
}
