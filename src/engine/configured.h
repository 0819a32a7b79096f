// Whether an engine's containers come to holdfast by what it reads, whoever wrote that.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

struct Configured {
  std::string runtime_name;  // as containers ask for it; "": holdfast-runtime is no runtime of its
  std::string runtime;       // its program
  bool is_default = false;   // containers get it without asking
  // Whether what a pod or container is annotated with gets into config.json under that runtime.
  bool hands_annotations_on = true;
  std::string hook;             // the program that it calls when it creates a container; "": none
  bool rewrites = false;        // also before the runtime gets config.json (podman's "precreate")
  bool hooks_everyone = false;  // not only containers that have an annotation of ours

  [[nodiscard]] bool is_nothing() const { return runtime.empty() && hook.empty(); }
};

// A file that the engine could not read either is an error.
Result<Configured> configured(Engine engine, const Tree& tree, const Owner& owner);

// Chooses holdfast-runtime among an engine's runtimes (programs by name): the default one, else the
// one that is called as install calls it, else any.
void choose_runtime(const std::map<std::string, std::string>& runtimes,
                    const std::string& by_default, Configured& configured);

}  // namespace holdfast::engine
