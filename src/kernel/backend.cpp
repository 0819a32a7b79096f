#include <algorithm>

#include "src/kernel/kernel.h"

namespace holdfast::kernel {

const char* backend_name(Backend backend) {
  switch (backend) {
    case Backend::kLsm:
      return "lsm";
    case Backend::kModifyReturn:
      return "modify-return";
    case Backend::kTracepoint:
      return "tracepoint";
  }
  return "";
}

std::optional<Backend> backend_of(std::string_view name) {
  const auto* found = std::ranges::find_if(
      kBackends, [name](Backend backend) { return backend_name(backend) == name; });
  return found == kBackends.end() ? std::nullopt : std::optional(*found);
}

bool backend_enforces(Backend backend) { return backend != Backend::kTracepoint; }

}  // namespace holdfast::kernel
