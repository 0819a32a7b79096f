// Two monitors on one host would each believe the BPF maps to be theirs.
#pragma once

#include <chrono>
#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::monitor {

// Holds flock(2) on a file until it goes. The file stays: removing it would let two hold "the"
// lock.
class Lock {
 public:
  Lock(Lock&&) = default;
  Lock& operator=(Lock&&) = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock();

  // Takes the lock of the file at `path` (made 0600: whoever may open a lock file may hold it).
  // Waits up to `wait` for a holder that is leaving; stops waiting when somebody listens at
  // `socket_path`, because that one stays. The error names the holder's pid. With `replace` the
  // holder is told to leave (SIGTERM) and waited for instead.
  static Result<Lock> acquire(const std::string& path, const std::string& socket_path,
                              std::chrono::milliseconds wait, bool replace = false);

 private:
  explicit Lock(base::UniqueFd fd) : fd_(std::move(fd)) {}
  base::UniqueFd fd_;
};

}  // namespace holdfast::monitor
