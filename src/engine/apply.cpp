// Carrying out what was planned.
#include <unistd.h>

#include "src/engine/plan.h"

namespace holdfast::engine {
namespace {

Status must_be_safe(const Tree& tree, const Plan& plan) {
  if (geteuid() != 0) {
    return Ok{};
  }
  for (const Change& change : plan.changes) {
    for (const std::string& path : {change.path, change.backup, change.done_backup}) {
      TRY(path.empty() ? Status(Ok{}) : tree.folder_must_be_roots(path));
    }
  }
  return Ok{};
}

Status replace(const Tree& tree, const Change& change) {
  if (change.before == change.after) {
    return Ok{};
  }
  return change.after ? tree.write(change.path, *change.after) : tree.remove(change.path);
}

Status make(const Tree& tree, const Change& change) {
  if (TRY(tree.read(change.path)) != change.before) {
    return fail(change.path + " was changed meanwhile: run this again");
  }
  if (!change.backup.empty()) {
    TRY(tree.write(change.backup, *change.before, change.path));
  }
  const Status replaced = replace(tree, change);
  if (!replaced.ok() && !change.backup.empty()) {
    TRY(tree.remove(change.backup));
  }
  return replaced.ok() && !change.done_backup.empty() ? tree.remove(change.done_backup) : replaced;
}

Status record_as(const Site& site, const Record& before, const Record& after) {
  return before == after ? Status(Ok{}) : write_record(site.tree, site.owner, after);
}

}  // namespace

Status apply(const Site& site, const Plan& plan, const std::function<void(const Change&)>& done) {
  TRY(must_be_safe(site.tree, plan));
  // Only what is new in it: of the rest the old record is true until the file is replaced.
  Record begun = site.record;
  for (const auto& [path, written] : plan.record) {
    Written& entry = begun.try_emplace(path, written).first->second;
    // It is put back only where ours is in its place.
    entry.replaced = written.replaced.empty() ? entry.replaced : written.replaced;
  }
  TRY(record_as(site, site.record, begun));
  for (const Change& change : plan.changes) {
    TRY(make(site.tree, change));
    done(change);
  }
  return record_as(site, begun, plan.record);
}

}  // namespace holdfast::engine
