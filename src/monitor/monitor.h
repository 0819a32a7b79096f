// The node monitor: owns the BPF programs, takes registrations, drains the ring, writes alerts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "src/base/result.h"
#include "src/detect/budget.h"
#include "src/kernel/kernel.h"
#include "src/monitor/protocol.h"
#include "src/monitor/service.h"
#include "src/profile/config.h"
#include "src/sink/file.h"

namespace holdfast::monitor {

struct Options {
  std::string socket = kDefaultSocketPath;  // lock and registry lie beside it
  std::string alerts = sink::kDefaultAlertPath;
  sink::FileSettings file;  // of the alerts
  std::string pin_dir = "/sys/fs/bpf/holdfast";
  std::string incidents = "/var/lib/holdfast/incidents";
  std::optional<kernel::Backend> backend;  // empty: the strongest that loads
  bool on_demand = false;                  // leave when there is nothing to guard any more
  std::uint64_t linger_s = 10;             // how long after the last container
  bool replace = false;                    // a monitor that runs is told to leave
  detect::Rates noise;
  profile::Config config;  // where profiles are, and what annotations may change
  // Reads the options again, on SIGHUP. Of those that it returns `file`, `noise`, `linger_s` and
  // `config` take effect.
  std::function<Result<Options>()> reload;
};

// One per host; single-threaded.
class Monitor {
 public:
  // Everything that can fail at start: lock, kernel, alert file, socket. On return the socket
  // answers, and SIGTERM, SIGINT and SIGHUP are blocked: run() takes them. Call it before any
  // thread is made.
  static Result<Monitor> start(const Options& options, Service service = {});

  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();

  // Works until a signal, or, on demand, until it is not needed. Containers that are still there
  // stay under guard: links remain pinned and events wait in the ring for the next monitor. From
  // here on the process is confined (confine()).
  Status run();

 private:
  struct State;
  explicit Monitor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::monitor
