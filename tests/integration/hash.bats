#!/usr/bin/env bats
# monitor.hash_executables: what a container executes is told by its SHA-256, each version of a file
# once, found by the kernel's numbers for it.
load lib

setup_file() {
  hf_setup
  hf_configure '.monitor.hash_executables = true'
  hf_monitor_start
}
teardown_file() { hf_teardown; }

setup() {
  ID=hash-$BATS_TEST_NUMBER
  hf_bundle "$ID" --overlay --attack --profile default -- sleep 600
  hf_background "$ID"
}
teardown() { hf_stop "$ID"; }

# What was told of a file of the container, one digest a line.
digests() { hf_alerts "$ID" exec.hash "$(path_is "$1")" | jq -r .object.sha256; }
has_digests() { [[ $(digests "$1" | wc -l) -ge $2 ]]; }

# The digest that the host sees.
actual() { sha256sum "$HF_DIR/$ID/rootfs$1" | cut -d' ' -f1; }

@test "what is not from the image is hashed, once for each version" {
  hf_inside "$ID" copy-exec /bin/attack /data/dropped fork
  wait_until has_digests /data/dropped 1
  local first
  first=$(actual /data/dropped)
  [[ $(digests /data/dropped) == "$first" ]]
  hf_inside "$ID" exec /data/dropped fork
  hf_inside "$ID" exec /data/dropped fork
  "$RUNTIME" exec "$ID" sh -c 'echo more >>/data/dropped' 3>&-
  hf_inside "$ID" exec /data/dropped fork
  wait_until has_digests /data/dropped 2
  [[ $(digests /data/dropped) == "$first"$'\n'"$(actual /data/dropped)" ]]
}

@test "the line says which file, and is a record" {
  hf_inside "$ID" copy-exec /bin/attack /data/dropped fork
  wait_until has_digests /data/dropped 1
  local executed
  executed=$(hf_alerts "$ID" drift.exec "$(path_is /data/dropped)" | jq -c '[.object.device, .object.inode]' | head -1)
  [[ $(hf_alerts "$ID" exec.hash "$(path_is /data/dropped)" | jq -c '[.object.device, .object.inode]') == "$executed" ]]
  hf_alerts "$ID" exec.hash '.kind == "record" and .severity == "informational" and
    (.message | startswith("/data/dropped of container"))' | grep -q .
}

@test "after a reload that takes it back nothing is hashed" {
  hf_configure '.monitor.hash_executables = false'
  "$HF_CLI" reload
  hf_inside "$ID" copy-exec /bin/attack /data/dropped fork
  wait_until hf_alerted "$ID" drift.exec "$(path_is /data/dropped)"
  hf_configure '.monitor.hash_executables = true'
  "$HF_CLI" reload
  hf_inside "$ID" copy-exec /bin/attack /data/sentinel fork
  wait_until has_digests /data/sentinel 1
  [[ -z $(digests /data/dropped) ]]
}
