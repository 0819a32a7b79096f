// What is to be done, to whom, and why; and what came of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "src/detect/alert.h"
#include "src/profile/respond.h"
#include "src/respond/process.h"

namespace holdfast::respond {

// A container as it was registered.
struct Target {
  detect::Container container;
  std::uint32_t generation = 0;  // of its slot, never used twice: tells one container from another
  std::string cgroup;            // below the cgroup v2 mount; empty: none of its own
  std::uint64_t cgroup_id = 0;
  pid_t init = 0;
  std::uint64_t init_start_ticks = 0;
  std::string rootfs;  // absolute path on the host
};

struct Order {
  profile::Response response = profile::Response::kAlert;
  Target target;
  Victim victim;  // of kill-process
  detect::Asker by;
  std::string alert;      // that it answers, as JSON: it may not be in the log yet; "" by hand
  bool withheld = false;  // only to be told: the container's mode is detect
};

struct Outcome {
  std::uint64_t number = 0;
  Order order;
  std::string failure;           // a sentence; empty: it was done, or withheld
  std::string incident;          // the directory with the evidence, of a freeze
  std::string incident_failure;  // why there is none, or not all of it
};

}  // namespace holdfast::respond
