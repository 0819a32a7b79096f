// The monitor's own seccomp filter.
#pragma once

#include "src/base/result.h"

namespace holdfast::monitor {

// From now on every thread of this process is refused (EPERM) what the monitor never does once it
// runs: executing a program, tracing, mounting, entering another namespace, changing its
// credentials, loading modules or kernels, setting clocks, and any socket but a unix one. Cannot be
// undone. A bug in what reads a container's data is worth less then.
Status confine();

}  // namespace holdfast::monitor
