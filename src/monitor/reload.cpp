#include "src/monitor/reload.h"

#include <map>
#include <utility>

#include <fmt/core.h>

#include "src/base/log.h"
#include "src/profile/compile.h"
#include "src/profile/load.h"
#include "src/profile/resolve.h"

namespace holdfast::monitor {
namespace {

// Hundreds of containers with a few profiles: those that say the same get the same.
class Resolver {
 public:
  explicit Resolver(const profile::Config& config)
      : config_(config), source_(profile::file_source(profile::profile_directories(config))) {}

  Result<profile::Resolved> resolve(const Container& container) {
    oci::Annotations deciding = container.annotations;
    std::erase_if(deciding, [](const auto& annotation) {
      return !profile::is_deciding(annotation.first, annotation.second);
    });
    std::pair key(std::move(deciding), container.image);
    const auto known = resolved_.find(key);
    if (known != resolved_.end()) {
      return known->second;
    }
    profile::Resolved resolved =
        TRY(profile::resolve(source_, config_, key.first, container.image));
    return resolved_.emplace(std::move(key), std::move(resolved)).first->second;
  }

 private:
  const profile::Config& config_;
  profile::Source source_;
  // By what decides: annotations and image.
  std::map<std::pair<oci::Annotations, std::string>, profile::Resolved> resolved_;
};

Registration with_profile(const Registration& before, const profile::Resolved& resolved,
                          bool enforcing) {
  profile::Compiled compiled = profile::recompile(resolved.profile, before.policy, enforcing);
  Registration after = before;
  after.container.profile = resolved.profile.name;
  after.container.mode = profile::mode_name(resolved.profile.mode);
  after.policy = std::move(compiled.policy);
  after.exceptions = std::move(compiled.exceptions);
  after.exec_into = std::move(compiled.exec_into);
  after.respond = compiled.respond;
  return after;
}

std::size_t registration_bytes(const Registration& registration) {
  Request request;
  request.op = Request::Op::kRegister;
  request.registration = registration;
  return encode(request).size();
}

bool is_same(const Registration& a, const Registration& b) {
  return a.container.profile == b.container.profile && a.container.mode == b.container.mode &&
         a.policy == b.policy && a.exceptions == b.exceptions && a.exec_into == b.exec_into &&
         a.respond == b.respond;
}

}  // namespace

Result<std::vector<Registration>> read_profiles_again(const Registry& registry,
                                                      const profile::Config& config,
                                                      bool enforcing) {
  Resolver resolver(config);
  std::vector<Registration> changed;
  for (const auto& [id, entry] : registry.entries()) {
    const Registration& before = entry.registration;
    if (before.owner != 0) {
      continue;  // The profiles are in the user's home.
    }
    if (!before.has_deciding) {
      base::log(base::LogLevel::kWarning,
                fmt::format("container {} was registered by a former version of holdfast; it keeps "
                            "its policy until it is started anew",
                            id));
      continue;
    }
    const Result<profile::Resolved> resolved = resolver.resolve(before.container);
    if (!resolved.ok()) {
      return fail(fmt::format("container {}: {}", id, resolved.error().message));
    }
    Registration after = with_profile(before, resolved.value(), enforcing);
    if (is_same(before, after)) {
      continue;
    }
    if (registration_bytes(after) > kMaxMessageBytes) {
      return fail(
          fmt::format("container {}: with its annotations, what profile \"{}\" says takes more "
                      "than {} bytes; make its lists shorter",
                      id, after.container.profile, kMaxMessageBytes));
    }
    changed.push_back(std::move(after));
  }
  return changed;
}

}  // namespace holdfast::monitor
