#!/usr/bin/env bats
# Paths that are too deep, too long or missing: what a verdict needs of them still holds, what cannot
# be known is refused, and the alert says that its path lost its beginning.
load lib

ATTACK=$HF_BUILD/tests/attack/attack
LONG=$(printf 'n%.0s' {1..255})

# Three trees below DIRECTORY, with a file and a program at the bottom: of many levels; too long for
# an event; too long for a path (PATH_MAX).
TREES='deep:d:300 long:@255:5 longest:@255:20'
grow() {
  local tree name depth
  for tree in $TREES; do
    IFS=: read -r tree name depth <<<"$tree"
    mkdir -p "$1/$tree"
    (cd "$1/$tree" && "$ATTACK" dig "$name" "$depth" -- creat file -- copy "$ATTACK" program >/dev/null)
  done
}

# at TREE OPERATION…: a line of a script that does it at the bottom of a tree below $1.
at() {
  local label=$1 directory=$2 tree=$3 verb=$4 name depth entry
  shift 4
  for entry in $TREES; do
    [[ $entry == "$tree":* ]] || continue
    IFS=: read -r tree name depth <<<"$entry"
    echo "t $label chdir $directory -- $verb $name $depth -- $*"
  done
}

# Of the image, below /data; and what the container makes itself, in DIRECTORY.
attempts() {
  local tree
  for tree in deep long longest; do
    at "$tree-write" "/data/$tree" "$tree" descend open-write file
    at "$tree-create" "/data/$tree" "$tree" descend creat new
    at "$tree-delete" "/data/$tree" "$tree" descend unlink file
    at "$tree-read" "/data/$tree" "$tree" descend open-read file
    at "$tree-exec" "/data/$tree" "$tree" descend exec ./program fork
  done
}
makes() {
  local tree
  for tree in deep long longest; do
    echo "mkdir -p $1/$tree"
    at "$2-$tree" "$1/$tree" "$tree" dig creat file -- open-write file -- unlink file
  done
}

nameless() {
  cat <<'SCRIPT'
t deleted creat /tmp/gone -- deleted-reopen /tmp/gone
t memfd memfd-reopen -- memfd-reopen x/../../etc/passwd
t anonymous anonymous
t tmpfile-nameless tmpfile-nameless /tmp
t tmpfile-in tmpfile /tmp /tmp/linked
t tmpfile-out tmpfile /tmp /data/linked
t tmpfile-rootfs tmpfile-nameless /data
t shm tmpfile /dev/shm /dev/shm/linked -- tmpfile-nameless /dev/shm
SCRIPT
}

names() {
  cat <<SCRIPT
t name creat /$LONG
t name-twin creat /tmp/$LONG -- unlink /tmp/$LONG
t name-too-long creat /$LONG$LONG
t bytes creat "\$(printf '/a\nb\\\\\377')"
SCRIPT
}

# A rootfs that is a plain directory shares its file system with the volume beside it.
plain() {
  hf_bundle plain --profile writable --attack --caps all --mount "$HF_DIR/volume:/vol" \
    --script <(hf_prelude && attempts && makes /vol volume && makes /tmp tmp) -- sleep 600
  grow "$HF_DIR/plain/rootfs/data"
  hf_background plain
  "$RUNTIME" exec plain sh /script.sh >>"$HF_DIR/plain/out" 2>&1 3>&- || true
  on_host plain
  "$RUNTIME" exec plain attack creat /sentinel >/dev/null 2>&1 3>&- || true
  wait_until hf_told_all plain
  hf_stop plain
}

# What the host gets that is led to a program deep in a container's rootfs.
on_host() {
  local tree
  for tree in deep longest; do
    (
      cd "$HF_DIR/$1/rootfs/data/$tree" || exit
      # shellcheck disable=SC2046  # words
      "$ATTACK" $(at "" . "$tree" descend become ./program fork | cut -d' ' -f3-) >"$HF_DIR/$1/host-$tree" 2>&1
    ) || true
  done
}

setup_file() {
  hf_setup
  hf_monitor_start
  hf_enforces || return 0
  mkdir "$HF_DIR/volume"
  plain
  grow "$HF_IMAGE/data"
  { attempts && makes /tmp tmp && nameless && names; } | hf_attack deny --profile long-paths --caps all
  {
    attempts
    cat <<'SCRIPT'
t memfd memfd-reopen /etc/passwd -- memfd-reopen x/../../etc/passwd
t deleted deleted-reopen /etc/passwd read
t other open-read /data/other
t group open-write /etc/group
SCRIPT
  } | hf_attack rules --profile strict-processes --caps all
}

teardown_file() { hf_teardown; }
setup() { require enforcing; }

# The path of an alert that was cut.
cut_path() { printf '.object.path_truncated == true and (.object.path | length) == 1023 and (.object.path | endswith("/%s"))' "$1"; }
deep_path() { path_is "/data/deep$(printf '/d%.0s' {1..300})/$1"; }

assert_tree_refused() {
  local id=$1 tree
  for tree in deep long longest; do
    assert_result "$id" "$tree-write" "chdir: ok descend: ok open-write: EROFS"
    assert_result "$id" "$tree-create" "chdir: ok descend: ok creat: EROFS"
    assert_result "$id" "$tree-delete" "chdir: ok descend: ok unlink: EROFS"
    assert_result "$id" "$tree-read" "chdir: ok descend: ok open-read: ok"
  done
  assert_alert "$id" rootfs.write denied "$(deep_path file)"
  assert_alert "$id" rootfs.create denied "$(deep_path new)"
  assert_alert "$id" rootfs.write denied "$(cut_path file)"
  assert_alert "$id" rootfs.create denied "$(cut_path new)"
  assert_alert "$id" rootfs.delete denied "$(cut_path file)"
}

