#!/bin/bash
# Fails on an #include that points against the order in which the folders may depend on each other:
#   bpf/abi → base → oci → profile → seccomp → kernel → event → detect → replay → sink → digest | respond → monitor | forward | metrics | cli | hook | shim
#   profile → engine (what container engines are told) → cli
#   seccomp → guard (the changes of config.json) → hook | shim
# hook and shim start containers and are linked statically: they use base, oci, profile, seccomp, guard and
# the monitor's client, known, log_file, metrics, protocol, reader, spawn and unguarded headers, and no more.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

# monitor and cli share a rank, but the command line starts the monitor: it may include it.
declare -A rank=([abi]=0 [base]=1 [oci]=2 [profile]=3 [engine]=5 [seccomp]=4 [guard]=5 [kernel]=5 [event]=6 [detect]=7 [replay]=8
  [sink]=9 [digest]=10 [respond]=10 [monitor]=11 [forward]=11 [metrics]=12 [cli]=12)

# The folder of a path below the root: src/oci/spec.h → oci, bpf/abi/limits.h → abi, shim/main.cpp → shim.
folder_of() {
  local path=$1
  case $path in
    bpf/abi/*) echo abi ;;
    bpf/*.skel.h) echo skeleton ;; # generated; src/kernel alone loads it
    src/*) path=${path#src/} && echo "${path%%/*}" ;;
    *) echo "${path%%/*}" ;;
  esac
}

# The client's side of src/monitor is what hook and shim use, and is bound to their limits as well.
is_monitor_client() { [[ $1 =~ ^src/monitor/(client|known|log_file|metrics|protocol|reader|spawn|unguarded)\.(h|cpp)$ ]]; }

allowed() {
  local file=$1 header=$2 from to
  from=$(folder_of "$file")
  to=$(folder_of "$header")
  [[ $from != "$to" && $from:$to != kernel:skeleton ]] || return 0
  case $from in
    hook | shim) is_monitor_client "$header" || [[ $to == guard || ${rank[$to]:-99} -le ${rank[seccomp]} ]] ;;
    engine) [[ ${rank[$to]:-99} -le ${rank[profile]} ]] ;;
    *)
      [[ -n ${rank[$from]:-} && ${rank[$to]:-99} -lt ${rank[$from]} ]] || return 1
      ! is_monitor_client "$file" || [[ ${rank[$to]} -le ${rank[seccomp]} ]]
      ;;
  esac
}

main() {
  local file line header wrong=0
  while IFS=: read -r file line header; do
    if ! allowed "$file" "$header"; then
      echo "$file:$line: $(folder_of "$file") may not include $header" >&2
      wrong=1
    fi
  done < <(grep -rnoE '^#include "(src|bpf|hook|shim)/[^"]+"' --include='*.h' --include='*.cpp' src hook shim |
    sed -E 's/#include "([^"]+)"/\1/')
  return $wrong
}

main
