// What `holdfast install`, `uninstall` and `doctor --fix` do to one engine: decided, shown, done.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/cli/engine_place.h"
#include "src/engine/engine.h"
#include "src/engine/files.h"
#include "src/engine/plan.h"

namespace holdfast::cli {

struct Job {
  engine::Engine engine = engine::Engine::kPodman;
  engine::Options options;
  std::string over{};  // the real runtime; "": see programs_for
  bool uninstall = false;
  bool is_named = true;  // what an engine that was named cannot have is a failure
};

struct Decision {
  engine::Site site;
  engine::Plan plan;
};
Result<Decision> decide(const Job& job, const EnginePlace& place);

// "ENGINE: SENTENCE", on standard error.
void tell_notes(const Job& job, const engine::Plan& plan);
void print_diff(const engine::Plan& plan);

// Decides anew, does it, and says what was done and what is left to do. Where `shown` is given, it
// is refused when that is not what would be done any more.
Status carry_out(const Job& job, const EnginePlace& place, const engine::Plan* shown = nullptr);

}  // namespace holdfast::cli
