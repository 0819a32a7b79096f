// HOST:PORT of a syslog URL.
#pragma once

#include <string>

#include "src/base/result.h"

namespace holdfast::forward {

struct Address {
  std::string host;  // an IPv6 address without brackets
  std::string port;
};

// Of SCHEME://HOST[:PORT] or SCHEME://[IPV6][:PORT].
Result<Address> address_of(const std::string& url, const std::string& default_port);

}  // namespace holdfast::forward
