// What a call was about that failed before the kernel let go of an object.
#pragma once

#include <sys/types.h>

#include <string>

#include "src/event/event.h"

namespace holdfast::event {

// The tracepoint back end knows of a write that a read-only mount refused only the path as the
// caller spelled it, and calls it rootfs.write. This looks the path up from the process's own root,
// below `proc_root`, and by the superblock found there makes it escape.kernel-interface where it is
// one. For a process that ended meanwhile the container's init (`init`, 0: none) serves as well.
// With both gone, as when a container ends with the attempt, the spelling decides: /proc and /sys
// are where runtimes mount these file systems.
void refine_refused(Event& event, pid_t init, const std::string& proc_root);

}  // namespace holdfast::event
