#include "src/engine/engine.h"

namespace holdfast::engine {

const char* name_of(Engine engine) {
  switch (engine) {
    case Engine::kPodman:
      return "podman";
    case Engine::kContainerd:
      return "containerd";
    case Engine::kDocker:
      return "docker";
    case Engine::kCrio:
      return "crio";
  }
  return "";
}

std::optional<Engine> engine_named(std::string_view name) {
  for (const Engine engine : kEngines) {
    if (name == name_of(engine)) {
      return engine;
    }
  }
  return std::nullopt;
}

const char* program_of(Engine engine) {
  return engine == Engine::kDocker ? "dockerd" : name_of(engine);
}

bool has_hooks(Engine engine) { return engine == Engine::kPodman || engine == Engine::kCrio; }

}  // namespace holdfast::engine
