// What `holdfast doctor` says of an engine: whether its containers are guarded, and what to change.
// Only files are read, and programs asked for their version.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "src/engine/engine.h"
#include "src/engine/record.h"
#include "src/engine/running.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

struct Check {
  enum class Verdict {
    kOk,
    kWarning,  // containers are guarded less than they could be, or not all of them
    kFailure,  // something that is configured has no effect, or keeps containers from starting
  };
  Verdict verdict = Verdict::kOk;
  std::string text;  // a sentence, with its remedy
};
// "ok", "warn", "fail".
const char* name_of(Check::Verdict verdict);

// What starts an engine's container under guard.
// The hook at podman's stage "precreate" does what the runtime does, but for `exec`.
enum class Tier { kNone, kHook, kPrecreate, kRuntime };
// "none", "hook", "precreate", "runtime".
const char* name_of(Tier tier);

struct Way {
  std::string how;  // "with --runtime holdfast"
  Tier gets = Tier::kNone;
};

struct Diagnosis {
  std::string name;  // of the engine, or "runc" or "crun"
  std::string program;
  std::string version{};  // "" for another system's root
  std::vector<Check> checks{};
  Tier everyone = Tier::kNone;  // what a container gets without asking
  std::vector<Way> ways{};      // to ask for more, the strongest first
  bool needs_install = false;   // `holdfast install`, with these options, would better it
  Options options{};
};

Diagnosis diagnose(Engine engine, const Tree& tree, const Owner& owner, const Record& record);

// Of runc or crun, where they are called without an engine. `ours`: of this holdfast.
Diagnosis diagnose_plain(const std::string& name, const Tree& tree, const Programs& ours);

// Whether the hook was called for those of `running` that are the engine's: the monitor knows
// `guarded`, by id.
Check judge_running(Engine engine, const std::vector<Running>& running,
                    const std::set<std::string>& guarded);

// `holdfast install` with these options, as it is typed.
std::string install_command(Engine engine, const Options& options);

}  // namespace holdfast::engine
