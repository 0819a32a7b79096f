// The OCI hook: registers a container with the monitor before its first instruction runs.
#pragma once

namespace holdfast::hook {

// `holdfast-hook [--config FILE] [--socket PATH] [--spec FILE] createRuntime|prestart|poststop`,
// the container's state on standard input. Returns the exit code; any but 0 makes the runtime stop
// the container.
int run(int argc, const char* const* argv);

}  // namespace holdfast::hook
