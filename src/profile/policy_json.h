// A policy as JSON: part of the registration on the monitor's socket.
//
// {"action":{"escape.mount":"deny",…},"bounding":N,"own_user_namespace":B,"all_devices":B,
//  "devices":[["c",MAJOR,MINOR,"rwm"],…],"writable":["/run",…],
//  "rules":{"executables":["/bin",…],"files":[[PATH,READ,WRITE,SEVERITY],…],"network":[N,N,N],
//           "peers":[[USE,[16 bytes],BITS,PORT],…],"capabilities":N}}; a MAJOR or MINOR of -1 is
//  every one, actions in "rules" are numbers.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "src/base/result.h"
#include "src/profile/policy.h"

namespace holdfast::profile {

inline constexpr std::size_t kMaxDevices = 512;

nlohmann::json policy_to_json(const Policy& policy);

// Checks everything that the kernel's maps rely on: known classes and actions, at most kMaxWritable
// absolute clean paths of at most kMaxWritableBytes, at most kMaxDevices rules. `what` begins
// messages.
Result<Policy> policy_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace holdfast::profile
