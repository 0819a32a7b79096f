#!/usr/bin/env bats
# The units of contrib/systemd under a real systemd, with what is installed: see tests/vm/guest-systemd.
load lib

# shellcheck disable=SC2034 # lib.bash's
HF_ALERTS=/var/log/holdfast/alerts.jsonl
INSTALLED=/usr/local/bin/holdfast

setup_file() {
  [[ -n ${HOLDFAST_VM:-} ]] || skip "changes the machine's own configuration: for VMs"
  [[ $(cat /proc/1/comm) == systemd && -x $INSTALLED ]] || skip "systemd is not process 1"
  mkdir -p /etc/holdfast/profiles.d
  jq -n --arg runtime "$(command -v "$RUNTIME")" '{runtime: $runtime, metrics: {listen: "127.0.0.1:9465"},
    sinks: [{name: "journal", type: "journald"}]}' >/etc/holdfast/holdfast.json
  hf_write_profile unit '{extends: "immutable", rootfs: {writable: ["/etc"]}}'
  # A monitor that a hook started may have been here first.
  install -D -m 640 /dev/null "$HF_ALERTS"
  systemd-tmpfiles --create "$HF_ROOT/contrib/systemd/holdfast-log.conf"
  systemctl start holdfast.socket
  hf_bundle web --overlay --attack --profile unit -- sleep 600
}

teardown_file() {
  /usr/local/bin/holdfast-runtime delete --force web || true
  umount "$HF_DIR/web/rootfs" || true
}

# What the services said, where a test fails.
teardown() { [[ -n ${BATS_TEST_COMPLETED:-} ]] || journalctl -u 'holdfast*' --no-pager -n 40 -o short-monotonic >&2; }

main_pid() { systemctl show -P MainPID holdfast.service; }
is_active() { systemctl is-active --quiet "$1"; }
# It answers: a command waits five seconds, and starting takes longer in an emulated machine.
is_ready() { is_active holdfast.service && "$INSTALLED" ps >/dev/null 2>&1; }
is_another() { is_active holdfast.service && [[ $(main_pid) != "$1" && $(main_pid) != 0 ]]; }
logged() { journalctl -u holdfast.service --no-pager -o cat | grep -qF -- "$1"; }
runtime() { /usr/local/bin/holdfast-runtime "$@" 3>&-; }

@test "the socket starts the service with the first container, which is guarded" {
  refute is_active holdfast.service
  runtime create --bundle "$HF_DIR/web" web >"$HF_DIR/web/out" 2>"$HF_DIR/web/err" </dev/null ||
    { cat "$HF_DIR/web/err" >&2 && return 1; }
  runtime start web
  is_active holdfast.service
  hf_inside web creat /usr/bin/new | grep -qx 'creat: EROFS'
  wait_until hf_alerted web rootfs.create '.action == "denied"'
  logged "is ready: back end lsm"
  # What the unit takes away is nothing that it needs.
  refute logged "verdicts are not kept"
  refute logged "cannot"
}

@test "a container whose mounts do not reach the service is guarded as well" {
  # As podman's storage is.
  mkdir "$HF_DIR/private"
  mount --bind "$HF_DIR/private" "$HF_DIR/private"
  mount --make-private "$HF_DIR/private"
  hf_bundle private/own --overlay --attack --profile immutable -- sleep 600
  runtime create --bundle "$HF_DIR/private/own" own >"$HF_DIR/own.out" 2>"$HF_DIR/own.err" </dev/null ||
    { cat "$HF_DIR/own.err" >&2 && return 1; }
  runtime start own
  hf_inside own creat /usr/bin/new | grep -qx 'creat: EROFS'
  wait_until hf_alerted own rootfs.create '.action == "denied"'
  runtime delete --force own
  umount "$HF_DIR/private/own/rootfs"
  umount "$HF_DIR/private"
}

@test "reload reads the profiles again" {
  hf_inside web creat /etc/one | grep -qx 'creat: ok'
  hf_write_profile unit '{extends: "immutable"}'
  systemctl reload holdfast.service
  wait_until logged "1 of 1 containers have another policy now"
  hf_inside web creat /etc/two | grep -qx 'creat: EROFS'
}

@test "a monitor that is killed is started again; what it guards stays guarded" {
  local pid
  pid=$(main_pid)
  kill -KILL "$pid"
  hf_inside web creat /usr/bin/killed | grep -qx 'creat: EROFS'
  wait_until is_another "$pid"
  wait_until is_ready
  wait_until hf_told web /usr/bin/killed
}

@test "a container that is stopped is frozen and thawed, and what it was doing is kept" {
  "$INSTALLED" respond freeze web --json >"$HF_DIR/freeze"
  [[ -s $(jq -r .incident "$HF_DIR/freeze")/index.json ]]
  "$INSTALLED" respond thaw web
}

@test "journald has the alerts, with their fields, and metrics are served" {
  systemctl start holdfast-forward.service holdfast-metrics.service
  in_journal() { journalctl --no-pager -o json HOLDFAST_CLASS=rootfs.create | jq -se 'any(.HOLDFAST_CONTAINER_ID == "web")' >/dev/null; }
  wait_until in_journal
  scraped() { curl -sf --max-time 10 http://127.0.0.1:9465/metrics >"$HF_DIR/page"; }
  wait_until scraped
  grep -qx 'holdfast_containers 1' "$HF_DIR/page"
}

@test "a service that is stopped leaves its containers guarded, and ends well" {
  systemctl stop holdfast.service holdfast.socket
  [[ $(systemctl show -P Result holdfast.service) == success ]]
  hf_inside web creat /usr/bin/stopped | grep -qx 'creat: EROFS'
  systemctl start holdfast.socket holdfast.service
  wait_until hf_told web /usr/bin/stopped
}
