# Shared by the Bats files: a monitor of the file's own, containers that run lists of attacks, and
# questions about the alerts they made.
#
# Environment: HOLDFAST_BUILD (build directory), RUNTIME (runc or crun), HOLDFAST_EXPECT_BACKEND.
# A file's setup_file calls hf_setup and, for most, hf_monitor_start; its teardown_file hf_teardown.
# shellcheck shell=bash

HF_ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
HF_BUILD=${HOLDFAST_BUILD:-$HF_ROOT/build}
HF_CLI=$HF_BUILD/src/cli/holdfast
HF_SHIM=$HF_BUILD/shim/holdfast-runtime
HF_HOOK=$HF_BUILD/hook/holdfast-hook
HF_DIR=$BATS_FILE_TMPDIR
HF_ALERTS=$HF_DIR/alerts.jsonl
HF_IMAGE=$BATS_RUN_TMPDIR/image # shared by the bundles of a run: nothing changes it
RUNTIME=${RUNTIME:-runc}
# Software emulation on a busy machine is slow; nothing waits longer than this.
HF_PATIENCE=${HF_PATIENCE:-120}

# --- what a test needs -----------------------------------------------------------------------

# require enforcing: the back end refuses things. require tracepoint: it does not. Where the kernel is
# known ($HOLDFAST_EXPECT_BACKEND) another back end than its own is a failure.
require() {
  local backend
  backend=$(hf_backend)
  [[ $backend == "${HOLDFAST_EXPECT_BACKEND:-$backend}" ]] || {
    echo "the back end is '$backend', and should be '$HOLDFAST_EXPECT_BACKEND'" >&2
    return 1
  }
  case $1:$backend in
    enforcing:lsm | enforcing:modify-return | tracepoint:tracepoint) ;;
    *) skip "this kernel gives the back end '${backend:-none}', which is not $1" ;;
  esac
}

hf_enforces() { [[ $(hf_backend) =~ ^(lsm|modify-return)$ ]]; }

require_command() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
}

# The back end of the running monitor, or what doctor finds when none runs.
hf_backend() {
  if [[ ! -s $HF_DIR/backend ]]; then
    "$HF_CLI" doctor 2>/dev/null | sed -n 's/^In force: the back end "\([^"]*\)".*/\1/p' \
      >"$HF_DIR/backend" || true
  fi
  cat "$HF_DIR/backend"
}

# --- set-up and teardown of a file -----------------------------------------------------------

