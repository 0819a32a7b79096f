#include "src/engine/crio.h"

#include <map>

#include <fmt/format.h>

#include "src/engine/hook_files.h"
#include "src/engine/lists.h"
#include "src/engine/real_runtime.h"
#include "src/engine/toml.h"

namespace holdfast::engine {
namespace {

constexpr const char* kDropIns = "/etc/crio/crio.conf.d";
constexpr const char* kDropIn = "/etc/crio/crio.conf.d/50-holdfast.conf";
// Not /etc/containers/oci/hooks.d, which podman reads as well.
constexpr const char* kHooks = "/etc/crio/hooks.d";
// CRI-O's own, of which a list in a drop-in takes the place.
constexpr const char* kInitialHooks = "/usr/share/containers/oci/hooks.d";

Result<std::string> hooks_dir_line(const Site& site, const Layers& layers,
                                   std::vector<std::string>& notes) {
  const std::vector<std::string> key = {"crio", "runtime", "hooks_dir"};
  auto list = TRY(effective_list(site.tree, layers.all(), key, {kInitialHooks}));
  add_missing(list, kHooks);
  TRY(note_list(site.tree, layers, key, list, kHooks, notes));
  return fmt::format("hooks_dir = {}\n", toml_array(list));
}

// All that CRI-O reads; but for `ours`, when that is not "".
Result<Layers> configuration(const Tree& tree, const std::string& ours) {
  Layers layers;
  TRY(add_layer(tree, "/etc/crio/crio.conf", kDropIns, "", ours, layers));
  return layers;
}

// The program of each runtime, as the last file has it that names the runtime.
Result<std::map<std::string, std::string>> runtimes_in(const Tree& tree,
                                                       const std::vector<std::string>& files) {
  std::map<std::string, std::string> runtimes;
  for (const std::string& path : files) {
    const auto text = TRY(tree.read_through(path));
    const toml::table document = TRY(parse_toml(text.value_or(""), path));
    const toml::node* table = find_node(document, {"crio", "runtime", "runtimes"});
    if (table == nullptr || !table->is_table()) {
      continue;
    }
    for (const auto& [name, node] : *table->as_table()) {
      const toml::table* runtime = node.as_table();
      runtimes[std::string(name.str())] =
          runtime != nullptr ? (*runtime)["runtime_path"].value_or(std::string()) : "";
    }
  }
  return runtimes;
}

// A runtime's table as the last file has it that has one: CRI-O joins no two.
Result<toml::table> runtime_named(const Site& site, const Layers& layers, const std::string& name) {
  toml::table runtime;
  for (const std::string& path : layers.all()) {
    const auto text = TRY(site.tree.read_through(path));
    const toml::table document = TRY(parse_toml(text.value_or(""), path));
    const toml::node* found = find_node(document, {"crio", "runtime", "runtimes", name});
    if (found != nullptr && found->is_table()) {
      runtime = *found->as_table();
    }
  }
  return runtime;
}

// The runtime that ours is to be like: the default one, or what CRI-O has without configuration,
// when a file says something of it. Virtual machines ("vm") have other settings.
Result<toml::table> model_of(const Site& site, const Layers& layers,
                             const std::string& by_default) {
  for (const std::string& name : {by_default, std::string("crun"), std::string("runc")}) {
    if (name == kRuntimeName) {
      continue;  // somebody's own file for holdfast
    }
    toml::table runtime = TRY(runtime_named(site, layers, name));
    const std::string type = runtime["runtime_type"].value_or(std::string());
    if (!runtime.empty() && (type.empty() || type == "oci")) {
      return runtime;
    }
  }
  return toml::table();
}

// With the monitor (conmon is not always on PATH), annotations and devices of the model.
Result<std::string> runtime_lines(const Site& site, const Layers& layers,
                                  const std::string& by_default, std::vector<std::string>& notes) {
  const toml::table model = TRY(model_of(site, layers, by_default));
  TRY(note_other_runtime(site, "CRI-O's runtime", model["runtime_path"].value_or(std::string()),
                         notes));
  return fmt::format(
             "\n[crio.runtime.runtimes.{}]\nruntime_path = {}\nruntime_type = \"oci\"\n"
             "runtime_root = \"/run/holdfast-crio\"\n",
             kRuntimeName, toml_string(site.programs.runtime)) +
         lines_of(&model, {"runtime_path", "runtime_type", "runtime_root", "runtime_config_path",
                           "platform_runtime_paths", "inherit_default_runtime"});
}

Result<std::string> drop_in_text(const Site& site, std::vector<std::string>& notes) {
  const Layers layers = TRY(configuration(site.tree, kDropIn));
  const std::vector<std::string> key = {"crio", "runtime", "default_runtime"};
  const std::string by_default = TRY(effective_string(site.tree, layers.all(), key));
  TRY(keep_default(site.options, by_default));
  std::string text =
      "# Written by \"holdfast install crio\"; \"holdfast uninstall crio\" removes it.\n"
      "[crio.runtime]\n";
  const bool has_runtime = site.options.with != With::kHook;
  if (has_runtime && site.options.by_default) {
    text += fmt::format("default_runtime = \"{}\"\n", kRuntimeName);
    TRY(note_string(site.tree, layers, key, kRuntimeName, notes));
  }
  if (site.options.with != With::kRuntime) {
    text += TRY(hooks_dir_line(site, layers, notes));
  }
  return text + (has_runtime ? TRY(runtime_lines(site, layers, by_default, notes)) : "");
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
  const std::string text = TRY(drop_in_text(site, wanted.notes));
  wanted.files.push_back({{kDropIn, File::Kind::kDropIn}, text});
  if (site.options.with != With::kRuntime) {
    const auto more = wanted_hooks(kHooks, site);
    wanted.files.insert(wanted.files.end(), more.begin(), more.end());
  }
  return wanted;
}

Result<Configured> crio_configured(const Tree& tree) {
  const std::vector<std::string> files = TRY(configuration(tree, "")).all();
  const auto by_default =
      TRY(effective_string(tree, files, {"crio", "runtime", "default_runtime"}));
  const auto runtimes = TRY(runtimes_in(tree, files));
  const auto hooks =
      TRY(effective_list(tree, files, {"crio", "runtime", "hooks_dir"}, {kInitialHooks}));
  Configured configured;
  choose_runtime(runtimes, by_default, configured);
  TRY(find_hook(tree, hooks, configured));
  return configured;
}

}  // namespace holdfast::engine
