#!/usr/bin/env bats
# Pods, as a kubelet has containerd make them through its CRI socket. `holdfast install containerd` has configured
# the runtime that they name.
load lib
load engines

PAUSE_IMAGE=localhost/hf/pause:1

setup_file() {
  [[ -n ${HOLDFAST_VM:-} ]] || skip "changes the machine's own configuration: for VMs"
  hf_setup
  require_command containerd
  require_command protoc
  hf_monitor_start
  configure_containerd
  start_containerd
  import_images
  start_client
  in_pods
}

teardown_file() {
  stop_daemon containerd
  [[ ! -e $HF_DIR/config.toml ]] || cp "$HF_DIR/config.toml" /etc/containerd/config.toml
  hf_teardown
}

# There is no registry: the pause image is one of our own.
configure_containerd() {
  cp /etc/containerd/config.toml "$HF_DIR/config.toml"
  printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "%s"\n' "$PAUSE_IMAGE" \
    >/etc/containerd/config.toml
  "$HF_CLI" install --with runtime containerd >"$HF_DIR/install" 2>&1
}

# Images of the same content need different commands: containerd knows an image by its digest, and tells of one name.
import_images() {
  local name
  engine_archive
  pack "$HF_DIR/archive/rootfs" "$HF_DIR/refused.tar" "$ENGINE_REFUSED" true
  mkdir "$HF_DIR/pause"
  cp "$HF_DIR/archive/rootfs/bin/busybox" "$HF_DIR/pause/busybox-pause"
  pack "$HF_DIR/pause" "$HF_DIR/pause.tar" "$PAUSE_IMAGE" /busybox-pause tail -f /dev/null
  for name in image refused pause; do
    ctr_ --namespace k8s.io images import "$HF_DIR/$name.tar" >>"$HF_DIR/import" 2>&1
  done
}

# --- calls -----------------------------------------------------------------------------------

start_client() {
  coproc "$BATS_TEST_DIRNAME/cri-client" "$HF_DIR/containerd.sock" 2>"$HF_DIR/client.err" 3>&-
  # Subshells have no descriptors of a coprocess.
  exec 7>&"${COPROC[1]}" 8<&"${COPROC[0]}"
  wait_until knows_images
}

# containerd tells its CRI part of an imported image a moment later.
knows_images() {
  local name
  for name in "$ENGINE_IMAGE" "$ENGINE_REFUSED" "$PAUSE_IMAGE"; do
    [[ $(cri ImageStatus "{\"image\": {\"image\": \"$name\"}}") == *sha256:* ]] || return 1
  done
}

# cri METHOD REQUEST: the answer, or why there is none on standard error.
cri() {
  local status answer
  echo "$1 $2" >&7
  read -r -t 300 status answer <&8
  [[ $status == ok ]] || { echo "$answer" >&2 && return 1; }
  echo "$answer"
}

container() { cri "$1" "{\"container_id\": \"$(cat "$HF_DIR/$2/id")\"}"; }
pod() { cri "$1" "{\"pod_sandbox_id\": \"$(cat "$HF_DIR/$2.id")\"}"; }

# run_pod NAME HANDLER PID [ANNOTATIONS]: of the host's network, with a pid namespace for each CONTAINER or one
# for the POD.
run_pod() {
  jq -nc --arg name "$1" --arg pid "$3" --argjson annotations "${4:-{\}}" --arg logs "$HF_DIR/$1.logs" '{
    metadata: {name: $name, uid: $name, namespace: "default"}, log_directory: $logs, annotations: $annotations,
    linux: {cgroup_parent: "/kubepods/\($name)",
      security_context: {namespace_options: {network: "NODE", pid: $pid}}}}' >"$HF_DIR/$1.pod"
  mkdir "$HF_DIR/$1.logs"
  cri RunPodSandbox "{\"config\": $(cat "$HF_DIR/$1.pod"), \"runtime_handler\": \"$2\"}" >"$HF_DIR/$1.answer" \
    2>"$HF_DIR/$1.err" || return
  jq -r .pod_sandbox_id "$HF_DIR/$1.answer" >"$HF_DIR/$1.id"
}

# start POD NAME [--cap-add=CAPABILITY] [--annotation=KEY=VALUE] -- COMMAND…
start() {
  local pod=$1 name=$2 annotation="" capability="" id
  shift 2
  while [[ $1 != -- ]]; do
    case $1 in
      --annotation=*) annotation=${1#*=} ;;
      --cap-add=*) capability=${1#*=} ;;
    esac
    shift
  done
  mkdir "$HF_DIR/$name"
  id=$(cri CreateContainer "$(jq -nc --arg pod "$(cat "$HF_DIR/$pod.id")" --slurpfile sandbox "$HF_DIR/$pod.pod" \
    --arg name "$name" --arg image "$ENGINE_IMAGE" --arg annotation "$annotation" --arg capability "$capability" \
    --args '{pod_sandbox_id: $pod, sandbox_config: $sandbox[0], config: {
      metadata: {name: $name}, image: {image: $image}, command: $ARGS.positional, log_path: $name,
      annotations: ($annotation | if . == "" then {} else split("=") | {(.[0]): .[1]} end),
      linux: {security_context: ($sandbox[0].linux.security_context +
        {capabilities: {add_capabilities: [$capability | select(. != "")]}})}}}' "$@")") || return
  jq -r .container_id <<<"$id" >"$HF_DIR/$name/id"
  container StartContainer "$name" >/dev/null
}

