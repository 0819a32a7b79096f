#include "shim/guard.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <string>

#include "shim/own_cgroup.h"
#include "shim/refuse.h"
#include "src/base/beneath.h"
#include "src/base/self.h"
#include "src/guard/rewrite.h"
#include "src/monitor/spawn.h"
#include "src/profile/user.h"

namespace holdfast::shim {
namespace {

constexpr const char* kConfigName = "config.json";

struct Place {
  std::string bundle;
  std::string folder;  // of config.json
  std::string name;
  [[nodiscard]] std::string path() const { return folder + "/" + name; }
};

Result<std::string> real_path(const std::string& path) {
  std::array<char, PATH_MAX> real{};
  if (realpath(path.c_str(), real.data()) == nullptr) {
    return fail_errno(path, errno);
  }
  return std::string(real.data());
}

// config.json of the bundle, or the file of crun's --config, which is relative to the working
// directory unless it is just "config.json" (crun, src/create.c).
Result<Place> find_config(const CommandLine& line) {
  const auto bundle = real_path(line.bundle.empty() ? "." : line.bundle);
  if (!bundle.ok()) {
    return fail("the bundle " + bundle.error().message);
  }
  if (line.config.empty() || line.config == kConfigName) {
    return Place{bundle.value(), bundle.value(), kConfigName};
  }
  const std::string path = TRY(real_path(line.config));
  const std::size_t slash = path.rfind('/');
  return Place{bundle.value(), path.substr(0, slash), path.substr(slash + 1)};
}

// crun makes the device nodes of a container with a user namespace in a mount namespace of its own,
// and back from there (setns(2)) its working directory, which it tells as the bundle, is "/".
bool may_lose_bundle(const oci::Spec& spec) {
  return !spec.devices.empty() &&
         std::any_of(spec.namespaces.begin(), spec.namespaces.end(),
                     [](const oci::Namespace& one) { return one.type == "user"; });
}

Result<guard::HookCommand> find_hook(const Place& place, const oci::Spec& spec) {
  guard::HookCommand hook;
  hook.path = base::find_program(HOLDFAST_LIBEXECDIR "/holdfast-hook", "../hook/holdfast-hook");
  if (hook.path.empty()) {
    return fail("holdfast-hook is not installed in " HOLDFAST_LIBEXECDIR
                "; reinstall holdfast, all of it");
  }
  // The hook knows the bundle from the container's state, but not crun's --config.
  if (place.path() != place.bundle + "/" + kConfigName) {
    hook.options = {"--spec", place.path()};
  }
  if (may_lose_bundle(spec)) {
    hook.options.insert(hook.options.end(), {"--bundle", place.bundle});
  }
  return hook;
}

// Whether the kernel's back end can refuse; what happens without a monitor is the profile's
// decision.
Result<bool> ask_monitor(const profile::Config& config, const profile::Resolved& resolved) {
  monitor::Where where;
  where.socket = config.monitor.socket;
  where.binary = config.monitor.binary;
  const auto status = monitor::ensure_running(where);
  if (status.ok()) {
    return status.value().enforcing;
  }
  if (resolved.on_failure == profile::OnFailure::kRefuse) {
    return fail(status.error().message + " (profile \"" + resolved.profile.name +
                "\" refuses a container without its guard)");
  }
  warn(status.error().message + "; the container has seccomp and a read-only root at most");
  return false;
}

// What the engine says stands, and so does what it leaves to the runtime's other managers.
bool lacks_cgroup(const CommandLine& line, const oci::Spec& spec) {
  const bool is_by_file = line.cgroup_manager.empty() || line.cgroup_manager == "cgroupfs";
  return profile::own_user() != 0 && is_by_file && line.options_known &&
         (spec.cgroups_path.empty() ||
          spec.cgroups_path.ends_with("/holdfast-" + line.words.front()));
}

}  // namespace

Status guard_container(const CommandLine& line, const profile::Config& config) {
  const Place place = TRY(find_config(line));
  const base::FileContent old =
      TRY(base::read_beneath(place.folder, place.name, oci::kSpecLimits.max_bytes));
  const profile::Source source = profile::file_source(profile::profile_directories(config));
  const auto image = [&](const oci::Spec& spec) { return guard::image_in(spec, place.bundle); };
  guard::Subject subject = TRY(guard::read_subject(old.bytes, place.path(), source, config, image));
  if (subject.resolved.profile.mode == profile::Mode::kOff) {
    return Ok{};
  }
  if (lacks_cgroup(line, subject.spec)) {
    subject.cgroup = own_cgroup(line.words.front());
  }
  const guard::HookCommand hook = TRY(find_hook(place, subject.spec));
  const bool enforcing = TRY(ask_monitor(config, subject.resolved));
  const std::string bytes =
      TRY(guard::rewrite(std::move(subject), enforcing, hook, profile::this_host()));
  if (bytes.empty()) {
    return Ok{};
  }
  return base::replace_beneath(place.folder, place.name, bytes, old);
}

}  // namespace holdfast::shim
