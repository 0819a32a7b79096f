#include "src/cli/installing.h"

#include <utility>

#include <fmt/format.h>

#include "src/cli/commands.h"
#include "src/engine/advice.h"
#include "src/engine/diff.h"
#include "src/engine/programs.h"
#include "src/monitor/client.h"
#include "src/profile/config.h"

namespace holdfast::cli {

namespace {

using engine::Engine;

void tell(Engine engine, const std::string& sentence) {
  fmt::print("{}: {}\n", engine::name_of(engine), sentence);
}

void tell_change(Engine engine, const engine::Change& change) {
  if (!change.backup.empty()) {
    tell(engine, "kept " + change.backup);
  }
  if (change.before != change.after) {
    tell(engine, (change.after ? "wrote " : "removed ") + change.path);
  }
  if (!change.done_backup.empty()) {
    tell(engine, "removed " + change.done_backup);
  }
}

// For uninstall, holdfast's programs need not be there any more.
Result<engine::Site> look_around(const Job& job, const EnginePlace& place) {
  engine::Site site{
      place.tree, place.owner, {}, job.options, TRY(engine::read_record(place.tree, place.owner))};
  auto programs = engine::find_programs(place.tree, place.root);
  if (programs.ok()) {
    programs = engine::programs_for(job.engine, place.tree, programs.value(), job.over);
  }
  if (!programs.ok() && !job.uninstall) {
    return programs.error();
  }
  site.programs = programs.ok() ? programs.value() : engine::Programs{};
  return site;
}

// A user's containers do not start one.
void tell_of_monitor(Engine engine) {
  const auto config = profile::load_config();
  if (config.ok() && monitor::nobody_listens(config.value().monitor.socket)) {
    tell(engine,
         "the system's monitor guards users' containers, and none runs; " + how_to_start_one());
  }
}

void tell_result(const Job& job, const EnginePlace& place, const engine::Plan& plan) {
  if (plan.changes.empty()) {
    tell(job.engine, "nothing to change");
    return;
  }
  if (!job.uninstall && engine::find_engine(place.tree, job.engine).empty()) {
    tell(job.engine, std::string(engine::program_of(job.engine)) + " is not installed here yet");
  }
  if (place.root != "/") {
    return;
  }
  for (const std::string& sentence :
       job.uninstall ? engine::after_uninstall(job.engine, place.owner)
                     : engine::after_install(job.engine, job.options, place.owner)) {
    tell(job.engine, sentence);
  }
  if (!job.uninstall && place.owner.is_user()) {
    tell_of_monitor(job.engine);
  }
}

}  // namespace

Result<Decision> decide(const Job& job, const EnginePlace& place) {
  engine::Site site = TRY(look_around(job, place));
  engine::Plan plan = TRY(job.uninstall ? engine::plan_uninstall(job.engine, site)
                                        : engine::plan_install(job.engine, site));
  if (plan.is_useless && job.is_named && plan.changes.empty()) {
    return fail(fmt::format("{}", fmt::join(plan.notes, "; ")));
  }
  return Decision{std::move(site), std::move(plan)};
}

void tell_notes(const Job& job, const engine::Plan& plan) {
  for (const std::string& note : plan.notes) {
    fmt::print(stderr, "{}: {}\n", engine::name_of(job.engine), note);
  }
}

void print_diff(const engine::Plan& plan) {
  for (const engine::Change& change : plan.changes) {
    fmt::print("{}", engine::unified_diff(change.path, change.before, change.after));
  }
}

Status carry_out(const Job& job, const EnginePlace& place, const engine::Plan* shown) {
  const base::UniqueFd lock = TRY(engine::lock_record(place.tree, place.owner));
  const Decision decision = TRY(decide(job, place));
  if (shown == nullptr) {
    tell_notes(job, decision.plan);
  } else if (shown->changes != decision.plan.changes) {
    return fail("its configuration was changed meanwhile, and nothing was done: ask again");
  }
  TRY(engine::apply(decision.site, decision.plan,
                    [&job](const engine::Change& change) { tell_change(job.engine, change); }));
  tell_result(job, place, decision.plan);
  return Ok{};
}

}  // namespace holdfast::cli
