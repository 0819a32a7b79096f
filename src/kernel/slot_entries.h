// What one container has in the kernel's maps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "src/kernel/iterators.h"
#include "src/kernel/kernel.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {

// What is true of all containers. To be called once, before the first is added.
Status write_common_entries(hf_skeleton& skeleton);

// Writes everything but the policy itself: cgroup, rootfs, devices, paths, peers.
Status write_entries(hf_skeleton& skeleton, std::uint32_t slot, std::uint64_t cgroup_id,
                     const Identity& rootfs, const profile::Policy& policy);

// Removes everything a slot has, its policy last zeroed by the caller.
void remove_entries(hf_skeleton& skeleton, std::uint32_t slot);

// Whether the slot's policy has a rule that lets `path` be written.
bool is_writable(const hf_skeleton& skeleton, std::uint32_t slot, std::string_view path);

// Whether the rootfs is one of possibly several directories on its superblock.
bool is_shared(const Identity& rootfs);

}  // namespace holdfast::kernel
