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

// What podman reads besides our drop-in, in its order.
Result<std::vector<std::string>> configuration(const Site& site) {
  std::vector<std::string> files = {"/usr/share/containers/containers.conf"};
  std::vector<std::string> folders = {"/etc/containers"};
  if (site.owner.is_user()) {
    folders.push_back(folder(site.owner));
  }
  for (const std::string& one : folders) {
    files.push_back(one + "/containers.conf");
    const auto more =
        TRY(drop_ins(site.tree, one + "/containers.conf.d", ".conf", drop_in(site.owner)));
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

Result<std::string> hooks_dir_line(const Site& site, const std::vector<std::string>& files) {
  auto list = TRY(effective_list(site.tree, files, {"engine", "hooks_dir"}, kHookFolders));
  add_missing(list, hooks(site.owner));
  return fmt::format("hooks_dir = {}\n", toml_array(list));
}

// podman gives --log to these alone, and without it a refusal's reason is lost.
Result<std::string> runtime_lines(const Site& site, const std::vector<std::string>& files) {
  auto list =
      TRY(effective_list(site.tree, files, {"engine", "runtime_supports_json"}, kSupportJson));
  for (const char* name : {kRuntimeName, "holdfast-runtime", "holdfast-crun", "holdfast-runc"}) {
    add_missing(list, name);
  }
  return fmt::format("{}runtime_supports_json = {}\n",
                     site.options.by_default ? "runtime = \"holdfast\"\n" : "", toml_array(list));
}

Result<std::string> drop_in_text(const Site& site) {
  const auto files = TRY(configuration(site));
  std::string text =
      "# Written by \"holdfast install podman\"; \"holdfast uninstall podman\" removes it.\n"
      "[engine]\n";
  if (site.options.with != With::kHook) {
    text += TRY(runtime_lines(site, files));
  }
  if (site.options.with != With::kRuntime) {
    text += TRY(hooks_dir_line(site, files));
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
  wanted.files.push_back({{drop_in(site.owner), File::Kind::kDropIn}, TRY(drop_in_text(site))});
  if (site.options.with != With::kRuntime) {
    const auto more = wanted_hooks(hooks(site.owner), site);
    wanted.files.insert(wanted.files.end(), more.begin(), more.end());
  }
  return wanted;
}

}  // namespace holdfast::engine
