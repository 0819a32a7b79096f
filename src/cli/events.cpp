#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/cli/commands.h"
#include "src/cli/follow.h"
#include "src/detect/severity.h"
#include "src/monitor/client.h"
#include "src/monitor/protocol.h"
#include "src/profile/config.h"
#include "src/profile/user.h"

namespace holdfast::cli {

namespace {

using Json = nlohmann::json;

// As often as a person looks.
constexpr std::chrono::milliseconds kPause{200};
// The monitor sleeps while nobody asks.
constexpr std::chrono::milliseconds kAskEvery{1000};
constexpr std::chrono::milliseconds kPatience{5000};

struct Given {
  std::string alerts;
  std::string container;
  std::string severity;
  bool follow = false;
  bool json = false;
};

std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json member_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? Json::object() : *found;
}

bool is_wanted(const Json& alert, const Given& given) {
  const Json container = member_of(alert, "container");
  if (!given.container.empty() && text_of(container, "name") != given.container &&
      !text_of(container, "id").starts_with(given.container)) {
    return false;
  }
  const auto least = detect::severity_by_name(given.severity);
  const auto severity = detect::severity_by_name(text_of(alert, "severity"));
  return !least || !severity || *severity <= *least;
}

std::string container_label(const Json& alert) {
  const Json container = member_of(alert, "container");
  const std::string name = text_of(container, "name");
  return name.empty() ? text_of(container, "id").substr(0, 12) : name;
}

void print_row(const Json& alert) {
  // To the millisecond: 2024-02-29T23:59:59.123
  fmt::print("{} {} {} {} {} {}\n", cell(text_of(alert, "time"), 23),
             cell(text_of(alert, "severity"), 13), cell(text_of(alert, "action"), 7),
             cell(text_of(alert, "class"), 23), cell(container_label(alert), 16),
             shown(text_of(alert, "message"), 400));
}

void print_head() {
  fmt::print("{:<23} {:<13} {:<7} {:<23} {:<16} MESSAGE\n", "TIME (UTC)", "SEVERITY", "ACTION",
             "CLASS", "CONTAINER");
}

// Counts lines that are no alerts in `strange`: half a line after a crash is worth a word, not a
// failure.
void print_line(const std::string& line, const Given& given, std::uint64_t& strange) {
  const Json alert = Json::parse(line, nullptr, false);
  if (!alert.is_object()) {
    ++strange;
    return;
  }
  if (!is_wanted(alert, given)) {
    return;
  }
  if (given.json) {
    fmt::print("{}\n", line);
  } else {
    print_row(alert);
  }
}

// Where lines come from, and how long to wait for the next.
struct Source {
  std::string name;
  std::function<Result<std::vector<std::string>>()> next;  // none: all that there is for now
  std::chrono::milliseconds pause;
};

Status print_lines(const Given& given, const Source& source) {
  std::uint64_t strange = 0;
  bool has_head = given.json;
  for (;;) {
    const auto lines = TRY(source.next());
    if (!has_head) {
      print_head();
      has_head = true;
    }
    for (const std::string& line : lines) {
      print_line(line, given, strange);
    }
    if (fflush(stdout) != 0) {
      // EPIPE: the reader of our pipe has enough.
      return errno == EPIPE ? Status(Ok{}) : fail_errno("cannot write to standard output", errno);
    }
    if (lines.empty() && !given.follow) {
      break;
    }
    if (lines.empty()) {
      std::this_thread::sleep_for(source.pause);
    }
  }
  if (strange != 0) {
    fmt::print(stderr, "holdfast: {} lines of {} are no alerts\n", strange, source.name);
  }
  return Ok{};
}

Status print_events(const Given& given, const std::string& path) {
  if (!given.follow && access(path.c_str(), F_OK) != 0) {
    return fail(
        "there is no " + path +
        ": no monitor has written there yet, or \"monitor\": {\"alerts\": …} names another");
  }
  LineFollower follower(path);
  return print_lines(given, {path, [&follower] { return follower.next(); }, kPause});
}

// The log is root's. Others are told by the monitor what it remembers of their own containers.
Status print_own(const Given& given, const std::string& socket) {
  monitor::Request request;
  request.op = monitor::Request::Op::kAlerts;
  const auto next = [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> lines;
    Result<monitor::Reply> reply = monitor::call(socket, request, kPatience);
    if (!reply.ok()) {
      return no_answer(socket, reply.error());
    }
    for (monitor::ToldAlert& alert : reply.value().alerts) {
      request.after = std::max(request.after, alert.number);
      lines.push_back(std::move(alert.line));
    }
    return lines;
  };
  return print_lines(given, {socket, next, kAskEvery});
}

int show(Given& given) {
  const auto config = profile::load_config();
  if (given.alerts.empty() && !config.ok()) {
    return complain(config.error());
  }
  const std::string path = given.alerts.empty() ? config.value().monitor.alerts : given.alerts;
  const bool asks =
      given.alerts.empty() && profile::own_user() != 0 && access(path.c_str(), R_OK) != 0;
  const Status printed =
      asks ? print_own(given, config.value().monitor.socket) : print_events(given, path);
  return printed.ok() ? 0 : complain(printed.error());
}

}  // namespace

void add_events(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("events", "Show alerts and records");
  command->footer(
      "An ordinary user, who may not read the log, is shown the newest alerts of the user's own\n"
      "rootless containers, as far as the running monitor remembers them.\n"
      "Examples:\n"
      "  holdfast events --container web --severity warning\n"
      "  holdfast events -f --json | jq 'select(.class == \"escape.mount\")'");
  auto given = std::make_shared<Given>();
  command->add_flag("-f,--follow", given->follow,
                    "Go on as new ones come, also when the file is rotated");
  command->add_option("--container", given->container,
                      "Only of this container: its name, or how its id begins");
  command->add_option("--severity", given->severity, "Only what is at least as grave")
      ->check(CLI::IsMember({"debug", "informational", "notice", "warning", "error", "critical",
                             "alert", "emergency"}));
  command->add_flag("--json", given->json, "The JSON lines as they are");
  command->add_option("--alerts", given->alerts, "File to read [the configured one]");
  command->callback([given, &status] { status = show(*given); });
}

}  // namespace holdfast::cli
