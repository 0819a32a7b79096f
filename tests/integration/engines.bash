# What the files about container engines share: an image for all of them, what is tried in it, and what has
# to come of that. For VMs: engines are given the machine's own configuration. After lib.bash.
# shellcheck shell=bash

ENGINE_IMAGE=localhost/hf/box:1
# The same by another name, which the profile "engine-refusing" refuses.
# shellcheck disable=SC2034 # for containerd.bats and cri.bats
ENGINE_REFUSED=localhost/hf/refused:1

# The image as a docker-archive, $HF_DIR/image.tar. Its /script.sh tries what the profile "engine" refuses.
engine_archive() {
  HOLDFAST_BUILD=$HF_BUILD "$HF_ROOT/contrib/dev/make-bundle" "$HF_DIR/archive" --attack --script <(
    hf_prelude
    cat <<'SCRIPT'
t write creat /usr/bin/new
t mount mount-tmpfs /mnt
t sentinel creat /sentinel
SCRIPT
  )
  pack "$HF_DIR/archive/rootfs" "$HF_DIR/image.tar" "$ENGINE_IMAGE" sh
}

# pack ROOTFS ARCHIVE NAME COMMAND…: one layer, by hand: no engine is needed for that.
pack() {
  local dir=$HF_DIR/pack archive=$2 name=$3 layer config
  mkdir "$dir"
  tar -C "$1" -cf "$dir/layer.tar" .
  layer=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
  jq -nc --arg layer "sha256:$layer" --args '{architecture: "amd64", os: "linux",
    config: {Env: ["PATH=/usr/bin:/bin"], Cmd: $ARGS.positional}, rootfs: {type: "layers", diff_ids: [$layer]},
    history: [{created: "2024-01-01T00:00:00Z"}]}' -- "${@:4}" >"$dir/config"
  config=$(sha256sum "$dir/config" | cut -d' ' -f1)
  mv "$dir/config" "$dir/$config.json"
  jq -nc --arg config "$config.json" --arg tag "$name" \
    '[{Config: $config, RepoTags: [$tag], Layers: ["layer.tar"]}]' >"$dir/manifest.json"
  tar -C "$dir" -cf "$archive" manifest.json "$config.json" layer.tar
  rm -r "$dir"
}

# containerd with the machine's configuration and directories of its own.
start_containerd() {
  containerd --config /etc/containerd/config.toml --root "$HF_DIR/containerd" --state /run/hf-containerd \
    --address "$HF_DIR/containerd.sock" >"$HF_DIR/containerd.log" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/containerd.pid"
  wait_until ctr_ version >/dev/null 2>&1
}

ctr_() { ctr --address "$HF_DIR/containerd.sock" "$@" 3>&-; }

# stop_daemon NAME: whose process id is in $HF_DIR/NAME.pid.
stop_daemon() {
  local pid
  pid=$(cat "$HF_DIR/$1.pid" 2>/dev/null) || return 0
  kill "$pid" || return 0
  wait_until hf_process_gone "$pid" || true
}

# The three that every engine runs, in the way that `in_engine WAY NAME [OPTION]… -- COMMAND…` knows: its
# output in DIR/NAME/out and err, how the engine ended in DIR/NAME/rc. engine_runs WAY CAPABILITY ANNOTATE:
# the engine's options for CAP_SYS_ADMIN and, what follows it left out, for an annotation.
engine_runs() {
  local way=$1
  in_engine "$way" "benign-$way" -- sh -c 'echo hello; exit 7'
  # The image chooses the profile; the hook alone comes with an annotation.
  local annotated=()
  [[ $way != hook && $way != ctr ]] || annotated=("$3io.holdfast.profile=engine")
  in_engine "$way" "web-$way" "$2" "${annotated[@]}" -- sh /script.sh
  in_engine "$way" "refused-$way" "$3io.holdfast.profile=nosuch" -- echo container ran
}

# run_podman WAY NAME [OPTION]… -- COMMAND…: in_engine for podman, as `podman_for_test` calls it.
run_podman() {
  local way=$1 name=$2 options=() rc=0
  shift 2
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  [[ $way == hook ]] && options+=("--runtime=$RUNTIME") || options+=(--runtime=holdfast)
  mkdir "$HF_DIR/$name"
  podman_for_test --cgroup-manager cgroupfs --events-backend file run --rm --name "$name" \
    --network none "${options[@]}" "$ENGINE_IMAGE" "$@" >"$HF_DIR/$name/out" 2>"$HF_DIR/$name/err" \
    3>&- </dev/null || rc=$?
  echo "$rc" >"$HF_DIR/$name/rc"
}

# ended NAME CODE OUTPUT
ended() {
  [[ $(cat "$HF_DIR/$1/rc") == "$2" && $(cat "$HF_DIR/$1/out") == "$3" ]] || {
    tail -n 20 "$HF_DIR/$1"/{rc,out,err} >&2
    return 1
  }
}

# assert_benign WAY: as it would be without us.
assert_benign() {
  ended "benign-$1" 7 hello
  [[ ! -s $HF_DIR/benign-$1/err ]] || { cat "$HF_DIR/benign-$1/err" >&2 && return 1; }
}

# Whether the last thing that the container NAME did was told.
told_all() {
  grep -qsF /sentinel "$HF_ALERTS" && [[ -n $(jq -c --arg name "$1" --arg engine "$2" 'select(.object.path == "/sentinel" and
    .container.engine == $engine and (.container.name // "") == $name)' "$HF_ALERTS" 2>/dev/null) ]]
}

# assert_guarded WAY ENGINE NAME IMAGE: refused, and told with whose container it was.
assert_guarded() {
  local id
  wait_until told_all "$3" "$2"
  assert_result "web-$1" write "creat: EROFS"
  assert_result "web-$1" mount "mount-tmpfs: EPERM"
  # shellcheck disable=SC2016 # jq's variables
  id=$(jq -r --arg engine "$2" --arg name "$3" --arg image "$4" 'select(.container.engine == $engine and
    (.container.name // "") == $name and (.container.image // "") == $image and .container.profile == "engine").container.id' \
    "$HF_ALERTS" | sort -u)
  [[ -n $id ]] || {
    jq -c .container "$HF_ALERTS" | sort -u >&2
    return 1
  }
  assert_alert "$id" rootfs.create denied "$(path_is /usr/bin/new)"
  assert_alert "$id" escape.mount denied "$(path_is /mnt)"
}

# assert_refused WAY CODE REASON: the engine says why, in one line, and nothing ran.
assert_refused() {
  ended "refused-$1" "$2" ""
  [[ $(grep -cF "$3" "$HF_DIR/refused-$1/err") -eq 1 ]] || {
    cat "$HF_DIR/refused-$1/err" >&2
    return 1
  }
}

# Of containers that are gone nothing of ours is left, nor of what would have gone without us.
assert_nothing_left() {
  [[ $("$HF_CLI" ps --json) == "[]" ]]
  [[ -z $(ls /run/holdfast/containers) ]]
  [[ $(find /run/holdfast -type s) == /run/holdfast/monitor.sock ]]
  local found
  found=$(find /sys/fs/cgroup -mindepth 1 -type d | grep -E '[0-9a-f]{64}|(benign|web|refused)-' || true)
  found+=$(grep -E '(benign|web|refused)-|/[0-9a-f]{64}' /proc/self/mountinfo || true)
  [[ -z $found ]] || {
    echo "left: $found" >&2
    return 1
  }
}