# /etc/holdfast, /run/holdfast and /var/log/holdfast become a tmpfs of this mount namespace: the
# machine's own configuration neither counts nor is touched.
hf_setup() {
  ((EUID == 0)) || skip "needs root"
  [[ -x $HF_SHIM && -x $HF_CLI && -x $HF_HOOK ]] || {
    echo "build first: $HF_BUILD lacks the programs" >&2
    return 1
  }
  local dir
  for dir in /etc/holdfast /run/holdfast /var/log/holdfast; do
    mkdir -p "$dir"
    mountpoint -q "$dir" || mount -t tmpfs -o mode=755 tmpfs "$dir"
  done
  mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
  mkdir -p /etc/holdfast/profiles.d
  cp "$BATS_TEST_DIRNAME"/profiles/*.json /etc/holdfast/profiles.d/
  hf_configure .
}

# hf_configure FILTER: writes holdfast.json, changed by a jq filter.
hf_configure() {
  jq -n --arg runtime "$(command -v "$RUNTIME")" --arg cli "$HF_CLI" --arg alerts "$HF_ALERTS" \
    --arg profiles "$HF_ROOT/profiles" '{
      runtime: $runtime,
      monitor: {binary: $cli, alerts: $alerts, linger_s: 1},
      profiles: {path: [$profiles]},
      annotations: {allow: ["profile", "mode", "rootfs.writable", "image"]}
    } | '"$1" >/etc/holdfast/holdfast.json
}

hf_teardown() {
  hf_monitor_stop
  local mount
  # The innermost first.
  awk -v dir="$HF_DIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while read -r mount; do umount "$mount" || umount -l "$mount"; done
  for mount in /etc/holdfast /run/holdfast /var/log/holdfast; do
    ! mountpoint -q "$mount" || umount -l "$mount"
  done
}

# --- the monitor -----------------------------------------------------------------------------

hf_monitor_start() {
  # One that a hook started in an earlier test may linger still, and would get this test's alerts. One
  # that never had a container stays a minute.
  HF_PATIENCE=120 wait_until hf_monitor_absent || return 1
  # Bats waits for whoever holds descriptor 3.
  "$HF_CLI" monitor --alerts "$HF_ALERTS" "$@" >>"$HF_DIR/monitor.log" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/monitor.pid"
  disown
  wait_until hf_monitor_answers || {
    cat "$HF_DIR/monitor.log" >&2
    return 1
  }
}

# Looking for a listener first is a matter of time: programs start slowly under emulation, and would take it
# from a monitor that is starting. A killed one leaves its socket, which nobody listens to.
# ps says on standard error that nobody listens, which is no failure.
hf_monitor_answers() {
  local told sockets
  local listening=' 00010000 [0-9]+ [0-9]+ +[0-9]+ /run/holdfast/monitor[.]sock'
  sockets=$(</proc/net/unix)
  [[ $sockets =~ $listening ]] && told=$("$HF_CLI" ps 2>&1 >/dev/null) && [[ -z $told ]]
}

hf_monitor_absent() { ! hf_monitor_answers; }

hf_monitor_pid() { cat "$HF_DIR/monitor.pid"; }

# The pid of whichever monitor listens.
hf_listener() { "$HF_CLI" doctor 2>/dev/null | sed -n 's/.*the monitor runs: pid \([0-9]*\),.*/\1/p'; }

# Gone, or a zombie that nobody has waited for yet.
hf_process_gone() {
  local state
  state=$(awk '/^State/ {print $2}' "/proc/$1/status" 2>/dev/null) || return 0
  [[ $state == Z ]]
}

hf_monitor_stop() { hf_monitor_end TERM; }

# As a crash or the out-of-memory killer ends it.
hf_monitor_kill() { hf_monitor_end KILL; }

hf_monitor_end() {
  [[ -s $HF_DIR/monitor.pid ]] || return 0
  local pid
  pid=$(hf_monitor_pid)
  rm "$HF_DIR/monitor.pid"
  kill -"$1" "$pid" 2>/dev/null || return 0
  wait_until hf_process_gone "$pid"
}

# --- waiting ---------------------------------------------------------------------------------

wait_until() {
  local end=$((SECONDS + HF_PATIENCE))
  until "$@"; do
    ((SECONDS < end)) || {
      echo "gave up after $HF_PATIENCE s: $*" >&2
      return 1
    }
    sleep 0.1
  done
}

# --- containers ------------------------------------------------------------------------------

hf_bundle() {
  local id=$1
  shift
  HOLDFAST_BUILD=$HF_BUILD "$HF_ROOT/contrib/dev/make-bundle" "$HF_DIR/$id" --attack \
    --image "$HF_IMAGE" --cgroup "/hf-test/$id" "$@"
}

# Runs a bundle in the foreground; its output is in DIR/out and DIR/err, its exit code in DIR/rc.
hf_run() {
  local id=$1 rc=0
  shift
  timeout -k 5 $((HF_PATIENCE * 4)) "$HF_SHIM" run --bundle "$HF_DIR/$id" "$@" "$id" \
    >"$HF_DIR/$id/out" 2>"$HF_DIR/$id/err" 3>&- </dev/null || rc=$?
  echo "$rc" >"$HF_DIR/$id/rc"
}

# hf_attack ID [OPTION OF make-bundle]… <SCRIPT: runs the script in a container; its lines are
#   t LABEL OPERATION… [-- OPERATION…]    the operations of tests/attack
# The last thing it does is a change of the rootfs which every profile but `off` tells of: when that
# alert is there, all the others are.
hf_attack() {
  local id=$1 script=$HF_DIR/$1.sh
  shift
  {
    hf_prelude
    cat
    echo 't sentinel creat /sentinel'
  } >"$script"
  hf_bundle "$id" --overlay --script "$script" "$@"
  hf_run "$id"
  wait_until hf_told_all "$id" || {
    cat "$HF_DIR/$id/out" "$HF_DIR/$id/err" "$HF_DIR/monitor.log" >&2
    return 1
  }
}

# What a script in a container begins with: see hf_attack.
hf_prelude() {
  # shellcheck disable=SC2016  # for the container's shell
  printf '%s\n' 't() { label=$1; shift; echo "$label $(attack "$@" 2>&1 | tr "\n" " ")"; }'
}

# hf_create ID, then hf_start ID: a container that waits; hf_stop ends it.
hf_create() {
  local id=$1
  "$HF_SHIM" create --bundle "$HF_DIR/$id" "$id" >"$HF_DIR/$id/out" 2>"$HF_DIR/$id/err" 3>&- \
    </dev/null || {
    cat "$HF_DIR/$id/err" >&2
    return 1
  }
}

hf_start() { "$HF_SHIM" start "$1" 3>&-; }

hf_background() { hf_create "$1" && hf_start "$1"; }

hf_stop() {
  "$HF_SHIM" delete --force "$1" 3>&- || true
}

hf_container_pid() { "$RUNTIME" state "$1" | jq .pid; }

# The line a label printed, without the label.
result() { sed -n "s/^$2 //p" "$HF_DIR/$1/out" | sed 's/ *$//'; }

# assert_result ID LABEL TEXT
assert_result() {
  local found
  found=$(result "$1" "$2")
  [[ $found == "$3" ]] || {
    echo "$2 in container $1: expected '$3', got '$found'" >&2
    cat "$HF_DIR/$1/err" >&2
    return 1
  }
}

# hf_inside ID OPERATION…: does one of the operations of tests/attack in a container that runs.
hf_inside() { "$RUNTIME" exec "$1" attack "${@:2}" 3>&- </dev/null || true; }

# hf_write_profile NAME MEMBERS: a profile of /etc/holdfast, an object in jq's syntax.
hf_write_profile() {
  jq -n --arg name "$1" "{schema: \"holdfast.profile/v1\", name: \$name} + $2" \
    >"/etc/holdfast/profiles.d/$1.json"
}

# --- alerts ----------------------------------------------------------------------------------

# hf_alerts ID CLASS [FILTER]: alerts and records of a container, one a line.
hf_alerts() {
  [[ -e $HF_ALERTS ]] || return 0
  jq -c --arg id "$1" --arg class "$2" \
    "select(.container.id == \$id and .class == \$class) | select(${3:-true})" "$HF_ALERTS"
}

hf_alerted() { [[ -n $(hf_alerts "$@") ]]; }

# Whether anything was told of a path. (Making a file is rootfs.create to one back end and rootfs.write
# to another.)
hf_told() {
  grep -qsF -- "\"$2\"" "$HF_ALERTS" && [[ -n $(jq -c --arg id "$1" --arg path "$2" \
    'select(.container.id == $id and .object.path == $path)' "$HF_ALERTS" 2>/dev/null) ]]
}

# Whether the sentinel was: see hf_attack.
hf_told_all() { hf_told "$1" /sentinel; }

# assert_alert ID CLASS ACTION [FILTER]
assert_alert() {
  wait_until_quietly hf_alerted "$1" "$2" ".action == \"$3\" and (${4:-true})" || {
    echo "container $1: no alert $2 $3 ${4:-}; there are:" >&2
    hf_alerts "$1" "$2" | jq -c '[.class, .action, .process.exe, .object]' >&2
    return 1
  }
}

# What a finished hf_attack has told is all there; only after that is a missing alert a failure.
wait_until_quietly() { HF_PATIENCE=${HF_ALERT_PATIENCE:-3} wait_until "$@" 2>/dev/null; }

# assert_no_alert ID CLASS [FILTER]. Only after a sentinel: see hf_attack.
assert_no_alert() {
  local found
  found=$(hf_alerts "$@")
  [[ -z $found ]] || {
    echo "container $1: unexpected $2:" >&2
    jq -c '[.class, .action, .process.exe, .object]' <<<"$found" >&2
    return 1
  }
}

# assert_quiet ID: nothing but the sentinel was told of the container, and what the test itself started in
# it by exec.
assert_quiet() {
  local found
  found=$(jq -c --arg id "$1" 'select(.container.id == $id and .object.path != "/sentinel" and .class != "exec.into")
    | [.class, .action, .process.exe, .object]' "$HF_ALERTS")
  [[ -z $found ]] || {
    echo "container $1 should have been quiet:" >&2
    echo "$found" >&2
    return 1
  }
}

# assert_replayed ID…: of everything that was told of the containers, `profile replay` says the same as
# the kernel did.
assert_replayed() {
  local id profile found
  for id in "$@"; do
    profile=$(jq -r --arg id "$id" 'select(.container.id == $id).container.profile' "$HF_ALERTS" |
      sort -u)
    [[ -n $profile ]] || {
      echo "nothing was told of container $id" >&2
      return 1
    }
    found=$("$HF_CLI" profile replay "$profile" "$HF_ALERTS" --container "$id" --changes \
      --config "$HF_DIR/$id/config.json") || return 1
    found=$(tail -n +2 <<<"$found") # without the head of the table
    [[ -z $found ]] || {
      echo "container $id: the kernel decided otherwise than profile replay:" >&2
      echo "$found" >&2
      return 1
    }
  done
}

# refute COMMAND…: fails when the command succeeds. (A plain "! command" fails no Bats test.)
refute() {
  ! "$@" || {
    echo "succeeded, and should not have: $*" >&2
    return 1
  }
}

# assert_denied ID LABEL RESULT CLASS [FILTER]: refused with that result, and told as denied.
assert_denied() {
  assert_result "$1" "$2" "$3"
  assert_alert "$1" "$4" denied "${5:-true}"
}

# assert_alerted ID LABEL RESULT CLASS [FILTER]: it went on, and was told.
assert_alerted() {
  assert_result "$1" "$2" "$3"
  assert_alert "$1" "$4" alerted "${5:-true}"
}

path_is() { printf '.object.path == "%s"' "$1"; }

# assert_absent PATH…: seen from outside, where the container cannot lie.
assert_absent() {
  local path
  for path in "$@"; do
    [[ ! -e $path && ! -L $path ]] || {
      echo "$path is there" >&2
      return 1
    }
  done
}
