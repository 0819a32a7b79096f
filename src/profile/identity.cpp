#include "src/profile/identity.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/beneath.h"
#include "src/base/json.h"
#include "src/oci/image.h"

namespace holdfast::profile {
namespace {

using base::JsonView;

// Some thousands of containers; one of Docker's.
constexpr std::size_t kMaxListBytes = std::size_t{16} << 20;
constexpr base::JsonLimits kLimits{.max_bytes = kMaxListBytes, .max_values = 1'000'000};

// podman's bundle is the directory "userdata" of the container's, Docker's has the container's id.
std::string id_of(const std::string& bundle) {
  constexpr std::string_view kUserData = "/userdata";
  std::string directory = bundle;
  if (directory.ends_with(kUserData)) {
    directory.resize(directory.size() - kUserData.size());
  }
  return directory.substr(directory.rfind('/') + 1);
}

// The directories that have one for each container: bundles and the files that engines mount
// (resolv.conf, hosts) are in them.
std::vector<std::string> stores(const oci::Spec& spec, const std::string& bundle,
                                const std::string& id) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& path) {
    const std::size_t at = (path + "/").find("/" + id + "/");
    if (at != std::string::npos && at != 0) {
      const std::string store = path.substr(0, at);
      if (std::ranges::find(found, store) == found.end()) {
        found.push_back(store);
      }
    }
  };
  add(bundle);
  for (const oci::Mount& mount : spec.mounts) {
    add(mount.source);
  }
  return found;
}

std::optional<nlohmann::json> read_json(const std::string& directory, const std::string& name) {
  const auto file = base::read_beneath(directory, name, kMaxListBytes);
  auto json = file.ok() ? base::parse_json(file.value().bytes, name, kLimits) : file.error();
  return json.ok() ? std::optional(std::move(json).value()) : std::nullopt;
}

// Docker keeps what somebody typed: "nginx" is docker.io/library/nginx:latest
// (distribution/reference, normalize.go).
std::string normalized(const std::string& typed) {
  if (typed.empty() || typed.starts_with("sha256:")) {
    return typed;
  }
  const std::size_t slash = typed.find('/');
  const std::string first = typed.substr(0, slash);
  const bool has_host = slash != std::string::npos &&
                        (first.find_first_of(".:") != std::string::npos || first == "localhost");
  std::string full = has_host                     ? typed
                     : slash == std::string::npos ? "docker.io/library/" + typed
                                                  : "docker.io/" + typed;
  const std::size_t name = full.rfind('/');
  return full.find_first_of(":@", name) == std::string::npos ? full + ":latest" : full;
}

// Empty where there is no such text.
std::string text_at(const JsonView& view, const char* key) {
  std::string text;
  (void)view.read(key, text);
  return text;
}

// The metadata of a container is JSON in a text (containers/podman, libpod/storage.go).
Identity of_metadata(const std::string& metadata) {
  const auto json = base::parse_json(metadata, "metadata");
  if (!json.ok()) {
    return {};
  }
  const JsonView view(json.value(), "metadata");
  return {text_at(view, "name"), text_at(view, "image-name")};
}

// The lists of containers-storage (containers/storage, containers.go): those of containers that are
// removed when they end may be in a file of their own.
Identity by_podman(const std::string& store, const std::string& id) {
  for (const char* name : {"containers.json", "volatile-containers.json"}) {
    const auto list = read_json(store, name);
    const auto items =
        list ? JsonView(*list, name).items() : Result<std::vector<JsonView>>(fail(""));
    if (!items.ok()) {
      continue;
    }
    for (const JsonView& item : items.value()) {
      if (text_at(item, "id") == id) {
        return of_metadata(text_at(item, "metadata"));
      }
    }
  }
  return {};
}

// moby/moby, container/container.go.
Identity by_docker(const std::string& store, const std::string& id) {
  const auto json = read_json(store + "/" + id, "config.v2.json");
  if (!json) {
    return {};
  }
  const JsonView view(*json, "config.v2.json");
  std::string name = text_at(view, "Name");
  name.erase(0, name.starts_with('/') ? 1 : 0);
  const auto config = view.find("Config");
  return {name, config ? normalized(text_at(*config, "Image")) : ""};
}

}  // namespace

Identity identify(const oci::Spec& spec, const std::string& engine, const std::string& bundle) {
  Identity identity{oci::name_of(spec.annotations), oci::image_of(spec.annotations)};
  const bool podman = engine == "podman";
  if (!podman && engine != "docker") {
    return identity;
  }
  const std::string id = id_of(bundle);
  for (const std::string& store : stores(spec, bundle, id)) {
    if (!identity.name.empty() && !identity.image.empty()) {
      break;
    }
    const Identity kept = podman ? by_podman(store, id) : by_docker(store, id);
    identity.name = identity.name.empty() ? kept.name : identity.name;
    identity.image = identity.image.empty() ? kept.image : identity.image;
  }
  return identity;
}

}  // namespace holdfast::profile