has_exited() {
  container ContainerStatus "$1" >"$HF_DIR/$1/status" && grep -q CONTAINER_EXITED "$HF_DIR/$1/status"
}

# Of the log of the container $2 of the pod $1, what it wrote to stdout or stderr, $3.
written() { sed -n "s/^[^ ]* $3 F //p" "$HF_DIR/$1.logs/$2"; }

in_engine() {
  if start "$@" 2>"$HF_DIR/reason"; then
    wait_until has_exited "$2"
    written "$1" "$2" stdout >"$HF_DIR/$2/out"
    written "$1" "$2" stderr >"$HF_DIR/$2/err"
    jq '.status.exit_code // 0' "$HF_DIR/$2/status" >"$HF_DIR/$2/rc"
  else
    : >"$HF_DIR/$2/out"
    cp "$HF_DIR/reason" "$HF_DIR/$2/err"
    echo 1 >"$HF_DIR/$2/rc"
  fi
}

# inside NAME COMMAND…
inside() {
  cri ExecSync "$(jq -nc --arg id "$(cat "$HF_DIR/$1/id")" --args '{container_id: $id, cmd: $ARGS.positional,
    timeout: 300}' -- "${@:2}")"
}

# --- what is done ----------------------------------------------------------------------------

in_pods() {
  run_pod cri holdfast CONTAINER
  engine_runs cri --cap-add=SYS_ADMIN --annotation=
  ENGINE_IMAGE=$ENGINE_REFUSED in_engine cri refused-image -- true
  start cri web-resident --annotation=io.holdfast.profile=loose -- sleep 600
  inside web-resident attack creat /usr/bin/by-exec >"$HF_DIR/exec"
  run_pod annotated holdfast POD '{"io.holdfast.profile": "strict-processes"}'
  in_engine annotated web-annotated --cap-add=SYS_ADMIN -- sh /script.sh
  run_pod nosuch holdfast CONTAINER '{"io.holdfast.profile": "nosuch"}' || true
  "$HF_CLI" ps --json >"$HF_DIR/ps"
  run_pod plain "" CONTAINER
  in_engine plain benign-plain -- sh -c 'echo hello; exit 7'
  remove_all
}

# As a kubelet does, which asks until it is told that it is done: all of it twice.
remove_all() {
  local what name
  for what in StopContainer StopContainer RemoveContainer RemoveContainer; do
    container "$what" web-resident
  done >"$HF_DIR/removed"
  for what in StopPodSandbox StopPodSandbox RemovePodSandbox RemovePodSandbox; do
    for name in cri annotated plain; do
      pod "$what" "$name"
    done
  done >>"$HF_DIR/removed"
}

# profile_of POD: of its pause container, while that ran.
profile_of() {
  jq -r --arg id "$(cat "$HF_DIR/$1.id")" '.[] | select(.id == $id).profile' "$HF_DIR/ps"
}

@test "CRI: a program that does nothing wrong runs as ever" {
  assert_benign plain
  assert_benign cri
}

@test "CRI: the image chooses the profile, and what is refused is told with name and image" {
  assert_guarded cri containerd web-cri "$ENGINE_IMAGE"
}

@test "CRI: a container's annotation chooses its profile, also for what exec starts in it" {
  local id
  id=$(cat "$HF_DIR/web-resident/id")
  [[ $(jq -r '.stdout | @base64d' "$HF_DIR/exec") == "creat: EROFS" ]]
  assert_alert "$id" exec.into alerted "$(path_is attack)"
  assert_alert "$id" rootfs.create denied \
    "$(path_is /usr/bin/by-exec) and .container.name == \"web-resident\" and .container.profile == \"loose\""
}

@test "CRI: a container that is refused says why in one line" {
  assert_refused cri 1 'there is no profile "nosuch"'
  assert_refused image 1 "it runs as the host's root user"
  [[ $(wc -l <"$HF_DIR/refused-cri/err") -eq 1 && $(wc -l <"$HF_DIR/refused-image/err") -eq 1 ]]
}

@test "CRI: a pod whose annotation cannot be followed is refused, and says why in one line" {
  [[ ! -e $HF_DIR/nosuch.id ]]
  grep -F 'there is no profile "nosuch"' "$HF_DIR/nosuch.err"
  [[ $(wc -l <"$HF_DIR/nosuch.err") -eq 1 ]]
}

@test "CRI: a pod's annotation chooses the profile of its containers" {
  local id
  id=$(cat "$HF_DIR/web-annotated/id")
  wait_until told_all web-annotated containerd
  assert_result web-annotated mount "mount-tmpfs: EPERM"
  assert_alert "$id" escape.mount denied \
    "$(path_is /mnt) and .container.profile == \"strict-processes\" and .container.image == \"$ENGINE_IMAGE\""
}

@test "CRI: a pod's pause container has the default profile, and gives nothing to tell of" {
  local pod
  wait_until told_all web-annotated containerd
  for pod in cri annotated; do
    [[ $(profile_of "$pod") == default ]]
    assert_quiet "$(cat "$HF_DIR/$pod.id")"
  done
}

@test "CRI: pods that are stopped and removed twice leave nothing" {
  assert_nothing_left
}
