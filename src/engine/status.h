// How an engine is configured for holdfast.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/record.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

struct FileStatus {
  enum class State {
    kAsWritten,
    kChanged,   // since holdfast install wrote it
    kOutdated,  // as written, but from other files that were changed since, or by another version
    kMissing,   // it was written, and is gone
    kByHand,    // somebody else wrote it, as the files of contrib
    kUnreadable,
    kNoProgram,  // a program of holdfast's that it names is not there
  };
  std::string path;
  State state = State::kAsWritten;
  std::string problem;  // a sentence, of the last two
};

// "as written", "changed", "outdated", "missing", "by hand", "unreadable", "no program".
const char* name_of(FileStatus::State state);

struct EngineStatus {
  Engine engine = Engine::kPodman;
  std::string program;                  // "" when it is not installed
  std::vector<std::string> configured;  // "runtime", "hook", "default"; none: not configured
  std::vector<FileStatus> files;

  // Whether `word` is among `configured`.
  [[nodiscard]] bool says(std::string_view word) const;
  // With which holdfast would write what is there; nothing there: the usual ones.
  [[nodiscard]] Options options() const;
  // Every file is as written, or by hand.
  [[nodiscard]] bool is_sound() const;
};

EngineStatus status_of(Engine engine, const Tree& tree, const Owner& owner, const Record& record);

}  // namespace holdfast::engine
