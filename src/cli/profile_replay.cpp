#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/base/json.h"
#include "src/cli/commands.h"
#include "src/cli/log_lines.h"
#include "src/cli/profile_place.h"
#include "src/detect/detect.h"
#include "src/profile/compile.h"
#include "src/replay/decide.h"
#include "src/replay/suite.h"

namespace holdfast::cli {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct Given {
  std::string profile;
  std::string log;
  std::string config;
  std::string container;
  bool changes = false;
  bool json = false;
  bool tests = false;
};

// Lines that are the same for a reader are one row.
struct Row {
  std::string was;
  std::string now;
  std::string class_name;
  std::string exe;
  std::string object;
  auto operator<=>(const Row&) const = default;
};

struct Replay {
  profile::Compiled compiled;
  std::map<Row, std::uint64_t> rows;
  std::uint64_t strange = 0;    // lines that cannot be read
  std::uint64_t others = 0;     // of exec.into and admit.*, which are no acts
  std::set<std::string> tests;  // that were printed
};

std::string text_at(const json& line, const char* pointer) {
  const json::json_pointer place(pointer);
  const json value = line.contains(place) ? line.at(place) : json();
  return value.is_string() ? value.get<std::string>() : "";
}

// What became of it when it was recorded.
std::string answer_then(const json& line) {
  // What only its container's budget made a record is what the profile calls an alert.
  const bool held_back = !text_at(line, "/held_back").empty();
  return text_at(line, "/kind") == "record" && !held_back ? "recorded" : text_at(line, "/action");
}

std::string object_text(const replay::Act& act, const json& line) {
  if (!act.event.path.empty()) {
    return act.event.path;
  }
  const std::string address = text_at(line, "/object/address");
  if (!address.empty()) {
    return fmt::format("{}:{}", address, act.event.port);
  }
  return text_at(line, "/object/operation");
}

bool is_of(const json& line, const std::string& container) {
  return container.empty() || text_at(line, "/container/name") == container ||
         text_at(line, "/container/id").starts_with(container);
}

void print_json(const json& line, const replay::Decision& decision) {
  json told = line;
  told["replay"] = {{"answer", replay::answer_name(decision.answer)},
                    {"class", decision.alert.class_name}};
  if (decision.answer != replay::Answer::kNothing) {
    told["replay"]["severity"] = detect::severity_name(decision.alert.severity);
  }
  fmt::print("{}\n", told.dump());
}

// The line as a test that holds now. Of what the log knows beyond the act only the program stays,
// which an exception may be about.
void print_test(const json& line, const replay::Decision& decision, Replay& replay) {
  ordered_json test = {{"class", line.at("class")}};
  const std::string exe = text_at(line, "/process/exe");
  if (!exe.empty()) {
    test["process"]["exe"] = exe;
  }
  if (line.contains("object")) {
    test["object"] = line.at("object");
    for (const char* fleeting : {"inode", "device", "target_pid"}) {
      test["object"].erase(fleeting);
    }
  }
  test["expect"] = {{"answer", replay::answer_name(decision.answer)}};
  if (decision.answer != replay::Answer::kNothing) {
    test["expect"]["class"] = decision.alert.class_name;
    test["expect"]["severity"] = detect::severity_name(decision.alert.severity);
  }
  const std::string text = test.dump();
  if (replay.tests.insert(text).second) {
    fmt::print("{}\n", text);
  }
}

void replay_act(const Given& given, const json& line, const replay::Act& act, Replay& replay) {
  detect::Context context;
  context.backend = "lsm";
  const replay::Decision decision = replay::decide(replay.compiled, act, context);
  const std::string then = answer_then(line);
  const std::string now = replay::answer_name(decision.answer);
  if (given.changes && then == now) {
    return;
  }
  if (given.json) {
    print_json(line, decision);
  } else if (given.tests) {
    print_test(line, decision, replay);
  } else {
    replay.rows[{then, now, decision.alert.class_name, act.process.exe, object_text(act, line)}] +=
        act.event.count;
  }
}

void replay_line(const Given& given, const std::string& text, const std::string& place,
                 Replay& replay) {
  const auto line = base::parse_json(text, place, replay::kLineLimits);
  if (!line.ok() || !line.value().is_object()) {
    ++replay.strange;
    return;
  }
  if (!is_of(line.value(), given.container)) {
    return;
  }
  if (!replay::is_act(text_at(line.value(), "/class"))) {
    const std::string class_name = text_at(line.value(), "/class");
    replay.others +=
        class_name == detect::kEnteringClass || class_name.starts_with("admit.") ? 1 : 0;
    return;
  }
  const auto act = replay::read_act(base::JsonView(line.value(), place));
  if (!act.ok()) {
    ++replay.strange;
    fmt::print(stderr, "holdfast: {}\n", act.error().message);
    return;
  }
  replay_act(given, line.value(), act.value(), replay);
}

void print_rows(const Replay& replay) {
  std::vector<std::pair<Row, std::uint64_t>> rows(replay.rows.begin(), replay.rows.end());
  std::ranges::stable_sort(rows, std::ranges::greater{},
                           [](const auto& row) { return row.second; });
  fmt::print("{:>8} {:<9} {:<9} {:<24} {:<28} OBJECT\n", "COUNT", "WAS", "WOULD BE", "CLASS",
             "EXE");
  for (const auto& [row, count] : rows) {
    fmt::print("{:>8} {} {} {} {} {}\n", count, cell(row.was, 9), cell(row.now, 9),
               cell(row.class_name, 24), cell(row.exe, 28), shown(row.object, 200));
  }
}

Status replay_log(const Given& given) {
  const profile::Config config = TRY(profile::load_config());
  const ProfilePlace place = TRY(find_profile(config, given.profile));
  const profile::Profile profile = TRY(profile::load_profile(place.source, place.path));
  const oci::Spec spec = TRY(spec_at(given.config));
  Replay replay;
  replay.compiled = TRY(profile::compile(profile, spec, true));
  TRY(read_log_lines(given.log, [&](const std::string& text, const std::string& at) {
    replay_line(given, text, at, replay);
  }));
  if (!given.json && !given.tests) {
    print_rows(replay);
  }
  if (replay.others != 0) {
    fmt::print(stderr,
               "holdfast: {} lines of exec.into and admit.* were left out; only `holdfast profile "
               "test` judges these\n",
               replay.others);
  }
  if (replay.strange != 0) {
    return fail(fmt::format("{} of the lines of {} cannot be read", replay.strange, given.log));
  }
  return Ok{};
}

}  // namespace

