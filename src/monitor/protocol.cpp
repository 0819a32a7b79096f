#include "src/monitor/protocol.h"

#include <fmt/core.h>

namespace holdfast::monitor {

std::string key_of(std::uint32_t owner, const std::string& id) {
  return owner == 0 ? id : fmt::format("{}/{}", owner, id);
}

std::string key_of(const Registration& registration) {
  return key_of(registration.owner, registration.container.id);
}

}  // namespace holdfast::monitor
