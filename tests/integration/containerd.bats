#!/usr/bin/env bats
# containerd through ctr, and Docker on top of it, both configured by `holdfast install`.
load lib
load engines

setup_file() {
  [[ -n ${HOLDFAST_VM:-} ]] || skip "changes the machine's own configuration: for VMs"
  hf_setup
  require_command containerd
  require_command dockerd
  hf_monitor_start
  engine_archive
  "$HF_CLI" install --with runtime containerd docker >"$HF_DIR/install" 2>&1
  start_containerd
  ctr_ images import "$HF_DIR/image.tar" >"$HF_DIR/import" 2>&1
  engine_runs ctr --cap-add=CAP_SYS_ADMIN --annotation=
  start_dockerd
  docker_ load -q -i "$HF_DIR/image.tar" >>"$HF_DIR/import" 2>&1
  docker_ tag "$ENGINE_IMAGE" "$ENGINE_REFUSED"
  docker_runs
}

teardown_file() {
  stop_daemon dockerd
  stop_daemon containerd
  "$HF_CLI" uninstall containerd docker >/dev/null 2>&1 || true
  hf_teardown
}

docker_() { docker --host "unix://$HF_DIR/docker.sock" "$@" 3>&-; }

start_dockerd() {
  dockerd --containerd "$HF_DIR/containerd.sock" --host "unix://$HF_DIR/docker.sock" --data-root "$HF_DIR/docker" \
    --exec-root /run/hf-docker --pidfile "$HF_DIR/dockerd.pid.own" --iptables=false --bridge=none \
    --exec-opt native.cgroupdriver=cgroupfs >"$HF_DIR/dockerd.log" 2>&1 3>&- </dev/null &
  echo $! >"$HF_DIR/dockerd.pid"
  wait_until docker_ version >/dev/null 2>&1
}

# Docker 20.10 gives no annotations: the image says which profile a container gets.
docker_runs() {
  in_engine docker benign-docker -- sh -c 'echo hello; exit 7'
  in_engine docker web-docker --cap-add=SYS_ADMIN -- sh /script.sh
  ENGINE_IMAGE=$ENGINE_REFUSED in_engine docker refused-docker -- echo container ran
}

in_engine() {
  local way=$1 name=$2 options=() rc=0
  shift 2
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  mkdir "$HF_DIR/$name"
  "in_$way" "$name" "$@" >"$HF_DIR/$name/out" 2>"$HF_DIR/$name/err" </dev/null || rc=$?
  echo "$rc" >"$HF_DIR/$name/rc"
}

in_ctr() {
  timeout 300 ctr --address "$HF_DIR/containerd.sock" run --rm --runc-binary "$HF_SHIM" "${options[@]}" \
    "$ENGINE_IMAGE" "$@" 3>&-
}

in_docker() {
  docker_ run --rm --runtime holdfast --network none --name "$1" "${options[@]}" "$ENGINE_IMAGE" "${@:2}"
}

@test "ctr: a program that does nothing wrong runs as ever" {
  assert_benign ctr
}

@test "ctr: what is refused is told with the container's id" {
  assert_guarded ctr containerd "" ""
}

@test "ctr: a container that is refused says why" {
  assert_refused ctr 1 'there is no profile "nosuch"'
}

@test "docker: a program that does nothing wrong runs as ever" {
  assert_benign docker
}

@test "docker: the image chooses the profile, and what is refused is told with name and image" {
  assert_guarded docker docker web-docker "$ENGINE_IMAGE"
}

@test "docker: a container that is refused says why" {
  assert_refused docker 125 "it runs as the host's root user"
}

@test "containerd and docker: nothing is left of containers" {
  assert_nothing_left
}
