#!/bin/bash
# Installs what the tests need, builds in build-test/ and runs all of them: see usage below.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
cd "$root"

build=$root/build-test
results=$build/test-results
quick=false matrix=false tidy=false kernel="" filter=.
# The longest, with every file, takes half an hour.
vm_timeout_s=3000
passed=0 failed=0 skipped=0

# What runs on any kernel. The attacks are for VMs only.
attack_files=(device exec identity kernel_interface mount namespace network outside_mount path
  privilege process rootfs verifier)
native_files=(tests/integration/{profile,admit,exec_into,seccomp,tracepoint,shim_passthrough,failure,hash,log,monitor,answers,service,respond,forward,metrics,install,doctor}.bats)

usage() {
  cat <<USAGE
usage: ${0##*/} [OPTION]…
Installs what the tests need, builds in build-test/ and runs, as root: unit tests; checks of the
source; Bats on this kernel and, at the same time, on Debian's kernels in VMs.
  --quick         without the VMs: a developer's loop
  --matrix        every kernel with every enforcing back end and every runtime; otherwise each of
                  them at least once
  --tidy          clang-tidy as well, over all of src, hook and shim: minutes more
  --kernel NAME   only VMs of this kernel: 6.1, 6.12 or sid
  --filter REGEX  only the Bats tests whose name matches
  --help          this text
The last line is "N passed, N failed" (", N skipped" where something was).
exit code: 0 when something ran and nothing failed; 1 otherwise; 2 wrong command line
USAGE
}

# wrong SENTENCE: what is wrong with the command line, then how it should be.
wrong() {
  echo "${0##*/}: $1" >&2
  usage >&2
  exit 2
}

parse() {
  while (($#)); do
    case $1 in
      --kernel | --filter) (($# > 1)) || wrong "$1 lacks its value" ;;
    esac
    case $1 in
      --quick) quick=true && shift ;;
      --matrix) matrix=true && shift ;;
      --tidy) tidy=true && shift ;;
      --kernel) kernel=$2 && shift 2 ;;
      --filter) filter=$2 && shift 2 ;;
      --help | -h) usage && exit ;;
      *) wrong "unknown argument '$1'" ;;
    esac
  done
  case $kernel in
    "" | 6.1 | 6.12 | sid) ;;
    *) wrong "unknown kernel '$kernel': give 6.1, 6.12 or sid" ;;
  esac
}

say() { printf '\n# %s\n' "$*"; }

# tap ok|"not ok" NAME: one result of our own making.
tap() {
  echo "$1 - $2"
  case $1 in
    ok) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)) ;;
  esac
}

# Adds up a TAP file. Tests that were planned and never reported (a VM that died) have failed.
count_tap() {
  local file=$1 name=$2 ok not skip planned
  ok=$(grep -cE '^ok ' "$file" || true)
  skip=$(grep -cE '^ok .*# skip' "$file" || true)
  not=$(grep -cE '^not ok ' "$file" || true)
  planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$file" | awk '{ n += $1 } END { print n + 0 }')
  passed=$((passed + ok - skip)) skipped=$((skipped + skip)) failed=$((failed + not))
  if ((planned == 0)); then
    tap "not ok" "$name: no test ran"
  elif ((ok + not < planned)); then
    echo "not ok - $name: $((planned - ok - not)) of $planned tests never ended"
    failed=$((failed + planned - ok - not))
  fi
}

build_all() {
  say "build"
  contrib/dev/deps.sh build test
  # Lines of a crash, and no more of what a debugger wants: a fifth of the compiler's time.
  [[ -f $build/build.ninja ]] || meson setup -Dcpp_args=-g1 "$build" >"$root/build-test.log" 2>&1 || {
    cat "$root/build-test.log"
    return 1
  }
  rm -f "$root/build-test.log"
  ninja -C "$build" >"$build/ninja.log" 2>&1 || {
    tail -n 60 "$build/ninja.log"
    return 1
  }
}

