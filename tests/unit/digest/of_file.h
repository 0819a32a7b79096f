// An Executable as an event would describe a file of this process.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "src/base/clock.h"
#include "src/base/unique_fd.h"
#include "src/digest/executable.h"
#include "src/event/mounts.h"

namespace holdfast::digest {

inline Executable of_file(const std::string& path) {
  const base::UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  const event::FdInfo info = event::fd_info(fd.get());
  Executable file;
  file.init = getpid();
  file.path = path;
  file.device = event::mount_info(info.mount, getpid(), "/proc").device;
  file.inode = info.inode;
  file.rootfs_device = file.device;
  // The clock that files are stamped with lags behind by a tick at most.
  file.time_ns = base::real_now_ns();
  return file;
}

}  // namespace holdfast::digest
