#include "src/engine/plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "src/engine/docker.h"

namespace holdfast::engine {
namespace {

// Beside the file, but for crio.conf.d: CRI-O reads every file there, whatever its name.
std::string backup_path(const std::string& path, unsigned number) {
  constexpr std::string_view kReadWhole = "/crio.conf.d/";
  std::string beside = path;
  const std::size_t at = path.find(kReadWhole);
  if (at != std::string::npos) {
    beside.erase(at, kReadWhole.size() - 1);
  }
  return beside + ".holdfast-backup" + (number == 0 ? "" : fmt::format(".{}", number));
}

// What is in a file now.
struct Current {
  std::optional<std::string> text;
  Parts parts;
  bool is_all_ours = true;  // `parts.ours` is what we wrote, or would write
};

// Where what is ours is not, it is refused unless options.force.
Result<Current> look_at(const Site& site, const File& file, const std::string& would_write) {
  Current current{TRY(site.tree.read(file.path)), {}};
  const Written* written = find(site.record, file.path);
  if (current.text) {
    current.parts =
        TRY(take_apart(file, *current.text, written != nullptr ? written->replaced : ""));
  }
  const std::string& ours = current.parts.ours;
  current.is_all_ours =
      ours.empty() || ours == would_write || (written != nullptr && ours == written->ours);
  if (current.is_all_ours || site.options.force) {
    return current;
  }
  const char* what = file.kind == File::Kind::kDropIn ? "" : "what it says about holdfast ";
  return fail(fmt::format(
      "{}: {}{}; look at it, and give --force if it may go (a copy is kept)", file.path, what,
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

// The first name that is free. None is needed for what is ours, or kept already (but for ours).
Status keep_backup(const Site& site, const File& file, const Current& current, Change& change) {
  const Parts& parts = current.parts;
  const bool is_nobodys =
      file.kind == File::Kind::kDropIn || (!parts.ours.empty() && is_bare(file, parts.rest));
  if (!current.text || (current.is_all_ours && is_nobodys)) {
    return Ok{};
  }
  const bool has_ours = current.is_all_ours && !parts.ours.empty();
  if (TRY(find_backup(site.tree, file, has_ours ? parts.rest : *current.text))) {
    return Ok{};
  }
  unsigned number = 0;
  while (TRY(site.tree.read(backup_path(file.path, number)))) {
    ++number;
  }
  change.backup = backup_path(file.path, number);
  return Ok{};
}

// Ours was taken out by hand. A backup that says the same as the file now has had its time.
Status plan_tidying(const File& file, const Current& current, const Site& site, Plan& plan) {
  if (current.text && plan.record.contains(file.path)) {
    const auto backup = TRY(find_backup(site.tree, file, *current.text));
    if (backup) {
      plan.changes.push_back({file.path, current.text, current.text, "", backup->path});
    }
  }
  plan.record.erase(file.path);
  return Ok{};
}

// The file without ours: gone, as the backup has it, or the rest of it.
Status leave_the_rest(const File& file, const Current& current, const Site& site, Change& change) {
  const Written* written = find(site.record, file.path);
  const std::string& rest = current.parts.rest;
  if (file.kind == File::Kind::kDropIn ||
      (written != nullptr && written->created && is_bare(file, rest))) {
    return keep_backup(site, file, current, change);
  }
  change.after = rest;
  const auto backup = TRY(find_backup(site.tree, file, rest));
  if (backup && current.is_all_ours) {
    change.after = backup->text;
    change.done_backup = backup->path;
    return Ok{};
  }
  return keep_backup(site, file, current, change);
}

Status plan_removal(const File& file, const Site& site, const std::string& would_write,
                    Plan& plan) {
  const Current current = TRY(look_at(site, file, would_write));
  if (current.parts.ours.empty()) {
    return plan_tidying(file, current, site, plan);
  }
  Change change{file.path, current.text, std::nullopt, "", ""};
  TRY(leave_the_rest(file, current, site, change));
  plan.changes.push_back(std::move(change));
  plan.record.erase(file.path);
  return Ok{};
}

Status plan_writing(Engine engine, const Wanted& wanted, const Site& site, Plan& plan) {
  const File& file = wanted.file;
  const std::string ours = TRY(take_apart(file, wanted.text)).ours;
  const Current current = TRY(look_at(site, file, ours));
  const Written* written = find(site.record, file.path);
  const bool created = written != nullptr ? written->created : !current.text;
  if (current.parts.ours != ours) {
    Change change{file.path, current.text, wanted.text, "", ""};
    TRY(keep_backup(site, file, current, change));
    plan.changes.push_back(std::move(change));
  }
  plan.record[file.path] = {name_of(engine), ours, created, wanted.replaced};
  return Ok{};
}

const Wanted* find(const std::vector<Wanted>& wanted, const std::string& path) {
  const auto found = std::find_if(wanted.begin(), wanted.end(),
                                  [&path](const Wanted& one) { return one.file.path == path; });
  return found == wanted.end() ? nullptr : &*found;
}

}  // namespace

Result<Plan> plan_install(Engine engine, const Site& site) {
  WantedFiles wanted = TRY(wanted_files(engine, site));
  Plan plan{{}, std::move(wanted.notes), site.record, wanted.files.empty()};
  for (const File& file : files_of(engine, site.owner)) {
    const Wanted* one = find(wanted.files, file.path);
    TRY(one != nullptr ? plan_writing(engine, *one, site, plan)
                       : plan_removal(file, site, "", plan));
  }
  return plan;
}

Result<Plan> plan_uninstall(Engine engine, const Site& site) {
  // Without a record, what the default options would write is known as ours.
  const auto wanted = wanted_files(engine, site);
  Plan plan{{}, {}, site.record};
  for (const File& file : files_of(engine, site.owner)) {
    const Wanted* one = wanted.ok() ? find(wanted.value().files, file.path) : nullptr;
    const std::string would_write =
        one != nullptr ? TRY(take_apart(file, one->text)).ours : std::string();
    TRY(plan_removal(file, site, would_write, plan));
  }
  return plan;
}

}  // namespace holdfast::engine
