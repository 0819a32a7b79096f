#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/cli/commands.h"
#include "src/cli/engine_place.h"
#include "src/engine/status.h"
#include "src/engine/version.h"

namespace holdfast::cli {

namespace {

using engine::EngineStatus;
using engine::FileStatus;
using Json = nlohmann::ordered_json;

struct Given {
  std::vector<std::string> engines;
  std::string root = "/";
  std::string format = "table";
};

// What there is to say of an engine in one word or two.
std::string configured(const EngineStatus& status) {
  return status.configured.empty() ? "no" : fmt::format("{}", fmt::join(status.configured, ", "));
}

// Programs of another root are not executed.
std::string version(const EngineStatus& status, const EnginePlace& place) {
  return place.root == "/" && !status.program.empty()
             ? engine::version_of(place.tree, status.program)
             : "";
}

void print_table(const std::vector<EngineStatus>& engines, const EnginePlace& place) {
  fmt::print("{:<12}{:<24}{}\n", "ENGINE", "CONFIGURED", "FOUND");
  for (const EngineStatus& status : engines) {
    const std::string told = version(status, place);
    const std::string& path = status.program.empty() ? "not installed" : status.program;
    fmt::print("{:<12}{:<24}{}{}\n", engine::name_of(status.engine), configured(status), path,
               told.empty() ? "" : " (" + shown(told, 100) + ")");
    for (const FileStatus& file : status.files) {
      fmt::print("  {:<12}{}\n", engine::name_of(file.state),
                 shown(file.problem.empty() ? file.path : file.problem, 400));
    }
  }
}

void print_json(const std::vector<EngineStatus>& engines, const EnginePlace& place) {
  Json list = Json::array();
  for (const EngineStatus& status : engines) {
    Json files = Json::array();
    for (const FileStatus& file : status.files) {
      files.push_back({{"path", file.path}, {"state", engine::name_of(file.state)}});
      if (!file.problem.empty()) {
        files.back()["problem"] = file.problem;
      }
    }
    list.push_back({{"engine", engine::name_of(status.engine)},
                    {"program", status.program},
                    {"version", version(status, place)},
                    {"configured", status.configured},
                    {"sound", status.is_sound()},
                    {"files", files}});
  }
  fmt::print("{}\n", list.dump(2, ' ', false, Json::error_handler_t::replace));
}

// As given, or all that can be configured here.
std::vector<std::string> names_of(const Given& given, const EnginePlace& place) {
  std::vector<std::string> names = given.engines;
  for (const engine::Engine one : engine::kEngines) {
    const bool is_here = !place.owner.is_user() || one == engine::Engine::kPodman;
    if (given.engines.empty() && is_here) {
      names.emplace_back(engine::name_of(one));
    }
  }
  return names;
}

Result<int> tell(const Given& given) {
  const EnginePlace place = TRY(open_place(given.root));
  const auto record = engine::read_record(place.tree, place.owner);
  std::vector<EngineStatus> engines;
  // Without the record everything looks as if it were by hand.
  bool is_good = record.ok() || complain(record.error()) == 0;
  for (const engine::Engine one : TRY(engines_named(names_of(given, place), place))) {
    const EngineStatus status = engine::status_of(one, place.tree, place.owner,
                                                  record.ok() ? record.value() : engine::Record());
    const bool is_asked_for = !given.engines.empty();
    is_good = is_good && status.is_sound() && !(is_asked_for && status.configured.empty());
    engines.push_back(status);
  }
  given.format == "json" ? print_json(engines, place) : print_table(engines, place);
  return is_good ? 0 : 1;
}

}  // namespace

void add_status(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("status", "Say which engines start containers under holdfast");
  command->footer(
      "Of each file that belongs to it: \"as written\" by `holdfast install`; \"changed\" or "
      "\"missing\"\n"
      "since; \"outdated\", when install would now write something else, as after a change of the\n"
      "engine's other files; \"by hand\" (somebody else wrote it, as from contrib); "
      "\"unreadable\"; or\n"
      "\"no program\": what it has engines start is not there. As an ordinary user: podman's own\n"
      "configuration.\n"
      "Ends with 0 when every file is as written or by hand, and each ENGINE that was named is\n"
      "configured; else 1.\n"
      "\n"
      "Examples:\n"
      "  holdfast status\n"
      "  holdfast status --format json podman | jq '.[].configured'");
  auto given = std::make_shared<Given>();
  add_engines(*command, given->engines, false);
  command->add_option("--format", given->format, "A table, or everything as a JSON array")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  add_root_option(*command, given->root);
  command->callback([given, &status] {
    const Result<int> told = tell(*given);
    status = told.ok() ? told.value() : complain(told.error());
  });
}

}  // namespace holdfast::cli