void add_profile_replay(CLI::App& profile, int& status) {
  auto* command =
      profile.add_subcommand("replay", "Say what a profile would have made of recorded events");
  command->footer(
      "LOG is an alert file, or what `holdfast events --json` printed; - is standard input. Only "
      "what\n"
      "was recorded can be judged again: what the profile of the day left out is not in the log.\n"
      "\n"
      "Examples:\n"
      "  holdfast profile replay immutable /var/log/holdfast/alerts.jsonl --changes\n"
      "  holdfast events --json --container web | holdfast profile replay web.json -\n"
      "  holdfast profile replay web.json incident.jsonl --tests >web.tests/incident.jsonl");
  auto given = std::make_shared<Given>();
  command->add_option("PROFILE", given->profile, "A file, or the name of an installed profile")
      ->required();
  command->add_option("LOG", given->log, "Lines of alerts and records")->required();
  command->add_option("--config", given->config,
                      "config.json that it happened under [an ordinary container's]");
  command->add_option("--container", given->container,
                      "Only of this container: its name, or how its id begins");
  command->add_flag("--changes", given->changes, "Only what the profile answers differently");
  auto* lines = command->add_flag("--json", given->json, "The lines, each with \"replay\" added");
  command->add_flag("--tests", given->tests, "Lines for `holdfast profile test` that hold now")
      ->excludes(lines);
  command->callback([given, &status] {
    const Status done = replay_log(*given);
    status = done.ok() ? 0 : complain(done.error());
  });
}

}  // namespace holdfast::cli
