#include "src/cli/engine_place.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "src/engine/programs.h"

namespace holdfast::cli {

namespace {

using engine::Engine;

// A directory of the XDG Base Directory Specification; relative ones do not count there.
std::string user_directory(const char* variable, const char* below_home) {
  const char* given = getenv(variable);
  std::string path = given != nullptr ? given : "";
  if (path.starts_with('/')) {
    return path;
  }
  const char* home = getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + below_home : "";
}

}  // namespace

Result<EnginePlace> open_place(const std::string& given) {
  engine::Tree tree = TRY(engine::Tree::open(given));
  const std::string root = tree.is_system() ? "/" : given;
  engine::Owner owner;
  if (root == "/" && geteuid() != 0) {
    owner.config_home = user_directory("XDG_CONFIG_HOME", "/.config");
    owner.state_home = user_directory("XDG_STATE_HOME", "/.local/state");
    if (owner.config_home.empty() || owner.state_home.empty()) {
      return fail("HOME is not set, so there is no place for a user's configuration");
    }
  }
  return EnginePlace{std::move(tree), std::move(owner), root};
}

Result<std::vector<Engine>> engines_named(const std::vector<std::string>& names,
                                          const EnginePlace& place) {
  std::vector<Engine> engines;
  for (const Engine one : engine::kEngines) {
    const bool is_system_only = place.owner.is_user() && one != Engine::kPodman;
    const auto has = [&names](const char* name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (has(engine::name_of(one)) && is_system_only) {
      return fail(
          fmt::format("{} is configured by root: run this with sudo", engine::name_of(one)));
    }
    if (has(engine::name_of(one)) ||
        (has("auto") && !is_system_only && !engine::find_engine(place.tree, one).empty())) {
      engines.push_back(one);
    }
  }
  return engines;
}

void add_root_option(CLI::App& command, std::string& root) {
  command
      .add_option("--root", root,
                  "A directory that becomes a system's root: work on the files below it")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
}

CLI::Option* add_engines(CLI::App& command, std::vector<std::string>& names, bool with_auto) {
  std::vector<std::string> known;
  known.reserve(engine::kEngines.size() + 1);
  for (const Engine one : engine::kEngines) {
    known.emplace_back(engine::name_of(one));
  }
  if (with_auto) {
    known.emplace_back("auto");
  }
  return command.add_option("ENGINE", names, fmt::format("{}", fmt::join(known, ", ")))
      ->check(CLI::IsMember(known));
}

}  // namespace holdfast::cli
