#include "hook/precreate.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "src/base/self.h"
#include "src/guard/rewrite.h"
#include "src/oci/edit.h"
#include "src/profile/admit.h"

namespace holdfast::hook {
namespace {

// What podman mounts into each container: DIRECTORY/overlay-containers/ID/userdata/.containerenv.
// An ordinary mount of somebody's at that place has another name.
constexpr const char* kPodmansFile = "/run/.containerenv";
constexpr std::string_view kPodmansName = "/userdata/.containerenv";
constexpr std::string_view kMerged = "/merged";
// Longer than refusing takes.
constexpr std::int64_t kTimeoutSeconds = 10;

std::string above(const std::string& path) { return path.substr(0, path.rfind('/')); }

// The directory of the container in podman's runtime directory.
std::string run_directory(const oci::Spec& spec) {
  for (const oci::Mount& mount : spec.mounts) {
    if (mount.destination == kPodmansFile && mount.source.ends_with(kPodmansName)) {
      return mount.source.substr(0, mount.source.size() - kPodmansName.size());
    }
  }
  return "";
}

// Whether the kernel's back end can refuse; what happens without a monitor is the profile's
// decision. The hook that comes next says so when the container goes without.
Result<bool> is_enforcing(const profile::Resolved& resolved, const monitor::Where& where,
                          std::chrono::steady_clock::time_point deadline) {
  const auto status = monitor::ensure_running(where, deadline);
  if (!status.ok() && resolved.on_failure == profile::OnFailure::kRefuse) {
    return fail(status.error().message + " (profile \"" + resolved.profile.name + "\")");
  }
  return status.ok() && status.value().enforcing;
}

// This program again, for the stages that follow.
std::string own_path() { return base::own_folder() + "/holdfast-hook"; }

guard::HookCommand own_command(const Options& options) {
  guard::HookCommand hook{own_path(), {}};
  if (!options.config.empty()) {
    hook.options.insert(hook.options.end(), {"--config", options.config});
  }
  if (!options.socket.empty()) {
    hook.options.insert(hook.options.end(), {"--socket", options.socket});
  }
  return hook;
}

}  // namespace

Result<std::string> refusing(const std::string& bytes, const std::string& why) {
  oci::Document document = TRY(oci::parse_document(bytes, "standard input"));
  oci::HookEntry entry = guard::hook_entry({own_path(), {"--refuse", why}}, "createRuntime");
  entry.timeout_s = kTimeoutSeconds;
  oci::append_hook(document, "createRuntime", entry);
  return oci::document_text(document);
}

std::string bundle_of(const oci::Spec& spec) {
  const std::string directory = run_directory(spec);
  const std::string& root = spec.root.path;
  if (directory.empty()) {
    return "";
  }
  // STORE/overlay/LAYER/merged: the bundle is beside it, in STORE/overlay-containers.
  const std::string bundles =
      root.ends_with(kMerged) ? above(above(root)) + "-containers" : above(directory);
  return bundles + directory.substr(directory.rfind('/')) + "/userdata";
}

Result<std::string> precreate(const std::string& bytes, const Options& options,
                              const profile::Config& config, const monitor::Where& where,
                              std::chrono::steady_clock::time_point deadline) {
  const profile::Source source = profile::file_source(profile::profile_directories(config));
  const auto image = [](const oci::Spec& spec) { return guard::image_in(spec, bundle_of(spec)); };
  guard::Subject subject = TRY(guard::read_subject(bytes, "standard input", source, config, image));
  if (subject.resolved.profile.mode == profile::Mode::kOff) {
    return bytes;
  }
  const bool enforcing = TRY(is_enforcing(subject.resolved, where, deadline));
  std::string text = TRY(
      guard::rewrite(std::move(subject), enforcing, own_command(options), profile::this_host()));
  return text.empty() ? bytes : std::move(text);
}

}  // namespace holdfast::hook
