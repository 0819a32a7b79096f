#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/cli/commands.h"
#include "src/monitor/client.h"
#include "src/monitor/protocol.h"
#include "src/monitor/unguarded.h"
#include "src/profile/config.h"

namespace holdfast::cli {

namespace {

using monitor::ListedContainer;
using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kTimeout{5000};

struct Given {
  std::string socket;
  bool json = false;
};

void print_json(const std::vector<ListedContainer>& containers) {
  Json list = Json::array();
  for (const ListedContainer& listed : containers) {
    const monitor::Container& container = listed.container;
    list.push_back({{"id", container.id},
                    {"name", container.name},
                    {"image", container.image},
                    {"profile", container.profile},
                    {"mode", container.mode},
                    {"engine", container.engine},
                    {"bundle", container.bundle},
                    {"annotations", container.annotations},
                    {"slot", listed.slot},
                    {"pid", listed.pid},
                    {"cgroup", listed.cgroup},
                    {"user", listed.user}});
  }
  fmt::print("{}\n", list.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_table(const std::vector<ListedContainer>& containers) {
  fmt::print("{:<14}{:<20}{:<16}{:<10}{:<10}{:<8}IMAGE\n", "ID", "NAME", "PROFILE", "MODE", "PID",
             "USER");
  for (const ListedContainer& listed : containers) {
    const monitor::Container& container = listed.container;
    fmt::print("{}  {} {} {} {:<10}{:<8}{}\n", cell(container.id, 12), cell(container.name, 19),
               cell(container.profile, 15), cell(container.mode, 9), listed.pid, listed.user,
               shown(container.image, 100));
  }
}

int list(const Given& given) {
  std::string socket = given.socket;
  if (socket.empty()) {
    const auto config = profile::load_config();
    if (!config.ok()) {
      return complain(config.error());
    }
    socket = config.value().monitor.socket;
  }
  Result<std::vector<ListedContainer>> containers = monitor::list_containers(socket, kTimeout);
  if (!containers.ok() && monitor::nobody_listens(socket)) {
    complain(no_answer(socket, containers.error()));
    containers = std::vector<ListedContainer>();
  }
  if (!containers.ok()) {
    return complain(containers.error());
  }
  for (const monitor::Unguarded& other : monitor::list_unguarded(socket)) {
    complain(fail(fmt::format("container {} runs without all of its guard: {}", other.id,
                              shown(other.why, 400))));
  }
  given.json ? print_json(containers.value()) : print_table(containers.value());
  return 0;
}

}  // namespace

void add_ps(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("ps", "List guarded containers");
  command->footer(
      "An ordinary user is shown the user's own rootless containers. USER is whose they are; of\n"
      "a user's, name, image and profile are what that user says.\n"
      "\n"
      "Example: holdfast ps --json | jq '.[].id'");
  auto given = std::make_shared<Given>();
  command->add_option("--socket", given->socket, "The monitor's socket [the configured one]");
  command->add_flag("--json", given->json, "Everything that is known, as a JSON array");
  command->callback([given, &status] { status = list(*given); });
}

}  // namespace holdfast::cli
