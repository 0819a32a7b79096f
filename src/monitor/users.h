// What an ordinary user may have guarded: what is that user's by the kernel's own account.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/result.h"
#include "src/kernel/kernel.h"
#include "src/monitor/protocol.h"
#include "src/monitor/registry.h"

namespace holdfast::monitor {

// Of one user at a time; a desktop or a build server runs some dozens.
inline constexpr std::size_t kMaxContainersOfUser = 64;
// Rules about paths, peers and devices of all containers of one user: a sixteenth of what the maps
// take (HF_MAX_PATHS).
inline constexpr std::size_t kMaxRulesOfUser = 4096;
// Of all users together: half of what there is room for is left to root.
inline constexpr std::size_t kMaxContainersOfUsers = HF_MAX_CONTAINERS / 2;
inline constexpr std::size_t kMaxRulesOfUsers = HF_MAX_PATHS / 2;

// More than a runtime has in a container's cgroup before it starts anything there.
inline constexpr std::size_t kMaxMembersAtFirst = 16;

// Who the container's init belongs to, from the init itself: it must be in a user namespace that
// `registration.owner` made. The pid may be another's when this returns: compare its start again
// (Guard::add).
Result<kernel::User> user_of(const Registration& registration, const std::string& proc_root);

// The init's cgroup, which `registration` names, must be one of the owner's with nothing else in it
// or below it. (Runtimes give it to the container's own root, one of the owner's
// subordinate ids.)
Status check_users_cgroup(const Registration& registration, const kernel::User& user,
                          const std::string& proc_root, const std::string& cgroup_mount);

// Fails where one more would be more than a user, or all together, may have.
Status check_room(const Registration& registration, const Registry& registry);

}  // namespace holdfast::monitor
