// Addresses that a profile names.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/profile/policy.h"

namespace holdfast::profile {

// "ADDRESS[/BITS][:PORT]", with "*" for every address and an IPv6 address in brackets where a port
// follows: "10.0.0.0/8:443", "[2001:db8::]/32:53", "2001:db8::1", "*:443". Names are not looked up:
// whoever answers for them would decide. The error completes "is ".
Result<PeerRule> parse_peer(const std::string& text);

}  // namespace holdfast::profile
