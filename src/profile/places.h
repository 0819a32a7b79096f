// Places of a root file system that programs write as they run.
#pragma once

#include <array>
#include <string_view>

namespace holdfast::profile {

// Directories, absolute and clean: temporary files, caches, logs, run-time state. A change below
// one of them is recorded where the policy alerts about the rootfs.
inline constexpr std::array<std::string_view, 13> kTemporaryPlaces = {
    "/tmp",
    "/var/tmp",
    "/run",
    "/var/run",
    "/var/cache",
    "/var/log",
    "/var/lock",
    "/var/spool",
    "/root/.cache",
    "/dev/shm",
    "/var/lib/apt/lists",
    "/root/.local/share",
    "/var/lib/systemd",
};

}  // namespace holdfast::profile
