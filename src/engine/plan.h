// What `holdfast install` and `uninstall` change for one engine: decided first, then done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/engine/files.h"
#include "src/engine/record.h"

namespace holdfast::engine {

struct Change {
  std::string path;
  std::optional<std::string> before;  // the whole text; none: the file is not there
  std::optional<std::string> after;
  std::string backup;       // where `before` is kept; "": nothing of anybody else's is lost
  std::string done_backup;  // a backup that says what `after` says, and goes
};

struct Plan {
  std::vector<Change> changes;  // none: nothing to change
  std::vector<std::string> notes;
  Record record;  // as it is afterwards, of all engines
};

// Refuses, and says how to go on, where something of ours was changed since, or something else is
// in its place, unless options.force.
Result<Plan> plan_install(Engine engine, const Site& site, const Record& record);
Result<Plan> plan_uninstall(Engine engine, const Site& site, const Record& record);

// Backups come first, the record last: what was interrupted can be done again.
Status apply(const Tree& tree, const Owner& owner, const Plan& plan);

}  // namespace holdfast::engine
