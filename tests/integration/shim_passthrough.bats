#!/usr/bin/env bats
# holdfast-runtime behaves as the runtime it wraps: same output, exit code, signals, descriptors.

load lib

# One monitor for all: only the last test is about starting one.
setup_file() {
  hf_setup
  hf_monitor_start
}
teardown_file() { hf_teardown; }

setup() {
  # What the shim calls: runtimes name themselves by argv[0] in their messages.
  # shellcheck disable=SC2153  # lib.bash sets it
  BARE=$(command -v "$RUNTIME")
  hf_configure .
  cd "$BATS_TEST_TMPDIR" || return 1
}

# A bundle of the current test; its name is the container's id.
bundle() {
  local id=$1
  shift
  "$HF_ROOT/contrib/dev/make-bundle" "$BATS_TEST_TMPDIR/$id" --image "$HF_IMAGE" --cgroup "/hf-test/$id" "$@"
}

# with NAME COMMAND…: NAME.out, NAME.err and NAME.rc of a command. The times in logs differ.
with() {
  local name=$1 rc=0
  shift
  "$@" >"$name.out" 2>"$name.err.raw" 3>&- </dev/null || rc=$?
  sed -E 's/time="?[-0-9T:Z+.]+"?/time=T/; s/"time":"[^"]*"/"time":T/' "$name.err.raw" >"$name.err"
  rm "$name.err.raw"
  echo "$rc" >"$name.rc"
}

# Runs both runtimes with the same arguments and compares everything.
assert_same() {
  with bare "$BARE" "$@"
  with shim "$HF_SHIM" "$@"
  local part
  for part in rc out err; do
    diff -u "bare.$part" "shim.$part"
  done
}

# The same, from a fresh bundle for each: a guarded bundle is rewritten by the first run.
assert_same_run() {
  local id=$1
  shift
  bundle "$id" "$@"
  cp "$id/config.json" "$id.json"
  with bare "$BARE" run --bundle "$id" "$id"
  with shim "$HF_SHIM" run --bundle "$id" "$id"
  local part
  for part in rc out err; do
    diff -u "bare.$part" "shim.$part"
  done
}

rc_is() { [[ $(cat shim.rc) == "$1" ]]; }

# A runtime that writes down all that it was given. No command of its own runs before it has.
fake_runtime() {
  cat >"$1" <<'FAKE'
#!/bin/bash
read -r children <"/proc/$$/task/$$/children"
echo "children: $children"
echo "arguments: $*"
echo "umask: $(umask)"
echo "cwd: $PWD"
echo "parent: $PPID"
grep -E '^(Sig(Q|Pnd|Blk|Ign|Cgt)|ShdPnd|Seccomp|NoNewPrivs|Cap)' /proc/$$/status
for fd in /proc/$$/fd/*; do
  # 255 is bash's own, for this script.
  [[ ${fd##*/} == 255 ]] || echo "fd ${fd##*/}: $(readlink "$fd")"
done
# Group, session, terminal and the terminal's foreground group (proc(5)).
cut -d ' ' -f 5-8 "/proc/$$/stat"
cat "/proc/$$/limits" "/proc/$$/oom_score_adj" "/proc/$$/personality" "/proc/$$/timerslack_ns"
env | grep -v '^_=' | sort
FAKE
  chmod 755 "$1"
}

# --- what is not about starting a container ----------------------------------------------------

@test "--version is the runtime's own, with nothing added" {
  assert_same --version
  [[ ! -s shim.err ]]
}

@test "features is the runtime's own, with nothing added" {
  [[ $RUNTIME == *runc ]] || skip "crun has no features at this version"
  assert_same features
  rc_is 0
  [[ ! -s shim.err ]]
}

@test "state, list and kill pass through" {
  assert_same state no-such-container
  assert_same list
  assert_same kill no-such-container KILL
}

@test "lines that are wrong, incomplete or questions are the runtime's to answer" {
  assert_same no-such-verb
  assert_same --no-such-option create x
  assert_same create
  assert_same run --bundle
  assert_same checkpoint --help
  assert_same restore --lsm-mount-context
}

@test "nothing is added to what passes through even when holdfast.json is broken" {
  echo '{' >/etc/holdfast/holdfast.json
  with shim env PATH="$(dirname "$(command -v "$RUNTIME")"):/usr/bin:/bin" "$HF_SHIM" --version
  rc_is 0
  [[ ! -s shim.err ]]
}

@test "the name it is called by chooses the runtime" {
  ln -s "$HF_SHIM" "holdfast-$RUNTIME"
  fake_runtime other
  hf_configure ".runtime = \"$PWD/other\""
  with bare "$BARE" --version
  with shim "./holdfast-$RUNTIME" --version
  diff -u bare.out shim.out
}

# --- containers ----------------------------------------------------------------------------------

@test "a container in mode off runs as without us, and its config.json is not touched" {
  assert_same_run off --mode off -- sh -c 'echo out; echo err >&2; id; exit 42'
  rc_is 42
  cmp off.json off/config.json
}

