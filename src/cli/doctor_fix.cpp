#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "src/cli/commands.h"
#include "src/cli/doctor.h"
#include "src/cli/installing.h"

namespace holdfast::cli {

namespace {

// Anything but "y" and "yes" is a no, and so is the end of the input.
bool agrees(const std::string& engine) {
  fmt::print("{}: write this? [y/N] ", engine);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

// Says so when nobody is there to agree.
bool may_do(const std::string& engine, bool agreed) {
  if (agreed) {
    return true;
  }
  if (isatty(STDIN_FILENO) == 0) {
    complain(fail(engine +
                  ": nothing was written, for standard input is no terminal to agree at: give "
                  "--yes"));
    return false;
  }
  return agrees(engine);
}

// False when it was not agreed to.
Result<bool> fix_one(const Job& job, const EnginePlace& place, bool agreed) {
  const engine::Plan plan = TRY(decide(job, place)).plan;
  if (plan.changes.empty()) {
    return true;
  }
  tell_notes(job, plan);
  fmt::print("\n");
  print_diff(plan);
  if (!may_do(engine::name_of(job.engine), agreed)) {
    return false;
  }
  TRY(carry_out(job, place, &plan));
  return true;
}

}  // namespace

bool fix(const std::vector<engine::Diagnosis>& engines, const EnginePlace& place, bool agreed) {
  bool is_done = true;
  for (const engine::Diagnosis& one : engines) {
    const auto engine = engine::engine_named(one.name);
    if (!engine || !one.needs_install) {
      continue;
    }
    const auto done = fix_one(Job{*engine, one.options}, place, agreed);
    if (!done.ok()) {
      complain(fail(one.name + ": " + done.error().message));
    }
    is_done = is_done && done.ok() && done.value();
  }
  return is_done;
}

}  // namespace holdfast::cli
