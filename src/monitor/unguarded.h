// Containers that were started without all of their guard, as their profile allows (on_failure:
// warn): a file of each beside the socket, for there may be no monitor to tell.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "src/base/result.h"

namespace holdfast::monitor {

struct Unguarded {
  std::string id;
  std::string why;  // a sentence
};

// Notes it of the container `id`, whose init is `pid`.
Status note_unguarded(const std::string& socket_path, const std::string& id, pid_t pid,
                      const std::string& why, const std::string& proc_root = "/proc");

// The container has gone. One that was not noted is fine.
void forget_unguarded(const std::string& socket_path, const std::string& id);

// Those whose init lives still, by id. None for who may not look.
std::vector<Unguarded> list_unguarded(const std::string& socket_path,
                                      const std::string& proc_root = "/proc");

}  // namespace holdfast::monitor
