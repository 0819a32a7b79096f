# Containers that make many alerts when they are told to, and whether log and kernel agree about them. For
# a file whose setup sets ID and SIGNAL, a directory. After lib.bash.
# shellcheck shell=bash

# When $1 is there in the directory of signals, the container goes on.
await() { printf 'until [ -e /signal/%s ]; do sleep 0.1; done\n' "$1"; }

# Signals to the containers, and waits until each has said $1 as its last word.
go() {
  touch "$SIGNAL/$1"
  local id
  for id in "${@:2}"; do
    wait_until grep -q "^$1 done" "$HF_DIR/$id/out"
  done
}

# container ID PROFILE <SCRIPT
container() {
  hf_bundle "$1" --overlay --profile "$2" --mount "$SIGNAL:/signal" --script <(
    hf_prelude
    cat
    echo 'sleep 600'
  )
  hf_background "$1"
}

# Sum over all slots of a counter of the kernel, by enum hf_counter.
counter() {
  bpftool -j map dump pinned /sys/fs/bpf/holdfast/v*/maps/hf_counters |
    jq --argjson at "$1" '[.[].formatted.value.of[$at]] | add'
}

# The log as numbers. One line is one event, repeat or loss.
columns() {
  jq -r '[.seq, .origin.queue, .origin.epoch, .origin.position, .count, .cause // "-"] | @tsv' \
    "$HF_ALERTS" >"$HF_DIR/columns"
}

lines_of() { awk -v q="$1" '$2 == q' "$HF_DIR/columns" | wc -l; }
sum_of() { awk -v q="$1" '$2 ~ q { n += $5 } END { print n + 0 }' "$HF_DIR/columns"; }
sum_of_cause() { awk -v c="$1" '$6 == c { n += $5 } END { print n + 0 }' "$HF_DIR/columns"; }

# Whether log and kernel agree. What they say is printed.
accounts_agree() {
  columns || return 1
  local alerts records repeated alerts_full records_full no_buffer
  alerts=$(counter 0) records=$(counter 1) alerts_full=$(counter 2) records_full=$(counter 3)
  no_buffer=$(counter 4) repeated=$(counter 6)
  echo "kernel: $alerts alerts, $records records, $repeated repeated," \
    "lost $alerts_full alerts, $records_full records, $no_buffer without a buffer"
  echo "log: $(lines_of alerts) alerts, $(lines_of records) records," \
    "$(sum_of '^(alerts|records|repeats)$') events, lost $(sum_of_cause alerts-full) alerts," \
    "$(sum_of_cause records-full) records, $(sum_of_cause no-buffer) without a buffer"
  [[ $(lines_of alerts) == "$alerts" && $(lines_of records) == "$records" ]] &&
    [[ $(sum_of '^(alerts|records|repeats)$') == $((alerts + records + repeated)) ]] &&
    [[ $(sum_of_cause alerts-full) == "$alerts_full" ]] &&
    [[ $(sum_of_cause records-full) == "$records_full" ]] &&
    [[ $(sum_of_cause no-buffer) == "$no_buffer" ]]
}

# Each line once, numbered from 1 without a gap, and all from one set of maps.
lines_are_whole() {
  awk '$1 != NR { print "line " NR " has the number " $1; bad = 1 } END { exit bad }' \
    "$HF_DIR/columns" &&
    [[ -z $(cut -f 2-4 "$HF_DIR/columns" | sort | uniq -d) ]] &&
    [[ $(cut -f 3 "$HF_DIR/columns" | sort -u | wc -l) -eq 1 ]]
}
