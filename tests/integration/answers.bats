#!/usr/bin/env bats
# What a monitor answers, and to whom: one for all of these tests.
load lib

setup_file() {
  hf_setup
  hf_monitor_start
}

teardown_file() { hf_teardown; }

setup() { ID=answers-$BATS_TEST_NUMBER; }

teardown() { hf_stop "$ID" >/dev/null 2>&1; }

@test "ps shows a container while it lives" {
  hf_bundle "$ID" --profile default -- sleep 600
  hf_background "$ID"
  run "$HF_CLI" ps --json
  [ "$(jq -r ".[] | select(.id == \"$ID\") | .profile" <<<"$output")" == default ]
  [ "$(jq -r ".[] | select(.id == \"$ID\") | .pid" <<<"$output")" == "$(hf_container_pid "$ID")" ]
  hf_stop "$ID"
  run "$HF_CLI" ps --json
  [ "$(jq length <<<"$output")" -eq 0 ]
}

@test "eight containers created at once all have their guard" {
  hf_bundle "$ID" --profile default -- sleep 600
  local i jobs=()
  for i in 1 2 3 4 5 6 7 8; do
    mkdir "$HF_DIR/$ID-$i"
    jq --arg root "$HF_DIR/$ID/rootfs" --arg path "/hf-test/$ID-$i" \
      '.root.path = $root | .linux.cgroupsPath = $path' "$HF_DIR/$ID/config.json" \
      >"$HF_DIR/$ID-$i/config.json"
    (hf_background "$ID-$i") &
    jobs+=($!)
  done
  wait "${jobs[@]}"
  run "$HF_CLI" ps --json
  for i in 1 2 3 4 5 6 7 8; do
    hf_stop "$ID-$i"
  done
  [ "$(jq length <<<"$output")" -eq 8 ]
  [ "$(jq '[.[].slot] | unique | length' <<<"$output")" -eq 8 ]
}

@test "an ordinary user may ask for the status, and for nothing that is root's" {
  chmod 755 /run/holdfast
  # The socket is open to everybody: the answer is the monitor's, not the file system's.
  run setpriv --reuid 12345 --regid 12345 --clear-groups "$HF_CLI" doctor
  [[ $output == *"the monitor runs: pid $(hf_monitor_pid),"* ]]
  run setpriv --reuid 12345 --regid 12345 --clear-groups "$HF_CLI" ps --json
  [[ $status -eq 0 && $output == "[]" ]]
  run setpriv --reuid 12345 --regid 12345 --clear-groups "$HF_CLI" reload
  [ "$status" -ne 0 ]
  [[ $output == *"only root may ask"*"12345"* ]]
}

# What two ordinary users send, past the command line's own checks: in the words of the corpus of tests/fuzz.
@test "an ordinary user can register, see, unregister, enter or respond to no container of root's" {
  chmod 755 /run/holdfast
  hf_bundle "$ID" --mode detect -- sleep 600
  hf_background "$ID"
  cp -r "$HF_ROOT/tests/fuzz/corpus/message" "$BATS_TEST_TMPDIR"
  sed -i "s/\"c1\"/\"$ID\"/; s/4711/$(hf_container_pid "$ID")/" "$BATS_TEST_TMPDIR"/message/*
  chmod -R a+rX "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_RUN_TMPDIR"
  local user request
  for user in 12345 12346; do
    for request in register unregister exec list respond respond-number; do
      run setpriv --reuid "$user" --regid "$user" --clear-groups /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/holdfast/monitor.sock")
s.send(open(sys.argv[1], "rb").read())
print(s.recv(1 << 17).decode())' "$BATS_TEST_TMPDIR/message/$request"
      echo "$request: $output"
      [ "$status" -eq 0 ]
      case $request in
        register) [[ $(jq -r .error <<<"$output") == *"must be named by a descriptor" ]] ;;
        respond) [[ $(jq -r .error <<<"$output") == "no container $ID is guarded"* ]] ;;
        respond-number) [[ $(jq -r .error <<<"$output") == "there is no response "* ]] ;;
        # Nothing of the user's has that id: nothing is forgotten, and of nothing there is a rule.
        *) jq -e '.ok and .containers == [] and .refused == ""' <<<"$output" ;;
      esac
    done
  done
  [ "$("$HF_CLI" ps --json | jq -r '.[].id')" == "$ID" ]
  kill -0 "$(hf_container_pid "$ID")"
}

@test "events filters by container and severity" {
  hf_bundle "$ID" --mode detect --script <(echo 'echo >/etc/new')
  hf_run "$ID"
  wait_until hf_told "$ID" /etc/new
  run "$HF_CLI" events --alerts "$HF_ALERTS" --container "$ID"
  [[ $output == *rootfs.*"$ID"*/etc/new* ]]
  run "$HF_CLI" events --alerts "$HF_ALERTS" --container nobody
  [[ $output != *rootfs.* ]]
  run "$HF_CLI" events --alerts "$HF_ALERTS" --json --container "$ID"
  jq -e -s 'length > 0' <<<"$output"
}

@test "what a profile that was read again denies is refused at once, where it was found allowed before too" {
  require enforcing
  hf_write_profile again '{extends: "immutable", rootfs: {writable: ["/etc"]}}'
  hf_bundle "$ID" --overlay --attack --profile again -- sleep 600
  hf_background "$ID"
  hf_inside "$ID" creat /etc/one | grep -qx 'creat: ok'
  hf_inside "$ID" creat /etc/two | grep -qx 'creat: ok'
  hf_write_profile again '{extends: "immutable", rootfs: {writable: []}}'
  "$HF_CLI" reload
  hf_inside "$ID" creat /etc/three | grep -qx 'creat: EROFS'
  assert_alert "$ID" rootfs.create denied "$(path_is /etc/three)"
  hf_write_profile again '{extends: "immutable", rootfs: {writable: ["/etc"]}}'
  "$HF_CLI" reload
  hf_inside "$ID" creat /etc/three | grep -qx 'creat: ok'
}

@test "a second monitor does not start, and names the first" {
  run timeout 100 "$HF_CLI" monitor --alerts "$HF_DIR/other.jsonl" 3>&-
  [ "$status" -eq 1 ]
  [[ $output == *"$(hf_monitor_pid)"* ]]
  hf_monitor_answers
}