unit_tests() {
  say "unit tests"
  local log=$build/meson-logs/testlog.txt status=0 ok not
  meson test -C "$build" --no-rebuild --quiet >"$results/meson" 2>&1 || status=$?
  ok=$(grep -cE '^\[ +OK \]' "$log" || true)
  not=$(grep -cE '^\[ +FAILED +\] .*\([0-9]+ ms\)$' "$log" || true)
  grep -E '^\[ +FAILED +\]' "$log" | sort -u || true
  passed=$((passed + ok)) failed=$((failed + not))
  echo "$ok unit tests passed, $not failed"
  # A test program that crashed or timed out reported no failure of its own.
  if ((status != 0 && not == 0)); then
    tail -n 30 "$results/meson"
    tap "not ok" "meson test"
  fi
}

# check NAME COMMAND…
check() {
  local name=$1
  shift
  if "$@" >"$results/check" 2>&1; then
    tap ok "check: $name"
  else
    tap "not ok" "check: $name"
    sed 's/^/#   /' "$results/check" | head -n 40
  fi
}

# git alone knows what belongs to the source; without it every check of files fails. (It refuses a
# checkout of another user's, as root may see it, unless told that this one is meant.)
tracked() {
  git -c safe.directory="$root" ls-files -- "$@" || {
    echo "this check needs git and a git checkout, to know the files of the source"
    return 1
  } >&2
}

shell_files() {
  tracked | while read -r file; do
    case $file in
      *.sh | *.bash | *.bats) echo "$file" ;;
      *) ! head -n 1 "$file" 2>/dev/null | grep -aqE '^#!/bin/(ba)?sh|^#!/bin/busybox' || echo "$file" ;;
    esac
  done
}

check_shell() { shell_files | xargs -r shellcheck -x --severity=info; }
check_spelling() { tracked | grep -vE '^LICENSE|\.json$' | xargs -r codespell --ignore-words-list=crun,fo,te,nin,gaurd,proflie,ot,nmae; }
# Reads the flags of each file from the build's compile_commands.json.
check_tidy() { tracked {src,hook,shim}/\*.cpp | xargs -r -P2 -n1 clang-tidy --quiet -p "$build"; }
check_format() { tracked '*.h' '*.c' '*.cpp' | xargs -r clang-format --dry-run -Werror; }

checks() {
  say "checks"
  check "includes point one way" contrib/dev/layers.sh
  check "shellcheck" check_shell
  check "codespell" check_spelling
  check "clang-format" check_format
  ! $tidy || check "clang-tidy" check_tidy
}

# Mounts that a test leaves behind end with this namespace.
native_bats() {
  local files=() file
  for file in "${native_files[@]}"; do
    [[ ! -e $file ]] || files+=("$file")
  done
  HOLDFAST_BUILD=$build unshare -m --propagation private \
    bats --tap --filter "$filter" "${files[@]}" 3>&- | tee "$results/native.tap" || true
}

# --- jobs: "native", which is Bats on this kernel, or a VM: KERNEL:BACKEND:RUNTIME --------------

all_jobs() {
  local kernel backend runtime
  for kernel in 6.1 6.12 sid; do
    for backend in lsm modify-return; do
      for runtime in runc crun; do
        echo "$kernel:$backend:$runtime"
      done
    done
    printf '%s\n' "$kernel":engines:{runc,crun} "$kernel:units:runc"
  done
}

# Each kernel, each back end and each runtime at least once, and each file in one of them; engines on the
# kernels of Debian's releases. The remaining combinations are in --matrix, for the time of a run. The longest come first.
usual_jobs() {
  printf '%s\n' 6.1:lsm:runc 6.12:lsm:crun sid:lsm:runc 6.12:engines:crun 6.1:engines:runc \
    sid:modify-return:runc 6.12:units:runc
}

jobs_wanted() {
  if $matrix; then all_jobs; else usual_jobs; fi |
    if [[ -n $kernel ]]; then grep "^$kernel:"; else cat; fi
}

# The attacks as well, where there is time.
programs_too() {
  printf 'tests/integration/%s.bats\n' programs images hash
  ! $matrix || printf 'tests/integration/%s.bats\n' admit "${attack_files[@]}"
}

# The attacks, and what is counted.
with_runc() {
  local files=(device kernel_interface mount network outside_mount path process rootfs verifier)
  ! $matrix || files=("${attack_files[@]}")
  printf 'tests/integration/%s.bats\n' "${files[@]}" loss upgrade monitor
  ! $matrix || printf 'tests/integration/%s.bats\n' log service seccomp hash
}

