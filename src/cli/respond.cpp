#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/cli/commands.h"
#include "src/monitor/client.h"
#include "src/monitor/protocol.h"
#include "src/profile/config.h"
#include "src/profile/respond.h"

namespace holdfast::cli {

namespace {

using monitor::ListedContainer;
using monitor::Request;
using monitor::Responded;
using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kTimeout{5000};
// The monitor waits five seconds for a container to come to a stop, and then reads what it was
// doing; others may be before it.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kAskEvery{20};

constexpr const char* kFooter =
    "ACTION is one of\n"
    "  freeze          stop every process of the container, and keep what it was doing "
    "(processes,\n"
    "                  open files, sockets, changed files, last alerts) in a directory; undone by "
    "thaw\n"
    "  isolate         drop every packet to and from it, loopback and open connections included;\n"
    "                  undone by release\n"
    "  kill-process    end the process --pid, if it is the container's\n"
    "  kill-container  end all its processes at once\n"
    "  thaw, release   undo freeze, isolate\n"
    "CONTAINER is the id, the beginning of it, or the name, as `holdfast ps` shows them. An\n"
    "ordinary user may do all but isolate to the user's own rootless containers.\n"
    "\n"
    "What was done, by whom, and what came of it is told like an alert, of class respond.ACTION.\n"
    "A profile's key \"respond\" does the same by itself: see README.md, \"Responses\".\n"
    "Ends with 0 when it was done, 1 when it was not.\n"
    "\n"
    "Examples:\n"
    "  holdfast respond freeze web\n"
    "  holdfast respond kill-process web --pid 4711\n"
    "  holdfast respond isolate 3f2a --json | jq -r .state";

struct Given {
  std::string action;
  std::string container;
  std::string socket;
  int pid = 0;
  bool json = false;
};

// The one that `given` is the id or the name of; or the one whose id begins so.
Result<std::string> find_id(const std::vector<ListedContainer>& all, const std::string& given) {
  std::vector<std::string> whole;
  std::vector<std::string> begun;
  for (const ListedContainer& listed : all) {
    const monitor::Container& container = listed.container;
    if (container.id == given) {
      return given;
    }
    if (container.name == given) {
      whole.push_back(container.id);
    } else if (container.id.starts_with(given)) {
      begun.push_back(container.id);
    }
  }
  const std::vector<std::string>& found = whole.empty() ? begun : whole;
  if (found.size() == 1) {
    return found.front();
  }
  return fail(found.empty()
                  ? fmt::format("no guarded container is \"{}\"; `holdfast ps` lists them",
                                shown(given, 100))
                  : fmt::format("\"{}\" could be {}; give more of the id", shown(given, 100),
                                fmt::join(found, ", ")));
}

// Users choose ids and names: theirs count where none of root's own is meant.
void prefer_roots(std::vector<ListedContainer>& all, const std::string& given) {
  const bool roots_is_meant = std::ranges::any_of(all, [&](const ListedContainer& listed) {
    return listed.user == 0 &&
           (listed.container.name == given || listed.container.id.starts_with(given));
  });
  if (roots_is_meant) {
    std::erase_if(all, [](const ListedContainer& listed) { return listed.user != 0; });
  }
}

Result<std::string> socket_of(const Given& given) {
  if (!given.socket.empty()) {
    return given.socket;
  }
  const profile::Config config = TRY(profile::load_config());
  return config.monitor.socket;
}

Result<Responded> ask(const std::string& socket, const Request& request) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  Request next = request;
  for (;;) {
    const monitor::Reply reply = TRY(monitor::call(socket, next, kTimeout));
    if (reply.responded.state != "pending") {
      return reply.responded;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(fmt::format("it is not over after {} s; its outcome will be in the log",
                              kPatience.count()));
    }
    next.number = reply.responded.number;
    std::this_thread::sleep_for(kAskEvery);
  }
}

Result<Responded> respond(const Given& given, std::string& id) {
  const std::string socket = TRY(socket_of(given));
  auto containers = monitor::list_containers(socket, kTimeout);
  if (!containers.ok()) {
    return no_answer(socket, containers.error());
  }
  prefer_roots(containers.value(), given.container);
  id = TRY(find_id(containers.value(), given.container));
  Request request;
  request.op = Request::Op::kRespond;
  request.id = id;
  request.response = *profile::response_by_name(given.action);
  request.pid = given.pid;
  return ask(socket, request);
}

void print_json(const std::string& id, const Given& given, const Responded& responded) {
  const Json object = {{"id", id},
                       {"action", given.action},
                       {"state", responded.state},
                       {"failure", responded.failure},
                       {"incident", responded.incident},
                       {"incident_failure", responded.incident_failure}};
  fmt::print("{}\n", object.dump(2, ' ', false, Json::error_handler_t::replace));
}

int run(const Given& given) {
  if ((given.action == "kill-process") != (given.pid != 0)) {
    return complain(fail(
        given.pid == 0 ? "kill-process needs the process: --pid PID, as the host counts them"
                       : fmt::format("--pid is for kill-process; {} is about the whole container",
                                     given.action)));
  }
  std::string id;
  const Result<Responded> responded = respond(given, id);
  if (!responded.ok()) {
    return complain(responded.error());
  }
  const Responded& outcome = responded.value();
  if (given.json) {
    print_json(id, given, outcome);
  } else if (outcome.state == "done") {
    fmt::print("{} {}: done\n", given.action, id);
  }
  if (!given.json && !outcome.incident.empty()) {
    fmt::print("what it was doing is kept in {}\n", outcome.incident);
  }
  if (!outcome.incident_failure.empty()) {
    complain(fail("what it was doing could not be kept: " + outcome.incident_failure));
  }
  return outcome.state == "done" ? 0 : complain(fail(outcome.failure));
}

}  // namespace

void add_respond(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("respond", "Freeze, isolate or end a guarded container");
  command->footer(kFooter);
  auto given = std::make_shared<Given>();
  command->add_option("ACTION", given->action, "What to do")
      ->required()
      ->check(CLI::IsMember(
          {"freeze", "isolate", "kill-process", "kill-container", "thaw", "release"}));
  command->add_option("CONTAINER", given->container, "Of which container")->required();
  command->add_option("--pid", given->pid, "The process of kill-process, as the host counts them")
      ->check(CLI::Range(1, 1 << 22));
  command->add_option("--socket", given->socket, "The monitor's socket [the configured one]");
  command->add_flag("--json", given->json, "The outcome as a JSON object");
  command->callback([given, &status] { status = run(*given); });
}

}  // namespace holdfast::cli
