// The file that the monitor keeps of each container it guards: for those who cannot ask it.
#pragma once

#include <cstddef>
#include <string>

#include "src/base/result.h"
#include "src/monitor/protocol.h"
#include "src/profile/exec_into.h"

namespace holdfast::monitor {

// A registration and three numbers.
inline constexpr std::size_t kMaxContainerFileBytes = kMaxMessageBytes + 4096;

// Where a monitor of that socket keeps them: "containers" beside it.
std::string containers_directory(const std::string& socket_path);

// The file of the container with that key_of() in `directory`: a user's is in a directory of its
// own.
std::string container_file(const std::string& directory, const std::string& key);

// Whether a monitor of that socket guards, or guarded, a container of that id. False for what is no
// id, and for who may not look (only root may).
bool is_known(const std::string& socket_path, const std::string& id);

// The rule that the container was registered with.
Result<profile::ExecInto> read_exec_into(const std::string& socket_path, const std::string& id);

}  // namespace holdfast::monitor
