#!/usr/bin/env bats
# What a profile makes of config.json before the container starts (admit), and of alerts of ordinary
# work (exceptions).
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  mkdir -p /run/docker
  hf_attack told --profile admitting --host ipc --host pid --caps CAP_CHOWN,CAP_SYS_PTRACE <<'SCRIPT'
mkdir /srv
t ordinary creat /srv/ordinary.idx
t other creat /srv/other
SCRIPT
  hf_attack twin --profile admitting <<'SCRIPT'
t other creat /data/other
SCRIPT
  hf_attack detect --profile admitting --mode detect --mount /etc/holdfast:/mnt <<'SCRIPT'
t other creat /data/other
SCRIPT
}

teardown_file() {
  hf_teardown
  rmdir /run/docker 2>/dev/null || true
}

# refused ID TEXT OPTION OF make-bundle…: the container does not start, with one line that has the text.
refused() {
  local id=$1 text=$2
  shift 2
  hf_bundle "$id" --overlay --profile admitting "$@" -- echo container ran
  hf_run "$id"
  [[ $(cat "$HF_DIR/$id/rc") != 0 ]]
  refute grep -q "container ran" "$HF_DIR/$id/out"
  refute "$RUNTIME" state "$id" >/dev/null 2>&1
  [[ $(grep -c "^holdfast: " "$HF_DIR/$id/err") == 1 ]]
  grep -qF "$text" "$HF_DIR/$id/err" || {
    cat "$HF_DIR/$id/err"
    return 1
  }
}

@test "a privileged container is refused, with what to do" {
  refused privileged "it has CAP_SYS_ADMIN and every device of the host (a privileged container), which its profile does not admit; start it without, or give it a profile whose admit.privileged allows that (profile \"admitting\")" \
    --caps all --devices all
}

@test "a mount of a control socket's directory is refused by whatever name" {
  ln -sfn /run "$HF_DIR/link"
  refused socket "a socket that controls the host" --mount /run/docker:/mnt
  refused socket-by-link "a socket that controls the host" --mount "$HF_DIR/link:/mnt"
}

@test "a listed mount of the host is refused, and what holds it" {
  refused listed "mounts /etc/holdfast at /mnt" --mount /etc/holdfast:/mnt:ro
  refused holder "mounts /etc at /mnt" --mount /etc:/mnt:ro
}

@test "what is only told is told once, of a container that runs" {
  assert_alert told admit.host-namespaces alerted '.severity == "warning" and
    (.message | contains("is in the host'"'"'s pid, ipc namespace"))'
  assert_alert told admit.capabilities alerted '.message | contains("has CAP_SYS_PTRACE;")'
  [[ $(hf_alerts told admit.host-namespaces | wc -l) == 1 ]]
}

@test "an ordinary container asks for nothing" {
  assert_no_alert twin admit.host-namespaces
  assert_no_alert twin admit.capabilities
}

@test "mode detect tells what it would refuse" {
  assert_alert detect admit.mounts alerted '.message | contains("mounts /etc/holdfast at /mnt")'
  assert_result detect other "creat: ok"
}

@test "without the shim the hook refuses the same" {
  hf_bundle hook-alone --overlay --profile admitting --host pid --mount /etc:/mnt \
    --edit ".hooks.createRuntime = [{path: \"$HF_HOOK\", args: [\"holdfast-hook\", \"createRuntime\"], env: [\"PATH=/usr/bin:/bin\"]}]" \
    -- echo container ran
  run timeout 120 "$RUNTIME" run --bundle "$HF_DIR/hook-alone" hook-alone 3>&- </dev/null
  [[ $status != 0 && $output != *"container ran"* ]]
  # crun keeps a hook's words to itself.
  [[ $RUNTIME == crun || $output == *"mounts /etc at /mnt, which its profile does not admit"* ]]
}

@test "an alert that an exception is about is a record with the reason" {
  require enforcing # elsewhere a path may be only what the process spelled
  assert_alert told rootfs.create alerted '.kind == "record" and .object.path == "/srv/ordinary.idx" and
    .exception == "writes its own index"'
}

@test "the same by another path is an alert" {
  require enforcing
  assert_alert told rootfs.create alerted '.kind == "alert" and .object.path == "/srv/other" and
    .exception == null'
}
