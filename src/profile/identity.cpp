#include "src/profile/identity.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/base/beneath.h"
#include "src/base/json.h"
#include "src/oci/image.h"

namespace holdfast::profile {
namespace {

using base::JsonView;

// Some thousands of containers; one of Docker's, with its labels.
constexpr base::JsonLimits kLimits{.max_bytes = std::size_t{16} << 20, .max_values = 1'000'000};

// podman's bundle is the directory "userdata" of the container's, Docker's has the container's id.
std::string id_of(const std::string& bundle) {
  constexpr std::string_view kUserData = "/userdata";
  std::string directory = bundle;
  if (directory.ends_with(kUserData)) {
    directory.resize(directory.size() - kUserData.size());
  }
  return directory.substr(directory.rfind('/') + 1);
}

// The directory that has one for each container, of a path in one of them: STORE/ID/… "" where it
// is none of podman's or Docker's. Docker gives a container that shares another's network the files
// of that other one.
std::string store_of(const std::string& path, const std::string& engine, const std::string& id) {
  const std::string_view store_ends = engine == "podman" ? "-containers/" : "/containers/";
  const std::size_t at = path.find(store_ends);
  if (!path.starts_with('/') || at == std::string::npos) {
    return "";
  }
  const std::size_t end = at + store_ends.size();
  const bool own = path.compare(end, id.size() + 1, id + "/") == 0;
  return own || engine == "docker" ? path.substr(0, end - 1) : "";
}

std::vector<std::string> stores(const oci::Spec& spec, const std::string& engine,
                                const std::string& bundle, const std::string& id) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& path) {
    const std::string store = store_of(path, engine, id);
    if (!store.empty() && std::ranges::find(found, store) == found.end()) {
      found.push_back(store);
    }
  };
  add(bundle);
  for (const oci::Mount& mount : spec.mounts) {
    add(mount.source);
  }
  return found;
}

// Nothing where there is no such file, or where it is not the engine's own: then anybody may have
// written it.
Result<std::optional<nlohmann::json>> read_record(const std::string& directory,
                                                  const std::string& name) {
  const std::string path = directory + "/" + name;
  if (access(path.c_str(), F_OK) != 0) {
    return std::optional<nlohmann::json>();
  }
  const base::FileContent file = TRY(base::read_beneath(directory, name, kLimits.max_bytes));
  if ((file.uid != 0 && file.uid != geteuid()) || (file.mode & 022) != 0) {
    return std::optional<nlohmann::json>();
  }
  return std::optional(TRY(base::parse_json(file.bytes, path, kLimits)));
}

// Empty where there is no such text.
std::string text_at(const JsonView& view, const char* key) {
  std::string text;
  (void)view.read(key, text);
  return text;
}

// The metadata of a container is JSON in a text (containers/podman, libpod/storage.go).
Result<Identity> of_metadata(const std::string& metadata) {
  const nlohmann::json json = TRY(base::parse_json(metadata, "podman's metadata of the container"));
  const JsonView view(json, "metadata");
  return Identity{text_at(view, "name"), text_at(view, "image-name")};
}

// The lists of containers-storage (containers/storage, containers.go): those of containers that are
// removed when they end may be in a file of their own.
Result<Identity> by_podman(const std::string& store, const std::string& id) {
  for (const char* name : {"containers.json", "volatile-containers.json"}) {
    const std::optional<nlohmann::json> list = TRY(read_record(store, name));
    if (!list) {
      continue;
    }
    for (const JsonView& item : TRY(JsonView(*list, store + "/" + name).items())) {
      if (text_at(item, "id") == id) {
        return of_metadata(text_at(item, "metadata"));
      }
    }
  }
  return Identity{};
}

bool is_host(const std::string& first) {
  return first.find_first_of(".:") != std::string::npos || first == "localhost" ||
         std::ranges::any_of(first, [](unsigned char c) { return std::isupper(c) != 0; });
}

// Docker keeps what somebody typed: "nginx" is docker.io/library/nginx:latest
// (distribution/reference, normalize.go).
std::string normalized(const std::string& typed) {
  if (typed.empty() || typed.starts_with("sha256:")) {
    return typed;
  }
  const std::size_t slash = typed.find('/');
  const bool has_host = slash != std::string::npos && is_host(typed.substr(0, slash));
  std::string host = has_host ? typed.substr(0, slash) : "docker.io";
  std::string rest = has_host ? typed.substr(slash + 1) : typed;
  host = host == "index.docker.io" ? "docker.io" : host;
  if (host == "docker.io" && rest.find('/') == std::string::npos) {
    rest = "library/" + rest;
  }
  const std::size_t name = rest.rfind('/');
  const bool has_tag =
      rest.find_first_of(":@", name == std::string::npos ? 0 : name) != std::string::npos;
  return host + "/" + rest + (has_tag ? "" : ":latest");
}

// moby/moby, container/container.go.
Result<Identity> by_docker(const std::string& store, const std::string& id) {
  const std::optional<nlohmann::json> json = TRY(read_record(store + "/" + id, "config.v2.json"));
  if (!json) {
    return Identity{};
  }
  const JsonView view(*json, "config.v2.json");
  std::string name = text_at(view, "Name");
  name.erase(0, name.starts_with('/') ? 1 : 0);
  const auto config = view.find("Config");
  return Identity{name, config ? normalized(text_at(*config, "Image")) : ""};
}

Result<Identity> recorded(const oci::Spec& spec, const std::string& engine,
                          const std::string& bundle) {
  const std::string id = id_of(bundle);
  if ((engine != "podman" && engine != "docker") || id.empty()) {
    return Identity{};
  }
  for (const std::string& store : stores(spec, engine, bundle, id)) {
    Identity kept = TRY(engine == "podman" ? by_podman(store, id) : by_docker(store, id));
    if (!kept.image.empty() || !kept.name.empty()) {
      return kept;
    }
  }
  return Identity{};
}

}  // namespace

Result<Identity> identify(const oci::Spec& spec, const std::string& engine,
                          const std::string& bundle) {
  Identity identity = TRY(recorded(spec, engine, bundle));
  if (identity.name.empty()) {
    identity.name = oci::name_of(spec.annotations);
  }
  if (identity.image.empty() || spec.annotations.contains(oci::kImageAnnotation)) {
    identity.image = oci::image_of(spec.annotations);
  }
  identity.name.resize(std::min(identity.name.size(), kMaxNameBytes));
  return identity;
}

}  // namespace holdfast::profile
