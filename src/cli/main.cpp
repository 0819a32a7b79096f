#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "src/cli/commands.h"

namespace {

constexpr const char* kDescription =
    "holdfast guards containers from the moment they are created: seccomp, a read-only root file "
    "system and an eBPF\n"
    "policy are in force before a container's first instruction.";

constexpr const char* kExamples =
    "Examples:\n"
    "  holdfast doctor                                   what this host and its "
    "engines give containers\n"
    "  holdfast run --profile immutable ./bundle         run an OCI bundle under guard\n"
    "  holdfast ps                                       guarded containers\n"
    "  holdfast events -f --severity error               alerts as they come, the grave ones\n"
    "  holdfast respond freeze web                       stop a container, and keep what it was "
    "doing\n"
    "  holdfast profile lint /etc/holdfast/profiles.d    check profiles before containers need "
    "them\n"
    "\n"
    "With an engine (podman, containerd, Docker, CRI-O): holdfast install ENGINE.\n"
    "`holdfast COMMAND --help` says more about each command.";

// Says so when it is not. CLI11 itself would tell of an unexpected argument and name no command.
bool is_known(const CLI::App& app, const std::string& command) {
  std::vector<std::string> known;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(subcommand->get_name());
  }
  if (command.starts_with('-') || std::find(known.begin(), known.end(), command) != known.end()) {
    return true;
  }
  holdfast::cli::complain(
      holdfast::fail(fmt::format("there is no command \"{}\"; known: {}",
                                 holdfast::cli::shown(command, 100), fmt::join(known, ", "))));
  return false;
}

// The subcommand that was meant, and its subcommand: "profile lint".
std::string command_of(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  const std::string inner = parsed.empty() ? "" : command_of(*parsed.front());
  return parsed.empty() ? "" : " " + parsed.front()->get_name() + inner;
}

std::string failure_of(const CLI::App* app, const CLI::Error& error) {
  return fmt::format("holdfast: {}; see `holdfast{} --help`\n",
                     holdfast::cli::shown(error.what(), 1000), command_of(*app));
}

// CLI11's own numbers are one for each kind of mistake.
constexpr int kWrongCommandLine = 2;

int run(int argc, char** argv) {
  CLI::App app(kDescription, "holdfast");
  app.footer(kExamples);
  app.failure_message(failure_of);
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION);
  app.require_subcommand(1);
  int status = 0;
  holdfast::cli::add_run(app, status);
  holdfast::cli::add_ps(app, status);
  holdfast::cli::add_respond(app, status);
  holdfast::cli::add_events(app, status);
  holdfast::cli::add_forward(app, status);
  holdfast::cli::add_metrics(app, status);
  holdfast::cli::add_profile(app, status);
  holdfast::cli::add_tune(app, status);
  holdfast::cli::add_install(app, status);
  holdfast::cli::add_uninstall(app, status);
  holdfast::cli::add_status(app, status);
  holdfast::cli::add_doctor(app, status);
  holdfast::cli::add_monitor(app, status);
  holdfast::cli::add_reload(app, status);
  if (argc == 1) {
    fmt::print(stderr, "{}", app.help());
    return kWrongCommandLine;
  }
  if (!is_known(app, argv[1])) {
    return kWrongCommandLine;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongCommandLine;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // The libraries below us throw when memory is short or a parser is set up wrongly; nothing else
  // does.
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    return holdfast::cli::complain(holdfast::fail(problem.what()));
  }
}
