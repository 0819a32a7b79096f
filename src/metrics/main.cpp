// holdfast-metrics: what `holdfast metrics` executes. A program of its own, so that no HTTP server
// is ever mapped into the monitor, which runs as root.
#include <cstdio>
#include <exception>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "src/base/log.h"
#include "src/metrics/exporter.h"
#include "src/metrics/settings.h"
#include "src/profile/config.h"

namespace {

using namespace holdfast;

struct Given {
  std::string config = profile::kConfigPath;
  std::string listen;
  std::string socket;
  bool once = false;
};

// sysexits.h's EX_CONFIG: no restart mends a mistake in the configuration.
constexpr int kMisconfigured = 78;

int complain(const Error& error, int status = 1) {
  base::log(base::LogLevel::kError, error.message);
  return status;
}

Result<metrics::Settings> settings_of(const Given& given) {
  metrics::Settings settings = TRY(metrics::load_settings(given.config));
  settings.socket = given.socket.empty() ? settings.socket : given.socket;
  if (!given.listen.empty()) {
    TRY(metrics::check_listen(given.listen));
    settings.listen = given.listen;
  }
  if (settings.listen.empty() && !given.once) {
    return fail(fmt::format(
        "metrics are off: {} has no \"metrics\": {{\"listen\": \"127.0.0.1:9465\"}}, and there is "
        "no --listen",
        given.config));
  }
  return settings;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Tell Prometheus how the monitor and the sinks are. Off unless holdfast.json or --listen "
      "says "
      "where.",
      "holdfast metrics");
  app.footer(
      "It asks the monitor at each scrape, at most once a second, and must be root for that. The "
      "configuration is\n"
      "read at the start; SIGTERM ends it. It ends with 78 for a mistake in the configuration.\n"
      "\n"
      "Examples:\n"
      "  holdfast metrics --listen 127.0.0.1:9465    serves http://127.0.0.1:9465/metrics\n"
      "  holdfast metrics --once                     one scrape on standard output, for the "
      "textfile\n"
      "                                              collector of node_exporter");
  Given given;
  app.add_option("--config", given.config, "Configuration file")->capture_default_str();
  app.add_option("--listen", given.listen,
                 "Address of the loopback, and port [the configured one]");
  app.add_option("--socket", given.socket, "The monitor's socket [the configured one]");
  app.add_flag("--once", given.once, "Print the metrics and end");
  CLI11_PARSE(app, argc, argv);
  const auto settings = settings_of(given);
  if (!settings.ok()) {
    return complain(settings.error(), kMisconfigured);
  }
  if (given.once) {
    fmt::print("{}", metrics::text(settings.value()));
    return fflush(stdout) == 0 ? 0 : 1;
  }
  const Status served = metrics::serve(settings.value());
  return served.ok() ? 0 : complain(served.error());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    return complain(fail(problem.what()));
  }
}
