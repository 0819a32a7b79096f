// What `holdfast install` and `uninstall` change for one engine: decided first, then done.
#pragma once

#include <functional>
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
  std::string done_backup;  // a backup that says what `after` says, and goes; `after` may be as
                            // `before` then

  bool operator==(const Change&) const = default;
};

struct Plan {
  std::vector<Change> changes;  // none: nothing to change
  std::vector<std::string> notes;
  Record record;  // as it is afterwards, of all engines
  bool is_useless =
      false;  // the engine is configured so that there is nothing to do; a note says why
};

// Refuses, and says how to go on, where something of ours was changed since, or something else is
// in its place, unless options.force: then it is kept as a backup.
Result<Plan> plan_install(Engine engine, const Site& site);
Result<Plan> plan_uninstall(Engine engine, const Site& site);

// What is to be written is recorded first, what was removed last: what was interrupted can be done
// again, and undone. `done` is told of each change that was made. Refuses what was changed since it
// was planned, and, as root, to write where others could put something else.
Status apply(const Site& site, const Plan& plan, const std::function<void(const Change&)>& done);

}  // namespace holdfast::engine
