#include "src/engine/status.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "src/engine/files.h"
#include "src/engine/lists.h"
#include "src/engine/programs.h"

namespace holdfast::engine {
namespace {

using State = FileStatus::State;

State judge(const std::string& ours, const Written* written) {
  if (written == nullptr) {
    return State::kByHand;
  }
  if (ours.empty()) {
    return State::kMissing;
  }
  return ours == written->ours ? State::kAsWritten : State::kChanged;
}

Result<std::string> ours_in(const Tree& tree, const File& file) {
  const auto text = TRY(tree.read_through(file.path));
  return text ? TRY(take_apart(file, *text)).ours : std::string();
}

// Of holdfast's, between the quotation marks of `ours`.
Programs programs_in(const std::string& ours) {
  Programs programs;
  std::istringstream pieces(ours);
  std::string piece;
  while (std::getline(pieces, piece, '"')) {
    if (is_our_hook(piece)) {
      programs.hook = piece;
    }
    if (is_our_runtime(piece)) {
      programs.runtime = piece;
    }
  }
  return programs;
}

std::string missing_program(const Tree& tree, const std::string& ours) {
  const Programs programs = programs_in(ours);
  for (const std::string& path : {programs.runtime, programs.hook}) {
    if (!path.empty() && !tree.has_program(path)) {
      return path;
    }
  }
  return "";
}

// What repeats other files of the engine is no longer true when those were changed.
void find_outdated(Engine engine, Site site, EngineStatus& status) {
  for (const FileStatus& file : status.files) {
    const Written* written = find(site.record, file.path);
    const Programs programs = programs_in(written != nullptr ? written->ours : "");
    site.programs.runtime = programs.runtime.empty() ? site.programs.runtime : programs.runtime;
    site.programs.hook = programs.hook.empty() ? site.programs.hook : programs.hook;
  }
  const auto wanted = wanted_files(engine, site);
  for (const Wanted& one : wanted.ok() ? wanted.value().files : std::vector<Wanted>()) {
    const auto parts = take_apart(one.file, one.text);
    for (FileStatus& file : status.files) {
      if (file.path == one.file.path && file.state == State::kAsWritten && parts.ok() &&
          parts.value().ours != find(site.record, file.path)->ours) {
        file.state = State::kOutdated;
      }
    }
  }
}

void look_at(const Tree& tree, const File& file, const Record& record, EngineStatus& status) {
  const Written* written = find(record, file.path);
  const auto ours = ours_in(tree, file);
  if (!ours.ok()) {
    status.files.push_back({file.path, State::kUnreadable, ours.error().message});
    return;
  }
  if (written == nullptr && ours.value().empty()) {
    return;
  }
  status.files.push_back({file.path, judge(ours.value(), written), ""});
  const std::string missing = missing_program(tree, ours.value());
  if (!missing.empty()) {
    status.files.back().state = State::kNoProgram;
    status.files.back().problem = fmt::format("{}: {} is not there", file.path, missing);
  }
  for (const std::string& word : describe(file, ours.value())) {
    add_missing(status.configured, word);
  }
}

}  // namespace

const char* name_of(State state) {
  switch (state) {
    case State::kAsWritten:
      return "as written";
    case State::kChanged:
      return "changed";
    case State::kMissing:
      return "missing";
    case State::kByHand:
      return "by hand";
    case State::kUnreadable:
      return "unreadable";
    case State::kOutdated:
      return "outdated";
    case State::kNoProgram:
      return "no program";
  }
  return "";
}

bool EngineStatus::says(std::string_view word) const {
  return std::find(configured.begin(), configured.end(), word) != configured.end();
}

Options EngineStatus::options() const {
  Options options{.by_default = says("default")};
  if (says("runtime") != says("hook")) {
    options.with = says("runtime") ? With::kRuntime : With::kHook;
  }
  return options;
}

bool EngineStatus::is_sound() const {
  return std::all_of(files.begin(), files.end(), [](const FileStatus& file) {
    return file.state == State::kAsWritten || file.state == State::kByHand;
  });
}

EngineStatus status_of(Engine engine, const Tree& tree, const Owner& owner, const Record& record) {
  EngineStatus status;
  status.engine = engine;
  status.program = find_engine(tree, engine);
  for (const File& file : files_of(engine, owner)) {
    look_at(tree, file, record, status);
  }
  Options options = status.options();
  options.force = true;  // what is there may be what --force had written
  find_outdated(engine, {tree, owner, {}, options, record}, status);
  return status;
}

}  // namespace holdfast::engine