@test "a guarded container has the same output and exit code" {
  assert_same_run guarded -- sh -c 'echo out; echo err >&2; id; cat /data/file; exit 42'
  rc_is 42
  grep -q holdfast-hook guarded/config.json
}

@test "a container with a terminal talks to the caller's" {
  # shellcheck disable=SC2016  # for the container's shell
  bundle terminal --edit '.process.terminal = true' -- sh -c 'tty; read word; echo "got $word"'
  # script(1) makes the caller a terminal. What is typed too early is lost with some runtimes.
  # shellcheck disable=SC2094  # what it has written is what is waited for
  (wait_until grep -qs /dev/pts/ shim.out && echo word && wait_until grep -q 'got word' shim.out) |
    timeout 100 script -qec "$HF_SHIM run --bundle terminal terminal" /dev/null >shim.out 3>&-
  grep -q /dev/pts/ shim.out
  grep -q 'got word' shim.out
}

@test "exit codes pass through" {
  local code
  for code in 0 1 42; do
    assert_same_run "code$code" -- sh -c "exit $code"
    rc_is "$code"
  done
  assert_same_run killed -- sh -c 'sh -c "kill -9 \$\$"; exit $?'
  rc_is 137
}

@test "a second start rewrites nothing" {
  bundle twice -- true
  "$HF_SHIM" run --bundle twice twice 3>&-
  cp twice/config.json first.json
  touch -d '2001-01-01' twice/config.json
  "$HF_SHIM" run --bundle twice twice 3>&-
  cmp first.json twice/config.json
  [[ $(stat -c %Y twice/config.json) == "$(date -d '2001-01-01' +%s)" ]]
}

@test "the bundle is the working directory, a relative path, or the last one given" {
  bundle place -- echo here
  bundle other -- echo there
  (cd place && with ../shim "$HF_SHIM" run place)
  [[ $(cat shim.out) == here ]]
  with shim "$HF_SHIM" run --bundle other --bundle ./place place
  [[ $(cat shim.out) == here ]]
  refute grep -q holdfast-hook other/config.json
}

@test "LISTEN_FDS and --preserve-fds hand on the same descriptors" {
  echo three >three
  echo four >four
  # shellcheck disable=SC2016  # for the container's shell
  bundle fds -- sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; cat <&4; ls /proc/self/fd | wc -l'
  local runtime
  for runtime in "$BARE" "$HF_SHIM"; do
    # LISTEN_PID must be the runtime's: the pid has to survive.
    # shellcheck disable=SC2016  # for the inner shell
    LISTEN_FDS=1 sh -c 'export LISTEN_PID=$$; exec "$@"' sh \
      "$runtime" run --preserve-fds 1 --bundle fds fds >"${runtime##*/}.fds" 3<three 4<four
  done
  diff -u "${BARE##*/}.fds" holdfast-runtime.fds
  grep -qx three holdfast-runtime.fds
  grep -qx four holdfast-runtime.fds
}

@test "signals to a foreground run reach the container" {
  local signal pid
  bundle signals -- sh -c 'trap "echo TERM; exit 3" TERM; trap "echo INT; exit 4" INT
    trap "echo HUP; exit 5" HUP; echo ready; while :; do sleep 0.1; done'
  for signal in TERM INT HUP; do
    rm -f out
    # A background job of a shell ignores INT; the container must not.
    env --default-signal="$signal" "$HF_SHIM" run --bundle signals signals >out 3>&- </dev/null &
    pid=$!
    wait_until grep -qs ready out
    [[ $(cat /proc/$pid/comm) == "${RUNTIME##*/}" ]]
    kill -"$signal" "$pid"
    local rc=0
    wait "$pid" || rc=$?
    [[ $(tail -n 1 out) == "$signal" && $rc -ge 3 && $rc -le 5 ]]
  done
}

@test "ignored signals, mask and umask are those of the caller" {
  local script='umask; grep -E "^Sig(Blk|Ign)" /proc/self/status'
  bundle state -- sh -c "$script"
  local runtime
  for runtime in "$BARE" "$HF_SHIM"; do
    (
      umask 0027
      env --ignore-signal=USR1 --block-signal=USR2 \
        "$runtime" run --pid-file "${runtime##*/}.pid" --bundle state state >"${runtime##*/}.state" 3>&-
    )
  done
  diff -u "${BARE##*/}.state" holdfast-runtime.state
  [[ $(stat -c %a "${BARE##*/}.pid") == "$(stat -c %a holdfast-runtime.pid)" ]]
}

@test "create, start, exec, kill and delete work as a life" {
  bundle life -- sleep 100
  "$HF_SHIM" create --bundle life life >out 2>err 3>&- </dev/null
  [[ $("$HF_SHIM" state life | jq -r .status) == created ]]
  "$HF_SHIM" start life 3>&-
  [[ $("$HF_SHIM" exec life echo create 3>&-) == create ]]
  "$HF_SHIM" kill life KILL
  wait_until hf_is_stopped life
  "$HF_SHIM" delete life 3>&-
  with shim "$HF_SHIM" state life
  [[ $(cat shim.rc) != 0 ]]
}

