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

bool is_program_of_ours(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return path.starts_with('/') && (name == "holdfast-runtime" || name == "holdfast-runc" ||
                                   name == "holdfast-crun" || name == "holdfast-hook");
}

// The first program of holdfast's between the quotation marks of `ours` that is not there.
std::string missing_program(const Tree& tree, const std::string& ours) {
  std::istringstream pieces(ours);
  std::string piece;
  while (std::getline(pieces, piece, '"')) {
    if (is_program_of_ours(piece) && !tree.has_program(piece)) {
      return piece;
    }
  }
  return "";
}

void look_at(const Tree& tree, const File& file, const Record& record, EngineStatus& status) {
  const auto found = record.find(file.path);
  const Written* written = found == record.end() ? nullptr : &found->second;
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
    case State::kNoProgram:
      return "no program";
  }
  return "";
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
  return status;
}

}  // namespace holdfast::engine
