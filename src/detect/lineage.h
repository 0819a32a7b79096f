// Which processes of a container were told of as changing its image: a package that is installed is
// one piece of news, not a hundred. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "src/detect/alert.h"
#include "src/detect/severity.h"

namespace holdfast::detect {

// For how long what was told stays told.
inline constexpr std::uint64_t kToldForNs = 600ULL * 1'000'000'000;

// Of one container. Times are base::boot_now_ns().
class Lineage {
 public:
  // Whether the alert is more of the same: of a change to the image (rootfs.*, drift.*) that was
  // not prevented, when its process or one above it was told of within ten minutes for something as
  // bad. Otherwise its process is told of from now on. Everything descends from `init` (0: not
  // known), so what that changes covers nobody else.
  bool goes_on(const Alert& alert, pid_t init, std::uint64_t now_ns);

 private:
  struct Told {
    Severity severity;
    std::uint64_t since_ns;
  };
  void remember(pid_t pid, const Told& told, std::uint64_t now_ns);

  // Pids of the host. One that is used again within the ten minutes is taken for the former.
  std::map<pid_t, Told> told_;
};

}  // namespace holdfast::detect
