// An OCI runtime that wraps runc or crun.
#pragma once

namespace holdfast::shim {

// Guards what the command line starts and becomes the real runtime: same process, descriptors,
// environment and signals. Returns only when it refuses: the exit code.
int run(int argc, char** argv);

}  // namespace holdfast::shim
