#include "src/oci/image.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace holdfast::oci {
namespace {

constexpr std::array kImageKeys = {kImageAnnotation, "io.kubernetes.cri.image-name",
                                   "io.kubernetes.cri-o.ImageName",
                                   "org.opencontainers.image.ref.name"};

// containerd's and CRI-O's.
constexpr std::array kTypeKeys = {"io.kubernetes.cri.container-type",
                                  "io.kubernetes.cri-o.ContainerType"};

std::string first_of(const Annotations& annotations, std::span<const char* const> keys) {
  for (const char* key : keys) {
    const auto found = annotations.find(key);
    if (found != annotations.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return "";
}

bool any_begins(const Annotations& annotations, std::string_view prefix) {
  const auto first = annotations.lower_bound(std::string(prefix));
  return first != annotations.end() && first->first.starts_with(prefix);
}

std::string engine_by_annotations(const Annotations& annotations) {
  const std::string manager = first_of(annotations, std::array{"io.container.manager"});
  if (manager == "libpod" || any_begins(annotations, "io.podman.annotations.")) {
    return "podman";
  }
  if (manager == "cri-o" || any_begins(annotations, "io.kubernetes.cri-o.")) {
    return "crio";
  }
  return any_begins(annotations, "io.kubernetes.cri.") ? "containerd" : "";
}

// dockerd is containerd's client in the namespace "moby"; podman keeps a bundle in the "userdata"
// of its container storage.
std::string engine_by_bundle(const std::string& bundle) {
  const auto has = [&](const char* part) { return bundle.find(part) != std::string::npos; };
  if (has("/io.containerd.runtime.v2.task/moby/") || has("/io.containerd.runtime.v1.linux/moby/")) {
    return "docker";
  }
  if (has("/io.containerd.runtime.")) {
    return "containerd";
  }
  return has("-containers/") && bundle.ends_with("/userdata") ? "podman" : "";
}

}  // namespace

std::string image_of(const Annotations& annotations) {
  const std::span<const char* const> keys(kImageKeys);
  return first_of(annotations, is_pause(annotations) ? keys.subspan(1) : keys);
}

bool is_of_image(std::string_view key) {
  return std::ranges::find(kImageKeys, key) != kImageKeys.end();
}

bool is_pause(const Annotations& annotations) {
  return std::ranges::any_of(kTypeKeys, [&](const char* key) {
    const auto type = annotations.find(key);
    return type != annotations.end() && type->second == "sandbox";
  });
}

std::string engine_of(const Annotations& annotations, const std::string& bundle,
                      const std::string& id) {
  std::string engine = engine_by_annotations(annotations);
  if (engine.empty()) {
    engine = engine_by_bundle(bundle);
  }
  return engine.empty() && id.starts_with("buildah-") ? "buildah" : engine;
}

std::string name_of(const Annotations& annotations) {
  return first_of(annotations,
                  std::array{"io.kubernetes.cri.container-name",
                             "io.kubernetes.cri-o.ContainerName", "io.kubernetes.container.name",
                             "io.podman.annotations.container-name", "nerdctl/name"});
}

}  // namespace holdfast::oci
