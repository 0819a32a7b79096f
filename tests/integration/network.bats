#!/usr/bin/env bats
# network.unexpected, privilege.capability, and escape.socket: whom a container talks to.
load lib

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  cat >"$HF_DIR/attacks" <<'SCRIPT'
t connect connect 127.0.0.3 4000
t other-port connect 127.0.0.2 4001
t mapped connect-mapped 127.0.0.3 4000
t send send 127.0.0.3 4000
t connected send-connected 127.0.0.3 4000
t rxrpc socket 33 2 2
t smc socket 43 1
t vsock socket 40 1
t sctp socket 2 1 132
t xdp socket 44 3
t resolver connect-datagram 127.0.0.3 4000 -- send-connected 127.0.0.2 4000 -- socket 1 1 -- socket 16 2
t unspecified send-unspecified 127.0.0.3 4000
t fast-open send-fast-open 127.0.0.3 4000
t listen listen 4001
t unbound listen
t datagram bind-datagram 4001
t raw raw-socket
t packet packet-socket
t allowed connect 127.0.0.2 4000 -- connect-mapped 127.0.0.2 4000 -- send 127.0.0.2 4000
t range connect 127.0.1.7 1234
t allowed-listen listen 4000 -- bind-datagram 4000
SCRIPT
  hf_attack deny --profile strict-network --caps all <"$HF_DIR/attacks"
  hf_attack watch --profile watched-network --caps all <"$HF_DIR/attacks"
  hf_attack twin --profile default --caps all <<'SCRIPT'
t all connect 127.0.0.3 4000 -- send 127.0.0.3 4000 -- listen 4001 -- raw-socket -- packet-socket
SCRIPT
  # Daemons of the host, by their own names and by another one; and the container's own.
  mkdir -p /run/podman /run/user/1000/podman
  "$HF_BUILD/tests/attack/attack" listen-unix /run/podman/podman.sock -- \
    listen-unix /run/user/1000/podman/podman.sock -- listen-unix /run/user/1000/wayland-0 -- \
    listen-unix /run/harmless.sock -- listen-unix @/containerd-shim/test -- sleep 600 \
    >/dev/null 3>&- &
  echo $! >"$HF_DIR/daemon.pid"
  wait_until test -S /run/harmless.sock
  hf_attack sockets --profile default --host network --mount /run:/host-run <<'SCRIPT'
ln -s /host-run/podman/podman.sock /tmp/link
t socket connect-unix /host-run/podman/podman.sock
t link connect-unix /tmp/link
t user connect-unix /host-run/user/1000/podman/podman.sock
t display connect-unix /host-run/user/1000/wayland-0
t abstract connect-unix @/containerd-shim/test
t monitor connect-unix-packets /host-run/holdfast/monitor.sock
t harmless connect-unix /host-run/harmless.sock
mkdir -p /run/podman
t own listen-unix /run/podman/podman.sock -- connect-unix /run/podman/podman.sock
SCRIPT
}

teardown_file() {
  if [[ -s $HF_DIR/daemon.pid ]]; then
    kill "$(cat "$HF_DIR/daemon.pid")"
    rm -f /run/podman/podman.sock /run/user/1000/{podman/podman.sock,wayland-0} /run/harmless.sock
  fi
  hf_teardown
}
setup() { require enforcing; }

@test "connecting to an address that is not listed is refused and told" {
  assert_denied deny connect "connect: EPERM" network.unexpected \
    '.object.address == "127.0.0.3" and .object.port == 4000 and .object.protocol == "tcp"'
  assert_denied deny other-port "connect: EPERM" network.unexpected '.object.port == 4001'
  assert_result deny mapped "connect-mapped: EPERM"
}

@test "sending without connecting is refused, whatever the address calls its family" {
  assert_denied deny send "send: EPERM" network.unexpected \
    '.object.operation == "send" and .object.protocol == "udp"'
  assert_result deny connected "send-connected: EPERM"
  assert_result deny unspecified "send-unspecified: EPERM"
  assert_result deny fast-open "send-fast-open: EPERM"
}

@test "listening on a port that is not listed is refused and told" {
  assert_denied deny listen "listen: EPERM" network.unexpected \
    '.object.operation == "listen" and .object.port == 4001'
  assert_result deny unbound "listen: EPERM"
  assert_denied deny datagram "bind-datagram: EPERM" network.unexpected '.object.operation == "bind"'
}

@test "raw and packet sockets are refused and told" {
  assert_denied deny raw "raw-socket: EPERM" network.unexpected '.object.operation == "socket"'
  assert_result deny packet "packet-socket: EPERM"
}

@test "sockets of families and protocols that are not looked into are refused" {
  local label
  for label in rxrpc smc vsock sctp xdp; do
    assert_result deny "$label" "socket: EPERM"
  done
}

@test "what sends nothing to a stranger is allowed" {
  assert_result deny resolver "connect-datagram: ok send-connected: ok socket: ok socket: ok"
}

@test "listed addresses and ports may be used" {
  assert_result deny allowed "connect: ok connect-mapped: ok send: ok"
  assert_result deny range "connect: ok"
  assert_result deny allowed-listen "listen: ok bind-datagram: ok"
}

@test "with action alert it goes on and is told" {
  assert_alerted watch connect "connect: ok" network.unexpected '.object.address == "127.0.0.3"'
  assert_alerted watch raw "raw-socket: ok" network.unexpected '.object.operation == "socket"'
  assert_no_alert watch network.unexpected \
    '.object.address == "127.0.0.2" and .object.port == 4000 and .object.operation == "connect"'
}

@test "without a rule about the network nothing is told" {
  assert_result twin all "connect: ok send: ok listen: ok raw-socket: ok packet-socket: ok"
  assert_quiet twin
}

@test "control sockets of the host are refused, by any name, and told by the daemon's" {
  assert_denied sockets socket "connect-unix: EPERM" escape.socket "$(path_is /run/podman/podman.sock)"
  assert_result sockets link "connect-unix: EPERM"
  assert_denied sockets user "connect-unix: EPERM" escape.socket \
    "$(path_is /run/user/1000/podman/podman.sock)"
  assert_denied sockets abstract "connect-unix: EPERM" escape.socket \
    '.object.path | endswith("/containerd-shim/test")'
}

@test "the monitor's socket is refused to a container" {
  assert_denied sockets monitor "connect-unix-packets: EPERM" tamper.monitor
}

@test "other sockets, and a container's own daemon by such a name, may be used" {
  assert_result sockets harmless "connect-unix: ok"
  assert_result sockets display "connect-unix: ok"
  assert_result sockets own "listen-unix: ok connect-unix: ok"
}

@test "profile replay decides as the kernel did" {
  assert_replayed deny watch
}
