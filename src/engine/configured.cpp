#include "src/engine/configured.h"

#include "src/engine/containerd.h"
#include "src/engine/crio.h"
#include "src/engine/docker.h"
#include "src/engine/podman.h"
#include "src/engine/programs.h"

namespace holdfast::engine {

void choose_runtime(const std::map<std::string, std::string>& runtimes,
                    const std::string& by_default, Configured& configured) {
  for (const auto& [name, program] : runtimes) {
    const bool is_better = name == by_default || configured.runtime.empty() ||
                           (name == kRuntimeName && !configured.is_default);
    if (is_our_runtime(program) && is_better) {
      configured.runtime_name = name;
      configured.runtime = program;
      configured.is_default = name == by_default;
    }
  }
}

Result<Configured> configured(Engine engine, const Tree& tree, const Owner& owner) {
  switch (engine) {
    case Engine::kPodman:
      return podman_configured(tree, owner);
    case Engine::kContainerd:
      return containerd_configured(tree);
    case Engine::kDocker:
      return docker_configured(tree);
    case Engine::kCrio:
      return crio_configured(tree);
  }
  return Configured{};
}

}  // namespace holdfast::engine
