#include <chrono>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/monitor/client.h"
#include "src/monitor/protocol.h"
#include "src/profile/config.h"

namespace holdfast::cli {

namespace {

// Hundreds of containers, each with its profile.
constexpr std::chrono::seconds kTimeout{60};

constexpr const char* kFooter =
    "What running containers get anew, as if they were started now: actions, paths, network and\n"
    "capabilities of the profile, exceptions, exec_into and respond; and which profile that is, "
    "and its mode.\n"
    "What waits for a container's next start: the seccomp filter, a read-only root, admit, and "
    "leaving mode\n"
    "off, in which nobody registered it. What a program has open or mapped already stays so.\n"
    "All of it takes effect, or, where one file has a mistake, nothing; each container that has\n"
    "another policy now is told in a record of class monitor.reload. SIGHUP to the monitor does "
    "the same,\n"
    "and its log says what came of it.\n"
    "\n"
    "Example: holdfast profile lint /etc/holdfast/profiles.d && sudo holdfast reload";

int run(const std::string& given_socket) {
  std::string socket = given_socket;
  if (socket.empty()) {
    const Result<profile::Config> config = profile::load_config();
    if (!config.ok()) {
      return complain(config.error());
    }
    socket = config.value().monitor.socket;
  }
  monitor::Request request;
  request.op = monitor::Request::Op::kReload;
  const Result<monitor::Reply> reply = monitor::call(socket, request, kTimeout);
  if (!reply.ok()) {
    return complain(no_answer(socket, reply.error()));
  }
  fmt::print("{} of {} containers have another policy now\n", reply.value().changed,
             reply.value().count);
  return 0;
}

}  // namespace

void add_reload(CLI::App& app, int& status) {
  auto* command = app.add_subcommand(
      "reload",
      "Have the monitor read configuration and profiles again, for running containers too");
  command->footer(kFooter);
  auto socket = std::make_shared<std::string>();
  command->add_option("--socket", *socket, "The monitor's socket [the configured one]");
  command->callback([socket, &status] { status = run(*socket); });
}

}  // namespace holdfast::cli
