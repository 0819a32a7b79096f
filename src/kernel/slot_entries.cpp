#include "src/kernel/slot_entries.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "src/kernel/maps.h"
#include "src/profile/places.h"

namespace holdfast::kernel {
namespace {

// The key of a path with everything below it.
Result<hf_path_key> path_key(std::uint32_t slot, hf_path_kind kind, std::string_view path) {
  const std::string prefix = path == "/" ? std::string(path) : fmt::format("{}/", path);
  if (prefix.size() > HF_RULE_PATH_MAX) {
    return fail(
        fmt::format("path {} of the policy is longer than {} bytes", path, HF_RULE_PATH_MAX - 1));
  }
  hf_path_key key{};
  key.slot = slot;
  key.kind = kind;
  key.prefix_bits = static_cast<__u32>(8 * (sizeof(key.slot) + sizeof(key.kind) + prefix.size()));
  std::memcpy(key.path, prefix.data(), prefix.size());
  return key;
}

// A path as a policy lists it.
struct Listed {
  hf_path_kind kind;
  std::string path;
  hf_path_rule rule;

  // The rule is what the map says about that.
  [[nodiscard]] auto key() const { return std::pair(kind, path); }
};

Status write_path(const hf_skeleton& skeleton, std::uint32_t slot, const Listed& listed) {
  const hf_path_key key = TRY(path_key(slot, listed.kind, listed.path));
  return map_set(bpf_map__fd(skeleton.maps.hf_paths), key, listed.rule, "hf_paths");
}

std::vector<Listed> paths_of(const profile::Policy& policy) {
  std::vector<Listed> paths;
  for (const std::string& path : policy.writable) {
    paths.push_back({HF_PATH_WRITABLE, path, {}});
  }
  for (const std::string& path : policy.executables) {
    paths.push_back({HF_PATH_EXEC, path, {}});
  }
  for (const profile::FileRule& rule : policy.files) {
    paths.push_back({HF_PATH_FILE, rule.path, {rule.read, rule.write, rule.severity, 0}});
  }
  return paths;
}

hf_peer_key peer_key(std::uint32_t slot, const profile::PeerRule& rule) {
  hf_peer_key key{};
  key.slot = slot;
  key.use = static_cast<__u16>(rule.use);
  key.port = rule.port;
  std::ranges::copy(rule.address, key.address);
  key.prefix_bits = 8 * (sizeof(key.slot) + sizeof(key.use) + sizeof(key.port)) + rule.prefix_bits;
  return key;
}

Status write_device(int fd, std::uint32_t slot, const profile::DeviceRule& rule) {
  hf_device_key key{};
  key.slot = slot;
  key.block = rule.block ? 1 : 0;
  key.major = rule.major;
  key.minor = rule.minor;
  const std::uint32_t granted = map_get<std::uint32_t>(fd, key).value_or(0) | rule.access;
  return map_set(fd, key, granted, "hf_devices");
}

// A directory on a superblock that it shares with others.
Status write_directory(hf_skeleton& skeleton, std::uint32_t slot, const hf_directory_key& key) {
  const int superblocks = bpf_map__fd(skeleton.maps.hf_superblocks);
  if (!map_get<std::uint32_t>(superblocks, key.dev)) {
    TRY(map_set(superblocks, key.dev, HF_SUPERBLOCK_SHARED, "hf_superblocks"));
  }
  return map_set(bpf_map__fd(skeleton.maps.hf_rootfs), key, slot, "hf_rootfs");
}

Status write_rootfs(hf_skeleton& skeleton, std::uint32_t slot, const Identity& rootfs) {
  if (is_shared(rootfs)) {
    return write_directory(skeleton, slot, rootfs.directory);
  }
  TRY(map_set(bpf_map__fd(skeleton.maps.hf_superblocks), rootfs.directory.dev, slot,
              "hf_superblocks"));
  // The host reaches what the container wrote by way of the upper layer as well.
  return rootfs.upper.dentry == 0 ? Status(Ok{}) : write_directory(skeleton, slot, rootfs.upper);
}

// Removes the entries of a map for which `belongs` says so.
template <typename Key, typename Belongs>
void remove_if(const bpf_map* map, Belongs belongs) {
  const int fd = bpf_map__fd(map);
  for (const Key& key : map_keys<Key>(fd)) {
    if (belongs(fd, key)) {
      map_remove(fd, key);
    }
  }
}

template <typename Key>
void remove_valued(const bpf_map* map, std::uint32_t slot) {
  remove_if<Key>(
      map, [slot](int fd, const Key& key) { return map_get<std::uint32_t>(fd, key) == slot; });
}

template <typename Key>
void remove_keyed(const bpf_map* map, std::uint32_t slot) {
  remove_if<Key>(map, [slot](int, const Key& key) { return key.slot == slot; });
}

// A shared superblock is looked at as long as any rootfs lies on it.
void remove_unused_superblocks(hf_skeleton& skeleton) {
  const auto directories = map_keys<hf_directory_key>(bpf_map__fd(skeleton.maps.hf_rootfs));
  remove_if<std::uint32_t>(skeleton.maps.hf_superblocks, [&](int fd, std::uint32_t dev) {
    return map_get<std::uint32_t>(fd, dev) == HF_SUPERBLOCK_SHARED &&
           std::none_of(directories.begin(), directories.end(),
                        [dev](const hf_directory_key& key) { return key.dev == dev; });
  });
}

}  // namespace

Status write_common_entries(hf_skeleton& skeleton) {
  for (const std::string_view path : profile::kTemporaryPlaces) {
    TRY(write_path(skeleton, HF_SLOT_ALL, {HF_PATH_RECORDED, std::string(path), {}}));
  }
  return Ok{};
}

bool is_writable(const hf_skeleton& skeleton, std::uint32_t slot, std::string_view path) {
  // A rule is shorter than that: what comes behind changes nothing.
  const auto key = path_key(slot, HF_PATH_WRITABLE, path.substr(0, HF_RULE_PATH_MAX - 1));
  return key.ok() &&
         map_get<hf_path_rule>(bpf_map__fd(skeleton.maps.hf_paths), key.value()).has_value();
}

bool is_shared(const Identity& rootfs) { return !rootfs.is_root; }

Status write_rules(const hf_skeleton& skeleton, std::uint32_t slot, const profile::Policy& policy) {
  for (const Listed& listed : paths_of(policy)) {
    TRY(write_path(skeleton, slot, listed));
  }
  const int peers = bpf_map__fd(skeleton.maps.hf_peers);
  for (const profile::PeerRule& rule : policy.peers) {
    TRY(map_set(peers, peer_key(slot, rule), std::uint32_t{1}, "hf_peers"));
  }
  for (const profile::DeviceRule& rule : policy.devices) {
    TRY(write_device(bpf_map__fd(skeleton.maps.hf_devices), slot, rule));
  }
  return Ok{};
}

void remove_rules(const hf_skeleton& skeleton, std::uint32_t slot, const profile::Policy& of,
                  const profile::Policy& but) {
  std::set<decltype(std::declval<Listed>().key())> kept;
  for (const Listed& listed : paths_of(but)) {
    kept.insert(listed.key());
  }
  for (const Listed& listed : paths_of(of)) {
    const auto key = path_key(slot, listed.kind, listed.path);
    if (key.ok() && !kept.contains(listed.key())) {
      map_remove(bpf_map__fd(skeleton.maps.hf_paths), key.value());
    }
  }
  for (const profile::PeerRule& rule : of.peers) {
    if (std::ranges::find(but.peers, rule) == but.peers.end()) {
      map_remove(bpf_map__fd(skeleton.maps.hf_peers), peer_key(slot, rule));
    }
  }
}

void remove_other_rules(const hf_skeleton& skeleton, const std::vector<Inherited>& containers) {
  const auto bytes = [](const auto& key) {
    return std::string(reinterpret_cast<const char*>(&key), sizeof(key));  // NOLINT: as it is kept
  };
  std::set<std::uint32_t> slots;
  std::set<std::string> said;
  for (const auto& [slot, policy] : containers) {
    slots.insert(slot.number);
    for (const Listed& listed : paths_of(*policy)) {
      if (const auto key = path_key(slot.number, listed.kind, listed.path); key.ok()) {
        said.insert(bytes(key.value()));
      }
    }
    for (const profile::PeerRule& rule : policy->peers) {
      said.insert(bytes(peer_key(slot.number, rule)));
    }
  }
  const auto is_other = [&](int, const auto& key) {
    return slots.contains(key.slot) && !said.contains(bytes(key));
  };
  remove_if<hf_path_key>(skeleton.maps.hf_paths, is_other);
  remove_if<hf_peer_key>(skeleton.maps.hf_peers, is_other);
}

Status write_places(hf_skeleton& skeleton, std::uint32_t slot, std::uint64_t cgroup_id,
                    const Identity& rootfs, bool of_user) {
  if (cgroup_id != 0) {
    TRY(map_set(bpf_map__fd(skeleton.maps.hf_cgroups), cgroup_id, slot, "hf_cgroups"));
  }
  return of_user ? Status(Ok{}) : write_rootfs(skeleton, slot, rootfs);
}

void remove_entries(hf_skeleton& skeleton, std::uint32_t slot) {
  remove_valued<std::uint64_t>(skeleton.maps.hf_cgroups, slot);
  remove_valued<hf_directory_key>(skeleton.maps.hf_rootfs, slot);
  remove_valued<std::uint32_t>(skeleton.maps.hf_superblocks, slot);
  remove_unused_superblocks(skeleton);
  remove_keyed<hf_path_key>(skeleton.maps.hf_paths, slot);
  remove_keyed<hf_peer_key>(skeleton.maps.hf_peers, slot);
  remove_keyed<hf_device_key>(skeleton.maps.hf_devices, slot);
  remove_keyed<hf_namespace_key>(skeleton.maps.hf_namespaces, slot);
}

}  // namespace holdfast::kernel
