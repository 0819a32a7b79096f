# Reads lines WHO OPERATION INSTRUCTIONS and prints what holdfast adds, for each line of the file
# `budgets`, beside what was `recorded` for this `kernel` and `lsm` and what AppArmor adds to the same
# call. Writes what was measured to the file `record`, where one is given, instead of comparing.
# Exit code 0 only when nothing was missed.

# With N containers: the budget says by how much that may differ from one, which is what is recorded.
function is_crowd(who) { return who ~ /-[0-9]+$/ }

# What is to be subtracted: the same without holdfast, or with one container registered.
function base_of(who) {
  if (sub(/-[0-9]+$/, "", who)) return who
  if (who ~ /^(hook|shim)$/) return "no-" who
  sub("bystander", "nothing", who)
  sub("guarded", "plain", who)
  return who
}

# How much a count varies from run to run: a few instructions, or so much of the whole call.
function varies(operation, without) { return operation ~ /create|connect|exec/ ? without / 100 : 8 }

function exceeds(added, limit, slack) { return added > limit + slack }

function regressed(who, operation, added, slack,   before) {
  if (record || is_crowd(who)) return ""
  if (!((who, operation) in past)) return "  not recorded"
  before = past[who, operation] > 0 ? past[who, operation] : 0
  return exceeds(added, before * 1.02, slack) ? "  regressed" : ""
}

# What AppArmor's confinement adds to the call, with the ratio of ours to it.
function apparmor(who, operation, added,   confined, base) {
  confined = base = who
  if (!sub(/^guarded/, "apparmor", confined) || !((confined, operation) in cost)) return "-"
  sub(/^guarded/, "plain", base)
  confined = cost[confined, operation] - cost[base, operation]
  return confined > 0 ? sprintf("%d (%.2f)", confined, added / confined) : confined
}

function tell(who, operation, limit,   base, without, added, slack, verdict) {
  base = base_of(who)
  if (!((base, operation) in cost) || !((who, operation) in cost)) {
    printf "%-14s %-13s was not measured\n", who, operation
    missed++
    return
  }
  without = cost[base, operation]
  added = cost[who, operation] - without
  slack = varies(operation, without)
  verdict = (exceeds(added, limit, slack) ? "  missed" : "") regressed(who, operation, added, slack)
  missed += verdict != ""
  printf "%-14s %-13s %9d %9d %8d %8d %8s %14s%s\n", who, operation, without, without + added, added, limit,
    (who, operation) in past ? past[who, operation] : "-", apparmor(who, operation, added), verdict
  if (record && !is_crowd(who)) print kernel, lsm, who, operation, added >record
}

function read_recorded(   line, field) {
  while ((getline line <recorded) > 0)
    if (split(line, field, " ") == 5 && field[1] == kernel && field[2] == lsm) past[field[3], field[4]] = field[5]
}

function tell_all(   line, field) {
  printf "%-14s %-13s %9s %9s %8s %8s %8s %14s\n", "who", "operation", "without", "with", "added", "budget", "recorded",
    "AppArmor"
  while ((getline line <budgets) > 0)
    if (line !~ /^#/ && split(line, field, " ") == 3) tell(field[1], field[2], field[3])
}

NF == 3 { cost[$1, $2] = $3 }

END {
  read_recorded()
  tell_all()
  printf "%d missed\n", missed
  exit missed > 0
}
