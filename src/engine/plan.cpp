#include "src/engine/plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/engine/docker.h"

namespace holdfast::engine {
namespace {

std::string backup_path(const std::string& path, unsigned number) {
  return path + ".holdfast-backup" + (number == 0 ? "" : fmt::format(".{}", number));
}

// What is in a file now.
struct Current {
  std::optional<std::string> text;
  Parts parts;
};

Result<Current> look_at(const Tree& tree, const File& file) {
  Current current{TRY(tree.read(file.path)), {}};
  if (current.text) {
    current.parts = TRY(take_apart(file, *current.text));
  }
  return current;
}

const Written* find(const Record& record, const std::string& path) {
  const auto found = record.find(path);
  return found == record.end() ? nullptr : &found->second;
}

// Ours is what we wrote, or would write.
Status must_be_ours(const File& file, const Current& current, const Record& record,
                    const std::string& would_write, const Options& options) {
  const std::string& ours = current.parts.ours;
  const Written* written = find(record, file.path);
  if (ours.empty() || ours == would_write || options.force ||
      (written != nullptr && ours == written->ours)) {
    return Ok{};
  }
  const char* what = file.kind == File::Kind::kDropIn ? "" : "what it says about holdfast ";
  return fail(fmt::format(
      "{}: {}{}; look at it, and give --force if it may go", file.path, what,
      written != nullptr ? "was changed since holdfast wrote it" : "is not of holdfast's writing"));
}

struct Backup {
  std::string path;
  std::string text;
};

// The one that says what `text` says. (Docker's file is laid out anew when it is changed: there
// it is the meaning that counts.)
Result<std::optional<Backup>> find_backup(const Tree& tree, const File& file,
                                          const std::string& text) {
  for (unsigned number = 0;; ++number) {
    const std::string path = backup_path(file.path, number);
    const auto kept = TRY(tree.read(path));
    if (!kept) {
      return std::optional<Backup>();
    }
    if (*kept == text || (file.kind == File::Kind::kDaemonJson && same_json(*kept, text))) {
      return std::optional(Backup{path, *kept});
    }
  }
}

// The first name that is free. None is needed for what is ours, or kept already but for ours.
Status keep_backup(const Tree& tree, const File& file, const Current& current, Change& change) {
  const std::string& rest = current.parts.rest;
  if (file.kind == File::Kind::kDropIn || !current.text ||
      (!current.parts.ours.empty() &&
       (is_bare(file, rest) || TRY(find_backup(tree, file, rest))))) {
    return Ok{};
  }
  unsigned number = 0;
  while (TRY(tree.read(backup_path(file.path, number)))) {
    ++number;
  }
  change.backup = backup_path(file.path, number);
  return Ok{};
}

Status plan_removal(const File& file, const Site& site, const std::string& would_write,
                    Plan& plan) {
  const Current current = TRY(look_at(site.tree, file));
  if (current.parts.ours.empty()) {
    plan.record.erase(file.path);
    return Ok{};
  }
  TRY(must_be_ours(file, current, plan.record, would_write, site.options));
  Change change{file.path, current.text, current.parts.rest, "", ""};
  const Written* written = find(plan.record, file.path);
  if (file.kind == File::Kind::kDropIn ||
      (written != nullptr && written->created && is_bare(file, current.parts.rest))) {
    change.after = std::nullopt;
  } else {
    const auto backup = TRY(find_backup(site.tree, file, current.parts.rest));
    if (backup) {
      change.after = backup->text;
      change.done_backup = backup->path;
    } else {
      TRY(keep_backup(site.tree, file, current, change));
    }
  }
  plan.changes.push_back(std::move(change));
  plan.record.erase(file.path);
  return Ok{};
}

Status plan_writing(Engine engine, const Wanted& wanted, const Site& site, Plan& plan) {
  const File& file = wanted.file;
  const Current current = TRY(look_at(site.tree, file));
  const std::string ours = TRY(take_apart(file, wanted.text)).ours;
  TRY(must_be_ours(file, current, plan.record, ours, site.options));
  const Written* written = find(plan.record, file.path);
  const bool created = written != nullptr ? written->created : !current.text;
  if (current.parts.ours != ours) {
    Change change{file.path, current.text, wanted.text, "", ""};
    TRY(keep_backup(site.tree, file, current, change));
    plan.changes.push_back(std::move(change));
  }
  plan.record[file.path] = {name_of(engine), ours, created};
  return Ok{};
}

const Wanted* find(const std::vector<Wanted>& wanted, const std::string& path) {
  const auto found = std::find_if(wanted.begin(), wanted.end(),
                                  [&path](const Wanted& one) { return one.file.path == path; });
  return found == wanted.end() ? nullptr : &*found;
}

}  // namespace

Result<Plan> plan_install(Engine engine, const Site& site, const Record& record) {
  WantedFiles wanted = TRY(wanted_files(engine, site));
  Plan plan{{}, std::move(wanted.notes), record};
  for (const File& file : files_of(engine, site.owner)) {
    const Wanted* one = find(wanted.files, file.path);
    TRY(one != nullptr ? plan_writing(engine, *one, site, plan)
                       : plan_removal(file, site, "", plan));
  }
  return plan;
}

Result<Plan> plan_uninstall(Engine engine, const Site& site, const Record& record) {
  // Without a record, what the default options would write is known as ours.
  const auto wanted = wanted_files(engine, site);
  Plan plan{{}, {}, record};
  for (const File& file : files_of(engine, site.owner)) {
    const Wanted* one = wanted.ok() ? find(wanted.value().files, file.path) : nullptr;
    const std::string would_write =
        one != nullptr ? TRY(take_apart(file, one->text)).ours : std::string();
    TRY(plan_removal(file, site, would_write, plan));
  }
  return plan;
}

Status apply(const Tree& tree, const Owner& owner, const Plan& plan) {
  for (const Change& change : plan.changes) {
    if (!change.backup.empty()) {
      TRY(tree.write(change.backup, *change.before, change.path));
    }
    TRY(change.after ? tree.write(change.path, *change.after) : tree.remove(change.path));
    if (!change.done_backup.empty()) {
      TRY(tree.remove(change.done_backup));
    }
  }
  if (TRY(read_record(tree, owner)) != plan.record) {
    TRY(write_record(tree, owner, plan.record));
  }
  return Ok{};
}

}  // namespace holdfast::engine
