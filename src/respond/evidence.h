// Keeps what a frozen container was doing: nothing of it can change meanwhile.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/respond/cgroup.h"
#include "src/respond/incident.h"
#include "src/respond/order.h"

namespace holdfast::respond {

struct EvidenceSettings {
  std::string incidents;  // directory of the incidents
  std::string alerts;     // the log, for the container's last lines
  std::string proc_root = "/proc";
  IncidentLimits limits;
  // Whoever reads them waits for the memory that they are in, which may be a user's to bring.
  bool arguments = true;
};

// What index.json of an incident names: of each process its status, maps, and what it has open; the
// sockets of each network namespace; the changed files; the last alerts. The directory it is in.
// Memory and environments are left alone: they hold secrets.
Result<std::string> keep_evidence(const EvidenceSettings& settings, const Order& order,
                                  const Cgroup& cgroup);

}  // namespace holdfast::respond
