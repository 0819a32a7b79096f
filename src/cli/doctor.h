// The parts of `holdfast doctor`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/cli/engine_place.h"
#include "src/engine/diagnose.h"
#include "src/kernel/kernel.h"
#include "src/profile/config.h"

namespace holdfast::cli {

// What this host can do for containers, whatever starts them.
struct Host {
  std::vector<engine::Check> checks;
  std::optional<kernel::Backend> backend;  // that is, or would be, in force
  std::string socket;  // the monitor's; "" when the configuration cannot be read
};
Host examine_host();

// The engines that are installed, or those that are named, and runc and crun by themselves. Asks
// the monitor at `socket`, when that is not "", for what it guards.
Result<std::vector<engine::Diagnosis>> examine_engines(const std::vector<std::string>& names,
                                                       const EnginePlace& place,
                                                       const std::string& socket);

// Shows what `holdfast install` would write for those that it would better, and writes that when it
// is agreed to: at the terminal, or `agreed` to beforehand. False when something is left that was
// to be done.
bool fix(const std::vector<engine::Diagnosis>& engines, const EnginePlace& place, bool agreed);

}  // namespace holdfast::cli
