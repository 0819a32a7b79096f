#!/usr/bin/env bats
# The seccomp filter in force in a container: plain bundles, and podman with the same runtime below.
load lib

setup_file() {
  hf_setup
  SHIM=(--runtime "$HF_SHIM")
  hf_monitor_start
  cat >"$HF_DIR/script" <<'SCRIPT'
sed -n 's/^Seccomp:\t/seccomp /p; s/^Seccomp_filters:\t/filters /p' /proc/self/status
t link symlink target /tmp/link
SCRIPT
  local profile
  for profile in filtered default listed; do
    hf_attack "$profile" --profile "$profile" <"$HF_DIR/script"
  done
  hf_attack detect --profile filtered --mode detect <"$HF_DIR/script"
  hf_attack unfiltered --profile bare --edit 'del(.linux.seccomp)' <"$HF_DIR/script"
  hf_bundle unasked --overlay --profile asking --script "$HF_DIR/script"
  hf_run unasked
  ask_an_agent
  run_podman filtered filtered "${SHIM[@]}"
  run_podman default default "${SHIM[@]}"
  make_hooks
  run_podman hook filtered --runtime "$RUNTIME" --hooks-dir "$HF_DIR/hooks.d"
  run_podman both filtered "${SHIM[@]}" --hooks-dir "$HF_DIR/hooks.d"
}

# An agent at the socket that config.json names decides what the profile asks it.
ask_an_agent() {
  "$BATS_TEST_DIRNAME/seccomp-agent" "$HF_DIR/agent.sock" >"$HF_DIR/agent.out" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/agent.pid"
  wait_until grep -q listening "$HF_DIR/agent.out"
  hf_attack asked --profile asking --edit ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\",
    listenerPath: \"$HF_DIR/agent.sock\"}" <"$HF_DIR/script"
}

# As contrib has it for podman.
make_hooks() {
  local file
  mkdir "$HF_DIR/hooks.d"
  for file in "$HF_ROOT"/contrib/podman/*.json; do
    jq --arg path "$HF_HOOK" '.hook.path = $path' "$file" >"$HF_DIR/hooks.d/${file##*/}"
  done
}

# podman's own seccomp profile, and ours on top. Its storage is the test's own.
hf_podman() {
  podman --root "$HF_DIR/podman" --runroot "$HF_DIR/podman-run" --tmpdir "$HF_DIR/podman-tmp" \
    --cgroup-manager cgroupfs --events-backend file "$@" 3>&- </dev/null
}

# run_podman NAME PROFILE OPTION…: the options are podman's own, before its command.
run_podman() {
  local name=$1 profile=$2
  shift 2
  command -v podman >/dev/null || return 0
  if ! hf_podman image exists hf-test 2>/dev/null; then
    cp -a "$HF_IMAGE" "$HF_DIR/podman-image"
    cp "$HF_BUILD/tests/attack/attack" "$HF_DIR/podman-image/bin/attack"
    { hf_prelude && cat "$HF_DIR/script"; } >"$HF_DIR/podman-image/script.sh"
    tar -C "$HF_DIR/podman-image" -c . | podman_import
  fi
  mkdir "$HF_DIR/podman-$name"
  local rc=0
  hf_podman "$@" run --name "$name" --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --annotation "io.holdfast.profile=$profile" \
    hf-test /bin/sh /script.sh >"$HF_DIR/podman-$name/out" 2>"$HF_DIR/podman-$name/err" || rc=$?
  echo "$rc" >"$HF_DIR/podman-$name/rc"
}

podman_import() {
  podman --root "$HF_DIR/podman" --runroot "$HF_DIR/podman-run" --tmpdir "$HF_DIR/podman-tmp" \
    import - hf-test >"$HF_DIR/podman-import" 2>&1 3>&-
}

teardown_file() {
  local SHIM=(--runtime "$HF_SHIM")
  [[ ! -s $HF_DIR/agent.pid ]] || kill "$(cat "$HF_DIR/agent.pid")" 2>/dev/null || true
  if [[ -d $HF_DIR/podman ]]; then
    hf_podman "${SHIM[@]}" rm --all --force >/dev/null 2>&1 || true
  fi
  hf_teardown
}

@test "a call that the profile denies fails with the profile's errno, in a filter of mode 2" {
  assert_result filtered seccomp 2
  assert_result filtered link "symlink: EOPNOTSUPP"
}

@test "the same call goes on under a profile that does not deny it" {
  assert_result default seccomp 2
  assert_result default link "symlink: ok"
}

@test "a call that allow_only does not list fails, and the program runs" {
  assert_result listed seccomp 2
  assert_result listed link "symlink: ENOSYS"
}

@test "mode detect logs what the profile denies, and lets it go on" {
  assert_result detect seccomp 2
  assert_result detect link "symlink: ok"
}

@test "a profile without seccomp adds no filter where the engine has none" {
  assert_result unfiltered seccomp 0
  assert_result unfiltered link "symlink: ok"
}

@test "a call that an agent decides, and no agent's socket in config.json: the container does not start" {
  [[ $(cat "$HF_DIR/unasked/rc") != 0 ]]
  grep -q "^holdfast: .*listenerPath" "$HF_DIR/unasked/err"
  [[ -z $(result unasked link) ]]
}

@test "an agent at the socket that config.json names decides the call" {
  assert_result asked seccomp 2
  assert_result asked link "symlink: EXDEV"
  grep -q "^call " "$HF_DIR/agent.out"
}

@test "podman: the profile's errno, on top of podman's own filter" {
  require_command podman
  assert_result podman-filtered seccomp 2
  assert_result podman-filtered link "symlink: EOPNOTSUPP"
  [[ $(cat "$HF_DIR/podman-filtered/rc") == 0 ]]
}

@test "podman: the same call goes on under a profile that does not deny it" {
  require_command podman
  assert_result podman-default seccomp 2
  assert_result podman-default link "symlink: ok"
}

@test "podman: the hook alone has the profile's filter put into config.json" {
  require_command podman
  assert_result podman-hook seccomp 2
  assert_result podman-hook link "symlink: EOPNOTSUPP"
  [[ $(cat "$HF_DIR/podman-hook/rc") == 0 ]]
}

@test "podman: hook and runtime together make one filter" {
  require_command podman
  assert_result podman-both filters 1
  assert_result podman-both link "symlink: EOPNOTSUPP"
}
