// What a call was about that is told by its path alone.
#pragma once

#include <sys/types.h>

#include <string>

#include "src/event/event.h"

namespace holdfast::event {

// The tracepoint back end knows of a change by path, and of one that a read-only mount refused,
// only the path as the caller spelled it, and calls it a change of the rootfs. This looks the path
// up as the process sees it, below `proc_root`: by the mount found there the event is about the
// rootfs, about a kernel interface (then its class becomes that) or about neither, as what belongs
// to a process in /proc is; false: about neither. What went through gets the path that it has in
// the container. For a process that ended meanwhile the container's init (`init`, 0: none) serves
// as well. With both gone, as when a container ends with the attempt, the event stands as it is,
// and the spelling tells an interface: /proc and /sys are where runtimes mount these file systems.
bool refine_named(Event& event, pid_t init, const std::string& proc_root);

}  // namespace holdfast::event
