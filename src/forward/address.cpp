#include "src/forward/address.h"

#include <algorithm>
#include <cctype>

#include "src/base/quote.h"

namespace holdfast::forward {

Result<Address> address_of(const std::string& url, const std::string& default_port) {
  const std::size_t scheme = url.find("://");
  const std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  const bool bracketed = rest.starts_with('[');
  const std::size_t close = bracketed ? rest.find(']') : 0;
  const std::size_t colon = close == std::string::npos ? close : rest.find(':', close);
  Address address;
  address.host = bracketed ? rest.substr(1, close - 1) : rest.substr(0, colon);
  address.port = colon == std::string::npos ? default_port : rest.substr(colon + 1);
  const bool numeric = std::all_of(address.port.begin(), address.port.end(),
                                   [](unsigned char c) { return std::isdigit(c) != 0; });
  if (close == std::string::npos || address.host.empty() || address.port.empty() || !numeric ||
      address.host.find_first_of("/@ ") != std::string::npos) {
    return fail(base::shown(url) + " is not SCHEME://HOST:PORT");
  }
  return address;
}

}  // namespace holdfast::forward
