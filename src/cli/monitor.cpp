#include "src/monitor/monitor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/unique_fd.h"
#include "src/cli/commands.h"
#include "src/monitor/spawn.h"
#include "src/profile/config.h"

namespace holdfast::cli {

namespace {

struct Given {
  std::string config = profile::kConfigPath;
  std::string socket;
  std::string alerts;
  std::string pin_dir;
  std::string backend;
  long linger_s = -1;
  bool on_demand = false;
  bool replace = false;
  int ready_fd = -1;
};

sink::FileSettings file_of(const profile::Config::Monitor& monitor) {
  using Fsync = profile::Config::Monitor::Fsync;
  sink::FileSettings file;
  file.rotation = {static_cast<std::uint64_t>(monitor.rotate.max_bytes),
                   static_cast<std::uint64_t>(monitor.rotate.max_age_s),
                   static_cast<std::uint64_t>(monitor.rotate.keep)};
  file.sync = monitor.fsync == Fsync::kAlways   ? sink::Sync::kAlways
              : monitor.fsync == Fsync::kAlerts ? sink::Sync::kAlerts
                                                : sink::Sync::kNever;
  return file;
}

// The command line wins over the configuration.
Result<monitor::Options> options_of(const Given& given) {
  const profile::Config config = TRY(profile::load_config(given.config));
  monitor::Options options;
  options.socket = given.socket.empty() ? config.monitor.socket : given.socket;
  options.alerts =
      std::filesystem::absolute(given.alerts.empty() ? config.monitor.alerts : given.alerts);
  options.pin_dir = given.pin_dir.empty() ? config.monitor.pin_dir : given.pin_dir;
  options.file = file_of(config.monitor);
  options.incidents = config.monitor.incidents;
  options.config = config;
  options.on_demand = given.on_demand;
  options.replace = given.replace;
  options.linger_s =
      static_cast<std::uint64_t>(given.linger_s >= 0 ? given.linger_s : config.monitor.linger_s);
  options.noise = {.alerts = {static_cast<std::uint32_t>(config.noise.burst),
                              static_cast<std::uint32_t>(config.noise.per_minute)},
                   .records = {static_cast<std::uint32_t>(config.noise.records_burst),
                               static_cast<std::uint32_t>(config.noise.records_per_minute)}};
  if (!given.backend.empty()) {
    options.backend = kernel::backend_of(given.backend);
  }
  return options;
}

Result<monitor::Monitor> start(const Given& given) {
  if (geteuid() != 0) {
    return fail(
        "the monitor is root's, one for all users: sudo holdfast monitor, or sudo systemctl enable "
        "--now holdfast.socket (contrib/systemd)");
  }
  monitor::Service service = TRY(monitor::Service::from_environment());
  monitor::Options options = TRY(options_of(given));
  options.reload = [given] { return options_of(given); };
  return monitor::Monitor::start(options, std::move(service));
}

// Tells whoever started us; they wait for this line or for the end of the pipe.
void tell_ready(int ready_fd, const std::string& line) {
  if (ready_fd >= 0) {
    const base::UniqueFd fd(ready_fd);
    (void)base::write_all(fd.get(), line + "\n", "the ready descriptor");
  }
}

int run_monitor(const Given& given) {
  // Permissions are given where files are made; a caller's mask must not change them.
  umask(0022);
  if (given.ready_fd >= 0) {
    fcntl(given.ready_fd, F_SETFD, FD_CLOEXEC);
  }
  Result<monitor::Monitor> started = start(given);
  if (!started.ok()) {
    tell_ready(given.ready_fd, std::string(monitor::kErrorPrefix) + started.error().message);
    return complain(started.error());
  }
  tell_ready(given.ready_fd, std::string(monitor::kReadyLine));
  const Status finished = started.value().run();
  return finished.ok() ? 0 : complain(finished.error());
}

}  // namespace

void add_monitor(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("monitor", "Run the node monitor in the foreground");
  command->footer(
      "There is one monitor on a host. It loads the BPF programs, takes registrations from hook "
      "and runtime and\n"
      "writes alerts. Hook and runtime start it by themselves when none runs; a service manager "
      "may run it instead.\n"
      "When it ends, containers stay under guard and the next monitor takes them over.\n"
      "SIGTERM ends it; SIGHUP, or `holdfast reload`, reads configuration and profiles again: "
      "rotation, fsync,\n"
      "noise, linger_s and the policies of running containers change at once, or nothing does.\n"
      "\n"
      "Example: holdfast monitor --alerts /tmp/alerts.jsonl");
  auto given = std::make_shared<Given>();
  command->add_option("--config", given->config, "Configuration file")->capture_default_str();
  command->add_option("--socket", given->socket,
                      "Socket to listen at; lock and registry lie beside it");
  command->add_option("--alerts", given->alerts,
                      "File that alerts are appended to, a JSON object a line");
  command->add_option("--pin-dir", given->pin_dir, "Directory on bpffs for programs and maps");
  command
      ->add_option("--backend", given->backend,
                   "Use this back end rather than the strongest that loads")
      ->check(CLI::IsMember({"lsm", "modify-return", "tracepoint"}));
  command->add_flag("--on-demand", given->on_demand,
                    "Leave some time after the last container has gone");
  command->add_option("--linger", given->linger_s, "How many seconds after, with --on-demand")
      ->check(CLI::Range(0L, 86400L));
  command->add_flag("--replace", given->replace,
                    "Tell a monitor that runs to leave, and take its place");
  command->add_option("--ready-fd", given->ready_fd,
                      "Write \"ready\" or \"error: …\" to this descriptor and close it");
  command->callback([given, &status] { status = run_monitor(*given); });
}

}  // namespace holdfast::cli
