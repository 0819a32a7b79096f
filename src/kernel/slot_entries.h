// What one container has in the kernel's maps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/kernel/iterators.h"
#include "src/kernel/kernel.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {

// What is true of all containers. To be called once, before the first is added.
Status write_common_entries(hf_skeleton& skeleton);

// What policy says beyond hf_policy: devices, paths, peers.
Status write_rules(const hf_skeleton& skeleton, std::uint32_t slot, const profile::Policy& policy);

// Removes what `of` says there and `but` does not. Devices stay: they are config.json's, which does
// not change.
void remove_rules(const hf_skeleton& skeleton, std::uint32_t slot, const profile::Policy& of,
                  const profile::Policy& but);

// Removes what the slots of `containers` have and their policies do not say; devices stay.
void remove_other_rules(const hf_skeleton& skeleton, const std::vector<Inherited>& containers);

// By what the container is known: cgroup and rootfs. A user's only by its cgroup: a user could name
// the host's own programs as a rootfs, or unmount one whose device number is another's then.
Status write_places(hf_skeleton& skeleton, std::uint32_t slot, std::uint64_t cgroup_id,
                    const Identity& rootfs, bool of_user);

// Removes everything a slot has, its policy last zeroed by the caller.
void remove_entries(hf_skeleton& skeleton, std::uint32_t slot);

// Whether the slot's policy has a rule that lets `path` be written.
bool is_writable(const hf_skeleton& skeleton, std::uint32_t slot, std::string_view path);

// Whether the rootfs is one of possibly several directories on its superblock.
bool is_shared(const Identity& rootfs);

}  // namespace holdfast::kernel