@test "a process document that comes through a FIFO reaches the runtime whole" {
  local runtime
  bundle piped -- sleep 100
  "$HF_SHIM" run -d --bundle piped piped >out 2>err 3>&- </dev/null
  jq '.process | .args = ["sh", "-c", "echo read; exit 7"]' piped/config.json >process.json
  for runtime in "$BARE" "$HF_SHIM"; do
    rm -f document
    mkfifo document
    cat process.json >document 3>&- &
    with "${runtime##*/}" timeout 60 "$runtime" exec --process document piped
    [[ $(cat "${runtime##*/}.rc" "${runtime##*/}.out") == $'7\nread' ]]
  done
  "$RUNTIME" delete -f piped 3>&-
}

@test "a container with a user namespace and devices starts, though crun loses its bundle" {
  [[ $RUNTIME == crun ]] || skip "runc makes no device nodes in a user namespace"
  bundle made --edit '.linux.namespaces += [{"type": "user"}]
    | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
    | .linux.devices = [{"path": "/dev/made", "type": "c", "major": 1, "minor": 5}]' -- sh -c 'ls /dev/made; exit 7'
  cd made
  with shim "$HF_SHIM" run made
  [[ $(cat shim.rc shim.out) == $'7\n/dev/made' ]] || { cat shim.err >&2 && return 1; }
}

hf_is_stopped() { [[ $("$RUNTIME" state "$1" | jq -r .status) == stopped ]]; }

# --- refusals --------------------------------------------------------------------------------------

@test "a refusal is one JSON line in --log, one line on standard error, exit 1 and no container" {
  bundle refused --profile no-such-profile -- echo ran
  echo '{"level":"info"}' >log
  with shim "$HF_SHIM" --log log --log-format json run --bundle refused refused
  rc_is 1
  [[ ! -s shim.out ]]
  [[ $(wc -l <shim.err) == 1 && $(wc -l <log) == 2 ]]
  grep -q '^holdfast: .*no-such-profile' shim.err
  tail -n 1 log | jq -e '.level == "error" and (.msg | test("no-such-profile")) and
    (keys == ["level", "msg", "time"])'
  refute "$RUNTIME" state refused
  refute grep -qiE 'permission denied|operation not permitted|no such file|not found' shim.err
}

@test "a refusal without --log-format json is a line of text in --log" {
  bundle refused --profile no-such-profile -- echo ran
  with shim "$HF_SHIM" --log log run --bundle refused refused
  rc_is 1
  [[ $(wc -l <log) == 1 ]]
  grep -q '^time="[^"]*" level=error msg="holdfast: ' log
}

@test "a start that succeeds leaves nothing in --log" {
  bundle quiet -- true
  with shim "$HF_SHIM" --log log --log-format json run --bundle quiet quiet
  rc_is 0
  [[ ! -s log && ! -s shim.err ]]
}

# --- a monitor that is started -------------------------------------------------------------------

@test "the signal for the death of the caller's parent stays set" {
  bundle orphan -- true
  # exec(2) keeps it, fork(2) does not: the runtime itself has to tell.
  cat >runc <<'PYTHON'
#!/usr/bin/python3 -IS
import ctypes
signal = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(signal))  # PR_GET_PDEATHSIG
print(signal.value)
PYTHON
  chmod 755 runc
  hf_configure ".runtime = \"$PWD/runc\""
  run setpriv --pdeathsig TERM "$HF_SHIM" --root "$PWD/create" create --bundle orphan orphan
  hf_configure .
  [[ $status -eq 0 && $output == 15 ]]
}

@test "the runtime gets exactly what we were given, also after a monitor was started" {
  hf_monitor_stop
  wait_until hf_monitor_absent
  bundle given -- true
  fake_runtime "$PWD/runc"
  hf_configure ".runtime = \"$PWD/runc\""
  local program
  for program in "$PWD/runc" "$HF_SHIM"; do
    (
      umask 0027
      exec 7</dev/null 9>/dev/null
      ulimit -Sn 500
      ulimit -t 5000
      env -i A=1 PATH="$PATH" LISTEN_FDS=0 env --ignore-signal=USR1 --block-signal=CHLD \
        "$program" --root "$PWD/create" create --bundle given --pid-file x given \
        >"${program##*/}.given" 2>&1 3>&- </dev/null
    )
    # A pipe there is bash's own, for readlink. Queued signals are counted for all processes of the user.
    sed -i -E 's/^parent: .*//; s,^(SigQ:\s*)[0-9]+,\1N,; s,/[^ ]*\.given$,OUT,; s/pipe:.*/pipe/' "${program##*/}.given"
  done
  diff -u runc.given holdfast-runtime.given
  grep -qx 'children: ' holdfast-runtime.given
  # Somebody did start one, and it is nobody's child here.
  local monitor
  monitor=$(hf_listener)
  [[ -n $monitor ]]
  # It never had a container, and would be in the way of the next file's for a minute.
  kill "$monitor"
  wait_until hf_process_gone "$monitor"
}
