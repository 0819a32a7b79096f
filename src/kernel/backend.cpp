#include "src/kernel/kernel.h"

namespace holdfast::kernel {

const char* backend_name(Backend backend) {
  return backend == Backend::kLsm ? "lsm" : "tracepoint";
}

bool backend_enforces(Backend backend) { return backend == Backend::kLsm; }

}  // namespace holdfast::kernel