# What depends on the runtime: whom it starts, and what it gives. The other attacks as well, where
# there is time; failure runs on any kernel, and there with this one.
with_crun() {
  local files=(exec identity namespace privilege verifier)
  ! $matrix || files=("${attack_files[@]}" failure)
  printf 'tests/integration/%s.bats\n' "${files[@]}" shim_passthrough seccomp exec_into respond answers
}

# The other back end has the same programs, attached otherwise.
with_fmod_ret() {
  local files=(exec mount rootfs verifier)
  ! $matrix || files=("${attack_files[@]}")
  printf 'tests/integration/%s.bats\n' "${files[@]}"
}

files_for() {
  case $1 in
    *:units:*) echo tests/integration/units.bats ;;
    *:engines:*) printf 'tests/integration/%s.bats\n' podman rootless containerd cri ;;
    6.1:lsm:runc) with_runc ;;
    sid:lsm:runc) programs_too ;;
    *:lsm:crun) with_crun ;;
    *:modify-return:*) with_fmod_ret ;;
    *) printf 'tests/integration/%s.bats\n' "${attack_files[@]}" ;;
  esac
}

# One processor each: two jobs share two, and an emulated processor that waits for another one's lock
# burns its time.
run_vm() {
  local job=$1 out=$results/vm-$1 kernel backend runtime files lsm=bpf
  IFS=: read -r kernel backend runtime <<<"$job"
  local append="" expected=$backend program=tests/vm/guest-bats
  mapfile -t files < <(files_for "$job")
  case $backend in
    modify-return) lsm=none ;;
    units) expected=lsm program=tests/vm/guest-systemd ;; # under systemd
    engines) expected=lsm append=apparmor=0 ;;            # Docker would look for AppArmor's tools
  esac
  local guest=(env RUNTIME="$runtime" HOLDFAST_EXPECT_BACKEND="$expected" "$program")
  mkdir -p "$out"
  tests/vm/run --kernel "$kernel" --lsm "$lsm" --append "$append" --build "$build" --results "$out" \
    --timeout "$vm_timeout_s" --smp 1 -- "${guest[@]}" "$filter" "${files[@]}" 2>&1 |
    sed -u "s/^/[$kernel $backend] /" ||
    echo "# the VM $job ended with ${PIPESTATUS[0]}"
}

run_job() {
  case $1 in
    native) native_bats | sed -u "s/^/[this kernel] /" ;;
    *) run_vm "$1" ;;
  esac
}

tap_of() {
  case $1 in
    native) echo "$results/native.tap" ;;
    *) echo "$results/vm-$1/${1##*:}.tap" ;;
  esac
}

# Two at a time: a test waits more than it computes.
run_jobs() {
  local job running=0
  say "Bats on this kernel, $(uname -r) (native), and on others in VMs, two at a time: $*"
  for job in "$@"; do
    if ((running == 2)); then
      wait -n
      running=$((running - 1))
    fi
    run_job "$job" &
    running=$((running + 1))
  done
  wait
  for job in "$@"; do
    count_tap "$(tap_of "$job")" "Bats on $job"
  done
}

# Machines in which the tests run have no network.
fetch_for_vms() {
  local job
  contrib/dev/deps.sh vm
  tests/integration/fetch-programs >/dev/null || tap "not ok" "Debian programs can be fetched"
  for job in "$@"; do
    tests/vm/fetch-kernel "${job%%:*}" >/dev/null
  done
}

summary() {
  say "failed:"
  grep -h '^not ok' "$results"/*.tap "$results"/vm-*/*.tap 2>/dev/null || echo "# no Bats test"
  printf '\n%d passed, %d failed' "$passed" "$failed"
  ((skipped == 0)) || printf ', %d skipped' "$skipped"
  echo
}

main() {
  parse "$@"
  ((EUID == 0)) || {
    echo "${0##*/}: needs root (containers, BPF, mounts): sudo tests/run.sh" >&2
    exit 1
  }
  if ! build_all; then
    tap "not ok" "build"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    exit 1
  fi
  rm -rf "$results"
  mkdir -p "$results"
  unit_tests
  checks
  local vms=()
  $quick || mapfile -t vms < <(jobs_wanted)
  $quick || fetch_for_vms "${vms[@]}"
  tests/integration/fetch-promtool >/dev/null || tap "not ok" "promtool can be fetched"
  run_jobs native "${vms[@]}"
  summary
  ((failed == 0 && passed > 0))
}

main "$@"
