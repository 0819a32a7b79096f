// The programs that an engine is to start.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

// holdfast-runtime, and holdfast-hook, that belong to this program: those beside it in a build
// tree, or the installed ones. Below `root`, when that is not "/", the installed ones must be in
// it. Refused when they are not there, or when root would have an engine start what others can
// change.
Result<Programs> find_programs(const Tree& tree, const std::string& root);

// The runtime by the name that makes it execute the right one, for this engine: `over`, "crun" or
// "runc"; when that is "", what holdfast.json says, else what the engine itself would start:
// containerd and Docker runc, podman and CRI-O the one that is there. Checked like the others.
Result<Programs> programs_for(Engine engine, const Tree& tree, Programs programs,
                              const std::string& over);

// Whether a path is that of holdfast-runtime, by any of its names, or of holdfast-hook.
bool is_our_runtime(const std::string& path);
bool is_our_hook(const std::string& path);

// Where the program `name` is, in the directories that programs are usually in; "": in none.
std::string find_program(const Tree& tree, const std::string& name);

// The path of the engine's program, from the system's root; "" when it is not installed.
std::string find_engine(const Tree& tree, Engine engine);

}  // namespace holdfast::engine
