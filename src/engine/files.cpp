#include "src/engine/files.h"

#include "src/engine/containerd.h"
#include "src/engine/crio.h"
#include "src/engine/docker.h"
#include "src/engine/podman.h"

namespace holdfast::engine {

Result<Parts> take_apart(const File& file, const std::string& text, const std::string& replaced) {
  switch (file.kind) {
    case File::Kind::kDropIn:
      return Parts{text, ""};
    case File::Kind::kDaemonJson:
      return take_apart_daemon_json(text, file.path, replaced);
    case File::Kind::kContainerdToml:
      return take_apart_containerd_toml(text, file.path);
  }
  return Parts{};
}

bool is_bare(const File& file, const std::string& rest) {
  return file.kind == File::Kind::kDaemonJson ? same_json(rest, "{}") : rest == kBareContainerdToml;
}

std::vector<File> files_of(Engine engine, const Owner& owner) {
  switch (engine) {
    case Engine::kPodman:
      return podman_files(owner);
    case Engine::kContainerd:
      return {{kContainerdToml, File::Kind::kContainerdToml}};
    case Engine::kDocker:
      return {{kDaemonJson, File::Kind::kDaemonJson}};
    case Engine::kCrio:
      return crio_files();
  }
  return {};
}

Result<WantedFiles> wanted_files(Engine engine, const Site& site) {
  switch (engine) {
    case Engine::kPodman:
      return podman_wanted(site);
    case Engine::kContainerd:
      return containerd_wanted(site);
    case Engine::kDocker:
      return docker_wanted(site);
    case Engine::kCrio:
      return crio_wanted(site);
  }
  return WantedFiles{};
}

std::vector<std::string> describe(const File& file, const std::string& ours) {
  const auto has = [&ours](const char* text) { return ours.find(text) != std::string::npos; };
  std::vector<std::string> words;
  if (has("[engine.runtimes]") || has("runtimes.holdfast]") || has("\"runtimes\"")) {
    words.emplace_back("runtime");
  }
  if (file.path.ends_with(".json") && file.kind == File::Kind::kDropIn) {
    words.emplace_back("hook");
  }
  if (has("\nruntime = \"holdfast\"") || has("default_runtime = \"holdfast\"") ||
      has("default_runtime_name = \"holdfast\"") || has("\"default-runtime\"") ||
      has("\"always\": true")) {
    words.emplace_back("default");
  }
  return words;
}

}  // namespace holdfast::engine
