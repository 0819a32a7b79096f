#include "src/engine/hook_files.h"

#include <array>

#include <nlohmann/json.hpp>

namespace holdfast::engine {
namespace {

using nlohmann::ordered_json;

struct Stage {
  const char* name;
  const char* file;
};
// One file each: the hook wants its stage as an argument.
constexpr std::array kStages = {Stage{"createRuntime", "/50-holdfast-create.json"},
                                Stage{"poststop", "/50-holdfast-poststop.json"}};
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

}  // namespace holdfast::engine
