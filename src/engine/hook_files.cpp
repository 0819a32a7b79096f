#include "src/engine/hook_files.h"

#include <algorithm>
#include <array>
#include <map>

#include <nlohmann/json.hpp>

#include "src/base/json.h"
#include "src/engine/lists.h"
#include "src/engine/programs.h"

namespace holdfast::engine {
namespace {

using nlohmann::ordered_json;

constexpr const char* kPrecreate = "precreate";

struct Stage {
  const char* name;
  const char* file;
};
// One file each: the hook wants its stage as an argument.
constexpr std::array kStages = {Stage{"createRuntime", "/50-holdfast-create.json"},
                                Stage{"poststop", "/50-holdfast-poststop.json"}};
constexpr Stage kBefore = {kPrecreate, "/50-holdfast-precreate.json"};
// Longer than the hook's own deadline (hook/hook.cpp), so that it always says why.
constexpr int kTimeoutSeconds = 120;

std::string text_of(const Stage& stage, const Site& site) {
  ordered_json when = {{"always", true}};
  if (!site.options.by_default) {
    when = {{"annotations", {{"^io\\.holdfast\\.", ".*"}}}};
  }
  const ordered_json document = {
      {"version", "1.0.0"},
      {"hook",
       {{"path", site.programs.hook},
        {"args", {"holdfast-hook", stage.name}},
        {"env", {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}},
        {"timeout", kTimeoutSeconds}}},
      {"when", when},
      {"stages", {stage.name}},
  };
  return document.dump(2) + "\n";
}

bool is_of_creation(const std::string& stage) {
  return stage == "createRuntime" || stage == "prestart";
}

Status read_hook(const std::string& text, const std::string& path, Configured& configured) {
  const nlohmann::json document = TRY(base::parse_json(text, path));
  const base::JsonView view(document, path);
  std::string program;
  std::vector<std::string> stages;
  bool is_always = false;
  const auto hook = view.find("hook");
  const auto when = view.find("when");
  TRY(hook ? hook->read("path", program) : Status(Ok{}));
  TRY(when ? when->read("always", is_always) : Status(Ok{}));
  TRY(view.read("stages", stages));
  if (!is_our_hook(program)) {
    return Ok{};
  }
  if (std::find(stages.begin(), stages.end(), kPrecreate) != stages.end()) {
    configured.rewrites = true;
  }
  if (std::any_of(stages.begin(), stages.end(), is_of_creation)) {
    configured.hook = program;
    configured.hooks_everyone = configured.hooks_everyone || is_always;
  }
  return Ok{};
}

}  // namespace

std::vector<File> hook_files(const std::string& directory) {
  std::vector<File> files;
  files.reserve(kStages.size());
  for (const Stage& stage : kStages) {
    files.push_back({directory + stage.file, File::Kind::kDropIn});
  }
  return files;
}

std::vector<Wanted> wanted_hooks(const std::string& directory, const Site& site) {
  std::vector<Wanted> files;
  files.reserve(kStages.size());
  for (const Stage& stage : kStages) {
    files.push_back({{directory + stage.file, File::Kind::kDropIn}, text_of(stage, site)});
  }
  return files;
}

File precreate_file(const std::string& directory) {
  return {directory + kBefore.file, File::Kind::kDropIn};
}

Wanted wanted_precreate(const std::string& directory, const Site& site) {
  return {precreate_file(directory), text_of(kBefore, site)};
}

Status find_hook(const Tree& tree, const std::vector<std::string>& directories,
                 Configured& configured) {
  std::map<std::string, std::string> files;
  for (const std::string& directory : directories) {
    for (const std::string& path : TRY(drop_ins(tree, directory, ".json", ""))) {
      files[path.substr(path.rfind('/'))] = path;
    }
  }
  for (const auto& [name, path] : files) {
    const auto text = TRY(tree.read_through(path));
    if (text) {
      TRY(read_hook(*text, path, configured));
    }
  }
  return Ok{};
}

}  // namespace holdfast::engine
