#include "src/engine/podman.h"

#include <fmt/format.h>

#include "src/engine/hook_files.h"
#include "src/engine/lists.h"

namespace holdfast::engine {
namespace {

// podman's own (containers.conf(5) of 4.3 to 5): a list in a drop-in takes their place. It does not
// look into /etc/containers/oci/hooks.d unless told (tried with 4.3, whatever its manual says).
const std::vector<std::string> kHookFolders = {"/usr/share/containers/oci/hooks.d"};
const std::vector<std::string> kSupportJson = {"crun", "runc", "kata", "runsc", "youki", "krun"};

std::string folder(const Owner& owner) {
  return (owner.is_user() ? owner.config_home : "/etc") + "/containers";
}
std::string drop_in(const Owner& owner) {
  return folder(owner) + "/containers.conf.d/50-holdfast.conf";
}
std::string hooks(const Owner& owner) { return folder(owner) + "/oci/hooks.d"; }

Result<Layers> configuration(const Site& site) {
  Layers layers{{"/usr/share/containers/containers.conf"}, {}};
  std::vector<std::string> folders = {"/etc/containers"};
  if (site.owner.is_user()) {
    folders.push_back(folder(site.owner));
  }
  for (const std::string& one : folders) {
    TRY(add_layer(site.tree, one + "/containers.conf", one + "/containers.conf.d", ".conf",
                  drop_in(site.owner), layers));
  }
  return layers;
}

Result<std::string> hooks_dir_line(const Site& site, const Layers& layers,
                                   std::vector<std::string>& notes) {
  const std::vector<std::string> key = {"engine", "hooks_dir"};
  auto list = TRY(effective_list(site.tree, layers.all(), key, kHookFolders));
  add_missing(list, hooks(site.owner));
  TRY(note_list(site.tree, layers, key, list, hooks(site.owner), notes));
  return fmt::format("hooks_dir = {}\n", toml_array(list));
}

Result<std::string> default_line(const Site& site, const Layers& layers,
                                 std::vector<std::string>& notes) {
  const std::vector<std::string> key = {"engine", "runtime"};
  const std::string before = TRY(effective_string(site.tree, layers.all(), key));
  TRY(keep_default(site.options, before));
  if (!site.options.by_default) {
    return std::string();
  }
  TRY(note_string(site.tree, layers, key, kRuntimeName, notes));
  return fmt::format("runtime = \"{}\"\n", kRuntimeName);
}

// podman gives --log to these alone, and without it a refusal's reason is lost.
Result<std::string> runtime_lines(const Site& site, const Layers& layers,
                                  std::vector<std::string>& notes) {
  const std::vector<std::string> key = {"engine", "runtime_supports_json"};
  auto list = TRY(effective_list(site.tree, layers.all(), key, kSupportJson));
  for (const char* name : {kRuntimeName, "holdfast-runtime", "holdfast-crun", "holdfast-runc"}) {
    add_missing(list, name);
  }
  TRY(note_list(site.tree, layers, key, list, kRuntimeName, notes));
  return TRY(default_line(site, layers, notes)) +
         fmt::format("runtime_supports_json = {}\n", toml_array(list));
}

Result<std::string> drop_in_text(const Site& site, std::vector<std::string>& notes) {
  const Layers layers = TRY(configuration(site));
  std::string text =
      "# Written by \"holdfast install podman\"; \"holdfast uninstall podman\" removes it.\n"
      "[engine]\n";
  if (site.options.with != With::kHook) {
    text += TRY(runtime_lines(site, layers, notes));
  }
  if (site.options.with != With::kRuntime) {
    text += TRY(hooks_dir_line(site, layers, notes));
  }
  if (site.options.with != With::kHook) {
    text += fmt::format("\n[engine.runtimes]\n{} = [{}]\n", kRuntimeName,
                        toml_string(site.programs.runtime));
  }
  return text;
}

}  // namespace

std::vector<File> podman_files(const Owner& owner) {
  std::vector<File> files = {{drop_in(owner), File::Kind::kDropIn}};
  const auto more = hook_files(hooks(owner));
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

Result<WantedFiles> podman_wanted(const Site& site) {
  WantedFiles wanted;
  const std::string text = TRY(drop_in_text(site, wanted.notes));
  wanted.files.push_back({{drop_in(site.owner), File::Kind::kDropIn}, text});
  if (site.options.with != With::kRuntime) {
    const auto more = wanted_hooks(hooks(site.owner), site);
    wanted.files.insert(wanted.files.end(), more.begin(), more.end());
  }
  return wanted;
}

}  // namespace holdfast::engine
