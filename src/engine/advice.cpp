#include "src/engine/advice.h"

#include <fmt/format.h>

namespace holdfast::engine {
namespace {

std::string how_it_gets_to_know(Engine engine, const Owner& owner) {
  switch (engine) {
    case Engine::kPodman:
      return fmt::format(
          "nothing has to be restarted, but podman's service where it runs: systemctl {}restart "
          "podman",
          owner.is_user() ? "--user " : "");
    case Engine::kContainerd:
      return "restart it, containers go on: systemctl restart containerd";
    case Engine::kDocker:
      return "have dockerd read it: systemctl reload docker (or SIGHUP)";
    case Engine::kCrio:
      return "restart it, containers go on: systemctl restart crio";
  }
  return "";
}

std::string how_to_try(Engine engine, const Options& options) {
  const bool has_runtime = options.with != With::kHook;
  std::string word =
      has_runtime ? "--runtime holdfast " : "--annotation io.holdfast.profile=default ";
  word = options.by_default ? "" : word;
  switch (engine) {
    case Engine::kPodman:
      return fmt::format("podman run --rm -it {}IMAGE, and meanwhile: holdfast ps", word);
    case Engine::kDocker:
      return fmt::format("docker run --rm -it {}IMAGE, and meanwhile: holdfast ps", word);
    case Engine::kContainerd:
    case Engine::kCrio:
      if (options.by_default) {
        return "any pod, and meanwhile: holdfast ps";
      }
      if (!has_runtime) {
        return "a pod with the annotation io.holdfast.profile: default, and meanwhile: holdfast ps";
      }
      return "a pod with runtimeClassName: holdfast (contrib/kubernetes/runtimeclass.yaml), or "
             "crictl runp --runtime holdfast POD.json";
  }
  return "";
}

}  // namespace

std::vector<std::string> after_install(Engine engine, const Options& options, const Owner& owner) {
  return {how_it_gets_to_know(engine, owner), "try: " + how_to_try(engine, options)};
}

std::vector<std::string> after_uninstall(Engine engine, const Owner& owner) {
  return {how_it_gets_to_know(engine, owner),
          "containers that were made with the runtime holdfast cannot be started again: make them "
          "anew"};
}

}  // namespace holdfast::engine
