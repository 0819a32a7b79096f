#include "src/kernel/slot_entries.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstring>

#include <fmt/core.h>

#include "src/kernel/maps.h"

namespace holdfast::kernel {
namespace {

// As in bpf/lib/maps.h, which is for the BPF compiler only.
constexpr std::uint32_t kSuperblockShared = 0xffffffffU;
struct NamespaceKey {
  std::uint32_t slot;
  std::uint32_t inum;
};

Status write_writable(int fd, std::uint32_t slot, const std::string& path) {
  const std::string prefix = path == "/" ? path : path + "/";
  if (prefix.size() > HF_WRITABLE_MAX) {
    return fail(fmt::format("writable path {} is longer than {} bytes", path, HF_WRITABLE_MAX - 1));
  }
  hf_writable_key key{};
  key.slot = slot;
  key.prefix_bits = static_cast<__u32>(8 * (sizeof(key.slot) + prefix.size()));
  std::memcpy(key.path, prefix.data(), prefix.size());
  return map_set(fd, key, std::uint8_t{1}, "hf_writable");
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
    TRY(map_set(superblocks, key.dev, kSuperblockShared, "hf_superblocks"));
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
    return map_get<std::uint32_t>(fd, dev) == kSuperblockShared &&
           std::none_of(directories.begin(), directories.end(),
                        [dev](const hf_directory_key& key) { return key.dev == dev; });
  });
}

}  // namespace

bool is_shared(const Identity& rootfs) { return !rootfs.is_root; }

Status write_entries(hf_skeleton& skeleton, std::uint32_t slot, std::uint64_t cgroup_id,
                     const Identity& rootfs, const profile::Policy& policy) {
  for (const std::string& path : policy.writable) {
    TRY(write_writable(bpf_map__fd(skeleton.maps.hf_writable), slot, path));
  }
  for (const profile::DeviceRule& rule : policy.devices) {
    TRY(write_device(bpf_map__fd(skeleton.maps.hf_devices), slot, rule));
  }
  if (cgroup_id != 0) {
    TRY(map_set(bpf_map__fd(skeleton.maps.hf_cgroups), cgroup_id, slot, "hf_cgroups"));
  }
  return write_rootfs(skeleton, slot, rootfs);
}

void remove_entries(hf_skeleton& skeleton, std::uint32_t slot) {
  remove_valued<std::uint64_t>(skeleton.maps.hf_cgroups, slot);
  remove_valued<hf_directory_key>(skeleton.maps.hf_rootfs, slot);
  remove_valued<std::uint32_t>(skeleton.maps.hf_superblocks, slot);
  remove_unused_superblocks(skeleton);
  remove_keyed<hf_writable_key>(skeleton.maps.hf_writable, slot);
  remove_keyed<hf_device_key>(skeleton.maps.hf_devices, slot);
  remove_keyed<NamespaceKey>(skeleton.maps.hf_namespaces, slot);
}

}  // namespace holdfast::kernel
