#include "src/engine/crio.h"

#include <fmt/format.h>

#include "src/engine/hook_files.h"
#include "src/engine/lists.h"

namespace holdfast::engine {
namespace {

constexpr const char* kDropIns = "/etc/crio/crio.conf.d";
constexpr const char* kDropIn = "/etc/crio/crio.conf.d/50-holdfast.conf";
// Not /etc/containers/oci/hooks.d, which podman reads as well.
constexpr const char* kHooks = "/etc/crio/hooks.d";
// CRI-O's own, of which a list in a drop-in takes the place.
constexpr const char* kInitialHooks = "/usr/share/containers/oci/hooks.d";

Result<std::string> hooks_dir_line(const Site& site) {
  std::vector<std::string> files = {"/etc/crio/crio.conf"};
  const auto more = TRY(drop_ins(site.tree, kDropIns, "", kDropIn));
  files.insert(files.end(), more.begin(), more.end());
  auto list =
      TRY(effective_list(site.tree, files, {"crio", "runtime", "hooks_dir"}, {kInitialHooks}));
  add_missing(list, kHooks);
  return fmt::format("hooks_dir = {}\n", toml_array(list));
}

std::string runtime_lines(const Site& site) {
  return fmt::format(
      "\n[crio.runtime.runtimes.{}]\nruntime_path = {}\nruntime_type = \"oci\"\n"
      "runtime_root = \"/run/holdfast-crio\"\n",
      kRuntimeName, toml_string(site.programs.runtime));
}

Result<std::string> drop_in_text(const Site& site) {
  std::string text =
      "# Written by \"holdfast install crio\"; \"holdfast uninstall crio\" removes it.\n"
      "[crio.runtime]\n";
  const bool has_runtime = site.options.with != With::kHook;
  if (has_runtime && site.options.by_default) {
    text += fmt::format("default_runtime = \"{}\"\n", kRuntimeName);
  }
  if (site.options.with != With::kRuntime) {
    text += TRY(hooks_dir_line(site));
  }
  return text + (has_runtime ? runtime_lines(site) : "");
}

}  // namespace

std::vector<File> crio_files() {
  std::vector<File> files = {{kDropIn, File::Kind::kDropIn}};
  const auto more = hook_files(kHooks);
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

Result<WantedFiles> crio_wanted(const Site& site) {
  WantedFiles wanted;
  wanted.files.push_back({{kDropIn, File::Kind::kDropIn}, TRY(drop_in_text(site))});
  if (site.options.with != With::kRuntime) {
    const auto more = wanted_hooks(kHooks, site);
    wanted.files.insert(wanted.files.end(), more.begin(), more.end());
  }
  return wanted;
}

}  // namespace holdfast::engine
