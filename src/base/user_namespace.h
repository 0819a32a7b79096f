// Whose user namespace a process is in (user_namespaces(7)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace holdfast::base {

// A line of uid_map: `count` ids from `inside` on are those from `outside` on.
struct IdRange {
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
};

// The lines of the text of /proc/PID/uid_map, up to the first that is none.
std::vector<IdRange> parse_id_map(std::string_view text);

// The users that are mapped into the user namespace of `process`, a pid or "self": of ours, where
// it lies below, or of the next outer one, where it is ours.
Result<std::vector<IdRange>> mapped_users(const std::string& proc_root, const std::string& process);

// Who made the user namespace that `pid` is in, or that one's ancestor directly below ours: such a
// user has every capability over all that is in it. None: `pid` is in ours. Fails where it is in
// one that is not below ours (ioctl_ns(2)).
Result<std::optional<uid_t>> maker_of_user_namespace(const std::string& proc_root, pid_t pid);

}  // namespace holdfast::base
