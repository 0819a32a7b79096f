// Files as a container sees them, and what the kernel knows of them without asking their file
// system: a container may have mounted one (FUSE) that lets whoever asks wait for ever.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "src/base/unique_fd.h"

namespace holdfast::event {

// The root directory of process `pid`.
base::UniqueFd open_root(pid_t pid, const std::string& proc_root);

// Opens `path` below `root` without leaving it and without opening what is there (O_PATH). Only
// what the kernel has in its caches.
base::UniqueFd open_cached(int root, const std::string& path);

// What /proc/self/fdinfo says of a descriptor.
struct FdInfo {
  std::string mount;        // number of the mount that it came through; "": not known
  std::uint64_t inode = 0;  // as in hf_event, not as in stat(2); 0 before Linux 5.14
};
FdInfo fd_info(int fd);

// A mount (proc(5), mountinfo); all empty when it is not known.
struct MountInfo {
  std::string root;  // which directory of its file system it shows
  std::string point;
  std::string type;    // of the file system
  std::string device;  // of its superblock, "8:1": as in hf_event, not as in stat(2)
};

// Whether our own mount namespace has a mount of a superblock ("8:1"): then no container made it.
bool is_mounted_here(const std::string& device);

// The mount of that number as process `pid` sees it.
MountInfo mount_info(const std::string& id, pid_t pid, const std::string& proc_root);

}  // namespace holdfast::event
