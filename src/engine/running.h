// The containers that run now, by what engines leave in /proc and /run: no engine is asked.
#pragma once

#include <string>
#include <vector>

#include "src/engine/engine.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

struct Running {
  Engine engine = Engine::kPodman;
  std::string id;
  std::string name;  // "" where it is not known
};

// Those of root: of every engine; those of an ordinary user: the own podman's. What ends meanwhile,
// or cannot be read, is left out. `proc_root` is in the tree.
std::vector<Running> running_containers(const Tree& tree, const Owner& owner,
                                        const std::string& proc_root = "/proc");

}  // namespace holdfast::engine