@test "the rootfs is guarded at any depth, and what of a path does not fit is said to be missing" {
  assert_tree_refused deny
  [[ -z $(find "$HF_DIR/deny/upper" -name new) ]]
}

@test "so is a rootfs that is a plain directory" { assert_tree_refused plain; }

@test "a writable path covers what lies deep in it" {
  assert_result deny tmp-deep "chdir: ok dig: ok creat: ok open-write: ok unlink: ok"
  assert_result deny tmp-long "chdir: ok dig: ok creat: ok open-write: ok unlink: ok"
  assert_no_alert deny rootfs.create '.object.path | startswith("/tmp/deep")'
}

@test "but not where the path is too long to know that it lies there" {
  assert_denied deny tmp-longest "chdir: ok dig: EROFS creat: ok open-write: ok unlink: ok" \
    rootfs.create "$(cut_path "$LONG")"
  assert_result plain tmp-longest "chdir: ok dig: EROFS creat: ok open-write: ok unlink: ok"
}

@test "a volume beside a plain directory stays writable at any depth" {
  local tree
  for tree in deep long longest; do
    assert_result plain "volume-$tree" "chdir: ok dig: ok creat: ok open-write: ok unlink: ok"
  done
  assert_no_alert plain rootfs.create '.object.path | startswith("/vol")'
}

@test "the host does not run a container's program, however deep it lies" {
  [[ $(cat "$HF_DIR/plain/host-deep") == *"become: EACCES" ]]
  [[ $(cat "$HF_DIR/plain/host-longest") == *"become: EACCES" ]]
  assert_alert plain escape.host-exec denied "$(cut_path program)"
}

@test "a listed directory of programs covers what lies deep in it, but not what it cannot be known to cover" {
  assert_result deny deep-exec "chdir: ok descend: ok exec: ok"
  assert_result deny long-exec "chdir: ok descend: ok exec: ok"
  assert_denied deny longest-exec "chdir: ok descend: ok exec: EACCES" exec.unexpected "$(cut_path program)"
}

@test "where a path is too long, the strongest rule about files holds" {
  assert_result rules long-read "chdir: ok descend: ok open-read: ok"
  assert_denied rules long-write "chdir: ok descend: ok open-write: EACCES" file.sensitive "$(cut_path file)"
  assert_denied rules longest-read "chdir: ok descend: ok open-read: EACCES" file.sensitive "$(cut_path file)"
  assert_result rules longest-write "chdir: ok descend: ok open-write: EACCES"
}

@test "names of 255 bytes, and of any bytes, are refused and told as they are" {
  assert_denied deny name "creat: EROFS" rootfs.create "$(path_is "/$LONG")"
  assert_result deny name-twin "creat: ok unlink: ok"
  assert_result deny name-too-long "creat: ENAMETOOLONG"
  assert_denied deny bytes "creat: EROFS" rootfs.create '.object.path == "/a\\x0ab\\x5c\\xff"'
}

@test "a rule holds for a file that is deleted and still held" {
  assert_denied rules deleted "deleted-reopen: EACCES" file.sensitive "$(path_is /etc/passwd)"
}

@test "files that have no name any more, or never had one, can be used" {
  assert_result deny deleted "creat: ok deleted-reopen: ok"
  assert_result deny memfd "memfd-reopen: ok memfd-reopen: ok"
  assert_result deny anonymous "anonymous: ok"
  assert_result deny shm "tmpfile: ok tmpfile-nameless: ok"
  assert_result rules memfd "memfd-reopen: ok memfd-reopen: ok"
  refute grep -F memfd: "$HF_ALERTS"
}

@test "a file of O_TMPFILE is the directory's it was made in" {
  # overlayfs has no O_TMPFILE before 6.3.
  [[ $(result deny tmpfile-nameless) =~ ^tmpfile-nameless:\ (ok|EOPNOTSUPP)$ ]]
  [[ $(result deny tmpfile-in) =~ ^tmpfile:\ (ok|EOPNOTSUPP)$ ]]
  [[ $(result deny tmpfile-out) =~ ^tmpfile:\ (EROFS|EOPNOTSUPP)$ ]]
  [[ $(result deny tmpfile-rootfs) =~ ^tmpfile-nameless:\ (EROFS|EOPNOTSUPP)$ ]]
  [[ ! -e $HF_DIR/deny/upper/data/linked ]]
}

@test "what overlayfs opens for itself is not told beside what the container opened" {
  [ "$(hf_alerts rules file.sensitive "$(path_is /data/other)" | wc -l)" -eq 1 ]
  [ "$(hf_alerts rules rootfs.write '.object.path | endswith("/etc/group")' | wc -l)" -eq 1 ]
}

@test "profile replay decides as the kernel did" {
  assert_replayed rules
}

@test "who opens one file after the other that the profile has rules for is told as searching for secrets" {
  hf_write_profile secrets '{extends: "default", files: [{path: "/etc", access: ["read"], action: "record"}]}'
  hf_attack secrets --profile secrets <<'SCRIPT'
for name in 1 2 3 4 5; do t made-$name creat /etc/secret-$name; done
for name in 1 2 3 4 4 4 4; do t read-$name open-read /etc/secret-$name; done
t read-5 open-read /etc/secret-5
SCRIPT
  assert_result secrets read-5 "open-read: ok"
  wait_until hf_alerted secrets file.sensitive "$(path_is /etc/secret-5) and .kind == \"alert\" and .severity == \"error\""
  hf_alerts secrets file.sensitive "$(path_is /etc/secret-4)" | jq -s -e 'all(.kind == "record")'
}
