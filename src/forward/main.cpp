// holdfast-forward: what `holdfast forward` executes. A program of its own, so that no network
// library is ever mapped into the monitor, which runs as root.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "src/base/log.h"
#include "src/base/self.h"
#include "src/forward/forwarder.h"
#include "src/forward/state.h"
#include "src/profile/config.h"

namespace {

using namespace holdfast;

struct Given {
  std::string config = profile::kConfigPath;
  std::string alerts;
  std::string state_dir;
  bool once = false;
  bool status = false;
  bool check = false;
};

int complain(const Error& error) {
  base::log(base::LogLevel::kError, error.message);
  return 1;
}

void print_status(const forward::Settings& settings) {
  const auto counters = forward::read_counters(settings.state_dir);
  fmt::print("{:<20} {:>10} {:>10} {:>8} {:>8} {:>8} STATE\n", "SINK", "LAG", "SENT", "RETRIED",
             "DROPPED", "LOST");
  for (const forward::SinkSettings& sink : settings.sinks) {
    const auto found = counters.find(sink.name);
    const forward::Counters of = found == counters.end() ? forward::Counters{} : found->second;
    const auto cursor = forward::read_cursor(settings.state_dir, sink.name);
    fmt::print("{:<20} {:>10} {:>10} {:>8} {:>8} {:>8} {}\n", sink.name,
               forward::lag(settings.alerts, cursor.ok() ? cursor.value() : forward::Cursor{}),
               of.sent, of.retried, of.dropped, of.lost, of.failing ? of.error : "ok");
  }
}

Result<forward::Settings> settings_of(const Given& given) {
  forward::Settings settings = TRY(forward::load_settings(given.config));
  settings.alerts = given.alerts.empty() ? settings.alerts : given.alerts;
  settings.state_dir = given.state_dir.empty() ? settings.state_dir : given.state_dir;
  return settings;
}

int forward_lines(const Given& given, const forward::Settings& settings, char** argv) {
  const auto end = forward::forward(settings, given.config, given.once);
  fflush(stdout);
  if (end.ok() && end.value() == forward::End::kReload) {
    // The same process begins anew with the new configuration, rid of threads that hang; cursors
    // are on disk.
    const std::string self = base::own_folder() + "/holdfast-forward";
    execv(self.c_str(), argv);
    complain(fail_errno("cannot execute " + self, errno));
    _exit(1);
  }
  // Not exit(): a thread may still be within a library that exit() would take apart.
  _exit(end.ok() ? static_cast<int>(end.value() == forward::End::kIncomplete)
                 : complain(end.error()));
}

int run(int argc, char** argv) {
  CLI::App app(
      "Send alerts and records to the sinks that holdfast.json names: each one goes on where it "
      "was,\nalso after a restart of either end.",
      "holdfast forward");
  app.footer(
      "SIGHUP reads the configuration again, SIGTERM ends.\n"
      "\n"
      "Examples:\n"
      "  holdfast forward               until a signal, as "
      "contrib/systemd/holdfast-forward.service\n"
      "  holdfast forward --once        what is there, and end\n"
      "  holdfast forward --status      how far each sink is");
  Given given;
  app.add_option("--config", given.config, "Configuration file")->capture_default_str();
  app.add_option("--alerts", given.alerts, "File to read [the configured one]");
  app.add_option("--state-dir", given.state_dir, "Where cursors are kept [the configured one]");
  app.add_flag("--once", given.once,
               "Send what is there and end; 1 when a sink did not take all of it");
  auto* status = app.add_flag("--status", given.status, "Show how far each sink is");
  app.add_flag("--check", given.check, "Only say whether the configuration is right")
      ->excludes(status);
  CLI11_PARSE(app, argc, argv);
  const auto settings = settings_of(given);
  if (!settings.ok()) {
    return complain(settings.error());
  }
  if (given.status) {
    print_status(settings.value());
    return 0;
  }
  return given.check ? 0 : forward_lines(given, settings.value(), argv);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    return complain(fail(problem.what()));
  }
}
