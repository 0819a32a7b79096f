// Whose containers we start: the profiles of an ordinary user lie in that user's home.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "src/base/user_namespace.h"

namespace holdfast::profile {

// The user of the initial, or the next outer, user namespace behind our effective uid: rootless
// engines run hook and runtime as uid 0 of a user namespace (user_namespaces(7)). `uid` itself
// where the map does not have it.
uid_t outer_user(const std::vector<base::IdRange>& map, uid_t uid);

// Whom we work for: outer_user() of this process. 0: the host's root, or one who may be.
uid_t own_user();

// ~/.config/holdfast/profiles.d of the user, by the home that `passwd_file` (normally /etc/passwd)
// has; `home` where it has none. "" for root, and where no home is known. The environment has no
// say otherwise: engines give the runtime one in `create` and another one in `start`.
std::string user_profiles_directory(uid_t user, const std::string& passwd_file, const char* home);

// The directory of whom we work for. Reads /proc/self/uid_map.
std::string own_profiles_directory();

}  // namespace holdfast::profile
