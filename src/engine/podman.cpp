#include "src/engine/podman.h"

#include <map>

#include <fmt/format.h>

#include "src/engine/hook_files.h"
#include "src/engine/lists.h"
#include "src/engine/toml.h"

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
// Not where buildah looks, whatever containers.conf says, and as root does not build any more when
// it finds a hook of a stage that it does not know.
std::string early_hooks(const Owner& owner) { return folder(owner) + "/oci/precreate.d"; }

// All that podman reads; but for `ours`, when that is not "".
Result<Layers> configuration(const Tree& tree, const Owner& owner, const std::string& ours) {
  Layers layers{{"/usr/share/containers/containers.conf"}, {}};
  std::vector<std::string> folders = {"/etc/containers"};
  if (owner.is_user()) {
    folders.push_back(folder(owner));
  }
  for (const std::string& one : folders) {
    TRY(add_layer(tree, one + "/containers.conf", one + "/containers.conf.d", ".conf", ours,
                  layers));
  }
  return layers;
}

// Of the paths that a runtime has, podman takes the first that is there.
std::string program_in(const Tree& tree, const toml::array& paths) {
  const std::vector<std::string> given = strings_of(paths);
  for (const std::string& path : given) {
    if (tree.has_program(path)) {
      return path;
    }
  }
  return given.empty() ? "" : given.front();
}

Result<std::map<std::string, std::string>> runtimes_in(const Tree& tree,
                                                       const std::vector<std::string>& files) {
  std::map<std::string, std::string> runtimes;
  for (const std::string& path : files) {
    const auto text = TRY(tree.read_through(path));
    const toml::table document = TRY(parse_toml(text.value_or(""), path));
    const toml::table* table = find_table(find_table(&document, "engine"), "runtimes");
    for (const auto& [name, node] : table != nullptr ? *table : toml::table()) {
      if (const toml::array* paths = node.as_array()) {
        runtimes[std::string(name.str())] = program_in(tree, *paths);
      }
    }
  }
  return runtimes;
}

Result<std::string> hooks_dir_line(const Site& site, const Layers& layers,
                                   std::vector<std::string>& notes) {
  const std::vector<std::string> key = {"engine", "hooks_dir"};
  auto list = TRY(effective_list(site.tree, layers.all(), key, kHookFolders));
  for (const std::string& directory : {hooks(site.owner), early_hooks(site.owner)}) {
    add_missing(list, directory);
  }
  TRY(note_list(site.tree, layers, key, list, hooks(site.owner), notes));
  TRY(note_list(site.tree, layers, key, list, early_hooks(site.owner), notes));
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
  const Layers layers = TRY(configuration(site.tree, site.owner, drop_in(site.owner)));
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
  files.push_back(precreate_file(early_hooks(owner)));
  const auto more = hook_files(hooks(owner));
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

Result<WantedFiles> podman_wanted(const Site& site) {
  WantedFiles wanted;
  const std::string text = TRY(drop_in_text(site, wanted.notes));
  wanted.files.push_back({{drop_in(site.owner), File::Kind::kDropIn}, text});
  if (site.options.with != With::kRuntime) {
    wanted.files.push_back(wanted_precreate(early_hooks(site.owner), site));
    const auto more = wanted_hooks(hooks(site.owner), site);
    wanted.files.insert(wanted.files.end(), more.begin(), more.end());
  }
  return wanted;
}

Result<Configured> podman_configured(const Tree& tree, const Owner& owner) {
  const std::vector<std::string> files = TRY(configuration(tree, owner, "")).all();
  const std::string by_default = TRY(effective_string(tree, files, {"engine", "runtime"}));
  auto runtimes = TRY(runtimes_in(tree, files));
  if (by_default.starts_with('/')) {
    runtimes[by_default] = by_default;
  }
  // An ordinary user's podman reads no hooks unless it is told to.
  const auto initial = owner.is_user() ? std::vector<std::string>() : kHookFolders;
  const auto hooks = TRY(effective_list(tree, files, {"engine", "hooks_dir"}, initial));
  Configured configured;
  choose_runtime(runtimes, by_default, configured);
  TRY(find_hook(tree, hooks, configured));
  return configured;
}

}  // namespace holdfast::engine
