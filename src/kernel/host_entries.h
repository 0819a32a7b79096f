// What the kernel's maps hold about the host itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {

// The names by which the host's daemons are controlled (escape.socket), and our own socket
// (tamper.monitor).
Status write_control_sockets(const hf_skeleton& skeleton, const std::string& own);

// Those of the users that are logged in now: to be called before each container starts.
Status write_user_sockets(const hf_skeleton& skeleton);

// Our own files, as the kernel holds them.
struct Protected {
  // They keep the kernel's objects where they are: hold them as long as the entries.
  std::vector<base::UniqueFd> files;
  std::uint64_t devices = 0;  // of struct hf_host
};

// Our own files in the place of those that were written before; those that are not there are passed
// over.
Result<Protected> write_protected(hf_skeleton& skeleton, const std::vector<std::string>& paths);

}  // namespace holdfast::kernel
