#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/cli/profile_place.h"
#include "src/monitor/client.h"
#include "src/oci/image.h"
#include "src/profile/explain.h"
#include "src/profile/resolve.h"
#include "src/profile/user.h"

namespace holdfast::cli {

namespace {

constexpr std::chrono::milliseconds kTimeout{5000};

struct Given {
  std::string profile;
  std::string image;
  std::string config;
  std::string container;
  bool json = false;
};

// A container: its config.json, and the image that it was registered with.
struct Described {
  oci::Spec spec;
  std::string image;
};

// What is shown, and for which config.json.
struct Shown {
  profile::Source source;
  std::string name;  // of the profile, or its file
  profile::Profile profile;
  oci::Spec spec;
};

profile::Source installed_source(const profile::Config& config) {
  return profile::file_source(profile::profile_directories(config));
}

Result<Shown> resolved(const profile::Config& config, const Described& described) {
  const oci::Spec& spec = described.spec;
  Shown shown{installed_source(config), "", {}, spec};
  shown.profile =
      TRY(profile::resolve(shown.source, config, spec.annotations, described.image)).profile;
  shown.name = shown.profile.name;
  return shown;
}

// As the monitor knows the container.
Result<Described> describe_container(const profile::Config& config, const std::string& wanted) {
  for (const monitor::ListedContainer& listed :
       TRY(monitor::list_containers(config.monitor.socket, kTimeout))) {
    const monitor::Container& container = listed.container;
    // What a user's bundle leads to is not for another to open.
    if (listed.user != profile::own_user()) {
      continue;
    }
    if (container.name == wanted || container.id.starts_with(wanted)) {
      return Described{TRY(spec_at(container.bundle + "/config.json")), container.image};
    }
  }
  return fail(fmt::format("no guarded container is called \"{}\"; see holdfast ps", wanted));
}

Result<Shown> find(const Given& given) {
  const profile::Config config = TRY(profile::load_config());
  if (!given.container.empty()) {
    return resolved(config, TRY(describe_container(config, given.container)));
  }
  oci::Spec spec = TRY(spec_at(given.config));
  if (!given.image.empty()) {
    spec.annotations[oci::kImageAnnotation] = given.image;
  }
  if (given.profile.empty()) {
    return resolved(config, {spec, ""});
  }
  const ProfilePlace place = TRY(find_profile(config, given.profile));
  profile::Profile profile = TRY(profile::load_profile(place.source, place.path));
  return Shown{place.source, place.path, std::move(profile), std::move(spec)};
}

const char* or_built_in(const std::string& file) {
  return file.empty() ? "built in" : file.c_str();
}

void print_keys(const std::vector<profile::Layer>& layers) {
  const nlohmann::json merged = profile::merge_layers(layers);
  fmt::print("{:<28} {:<40} FROM\n", "KEY", "VALUE");
  for (const std::string& key : profile::keys_of(merged)) {
    const std::string value = merged.at(nlohmann::json::json_pointer(key)).dump();
    fmt::print("{} {} {}\n", cell(key, 28), cell(value, 40),
               or_built_in(profile::origin_of(layers, key)));
  }
}

void print_classes(const std::vector<profile::Layer>& layers, const profile::Compiled& compiled) {
  fmt::print("\n{:<28} {:<8} DECIDED BY\n", "CLASS", "ACTION");
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    const std::string key = profile::key_of_class(id);
    fmt::print("{} {} {}, {}\n", cell(profile::class_name(id), 28),
               cell(profile::action_name(compiled.policy.action.at(id)), 8), key,
               or_built_in(profile::origin_of(layers, key)));
  }
}

Status show(const Given& given) {
  const Shown shown = TRY(find(given));
  const std::vector<profile::Layer> layers = TRY(profile::load_layers(shown.source, shown.name));
  if (given.json) {
    fmt::print("{}\n", profile::merge_layers(layers).dump(2));
    return Ok{};
  }
  const profile::Compiled compiled = TRY(profile::compile(shown.profile, shown.spec, true));
  fmt::print("profile {}, mode {}, from", shown.profile.name,
             profile::mode_name(shown.profile.mode));
  for (const profile::Layer& layer : layers) {
    fmt::print(" {}", layer.path);
  }
  fmt::print("\n\n");
  print_keys(layers);
  print_classes(layers, compiled);
  return Ok{};
}

}  // namespace

void add_profile_show(CLI::App& profile, int& status) {
  auto* command = profile.add_subcommand(
      "show", "Show a profile with what it extends, and which file each rule came from");
  command->footer(
      "Without PROFILE: the one that a container of the image, with that config.json, or the "
      "running\n"
      "container has. Actions are those on a kernel that can refuse; where several rules decide "
      "about a\n"
      "class, the strongest action of any is shown.\n"
      "\n"
      "Examples:\n"
      "  holdfast profile show immutable\n"
      "  holdfast profile show --image docker.io/library/nginx:1.27\n"
      "  holdfast profile show --container web");
  auto given = std::make_shared<Given>();
  auto* name =
      command->add_option("PROFILE", given->profile, "A file, or the name of an installed profile");
  auto* image = command->add_option("--image", given->image, "The profile for this image");
  auto* config = command->add_option("--config", given->config, "The profile for this config.json");
  command->add_option("--container", given->container, "Of this running container: name or id")
      ->excludes(name)
      ->excludes(image)
      ->excludes(config);
  image->excludes(name);
  command->add_flag("--json", given->json, "The merged profile alone, as JSON");
  command->callback([given, &status] {
    const Status done = show(*given);
    status = done.ok() ? 0 : complain(done.error());
  });
}

}  // namespace holdfast::cli
