#include "src/profile/resolve.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/oci/filter.h"
#include "src/oci/image.h"

namespace holdfast::profile {
namespace {

constexpr std::string_view kPrefix = "io.holdfast.";
constexpr const char* kRespondAnnotation = "io.holdfast.respond";
constexpr std::array kKnown = {kProfileAnnotation, kModeAnnotation, kWritableAnnotation,
                               oci::kImageAnnotation, kRespondAnnotation};

// A registration has room for the list besides the policy that is made of it.
constexpr std::size_t kMaxWritableListBytes = std::size_t{16} * 1024;

Error wrong(const char* annotation, const std::string& sentence) {
  return fail(fmt::format("annotation {}: {}", annotation, sentence));
}

Status check_known(const oci::Annotations& annotations) {
  const auto first = annotations.lower_bound(std::string(kPrefix));
  for (auto it = first; it != annotations.end() && it->first.starts_with(kPrefix); ++it) {
    if (std::find(kKnown.begin(), kKnown.end(), it->first) == kKnown.end()) {
      return fail(fmt::format("annotation {} is not known; known: {}", base::shown(it->first),
                              fmt::join(kKnown, ", ")));
    }
  }
  return Ok{};
}

Status check_allowed(const Config& config, const char* annotation, const std::string& does) {
  const std::string name = std::string(annotation).substr(kPrefix.size());
  if (!config.annotations_allow.contains(name)) {
    return wrong(annotation, fmt::format("{}, which annotations may not do here; remove it, or add "
                                         "\"{}\" to annotations.allow in {}",
                                         does, name, kConfigPath));
  }
  return Ok{};
}

Status check_image(const std::string& image) {
  if (image.size() > kMaxImageBytes) {
    return fail(
        fmt::format("the container has an image reference of more than {} bytes, "
                    "\"{}\"; correct it",
                    kMaxImageBytes, base::shown(image)));
  }
  return Ok{};
}

Result<Profile> choose(const Source& source, const Config& config,
                       const oci::Annotations& annotations, const std::string& image) {
  const auto named = annotations.find(kProfileAnnotation);
  if (named != annotations.end()) {
    TRY(check_allowed(config, kProfileAnnotation, "chooses the profile"));
    Result<Profile> profile = load_profile(source, named->second);
    if (!profile.ok()) {
      return wrong(kProfileAnnotation, profile.error().message);
    }
    // A profile of what a pod is for lists other programs than the engine's.
    if (!oci::is_pause(annotations)) {
      return profile;
    }
  }
  std::optional<Profile> matched = TRY(match_profile(source, image));
  if (matched) {
    return *std::move(matched);
  }
  return load_profile(source, config.default_profile);
}

Status apply_mode(const Config& config, const oci::Annotations& annotations, Profile& profile) {
  const auto given = annotations.find(kModeAnnotation);
  if (given == annotations.end()) {
    return Ok{};
  }
  const Result<Mode> mode = mode_by_name(given->second);
  if (!mode.ok()) {
    return wrong(kModeAnnotation, mode.error().message);
  }
  if (mode.value() < profile.mode) {
    TRY(check_allowed(config, kModeAnnotation,
                      fmt::format("weakens mode {} of profile {} to {}", mode_name(profile.mode),
                                  profile.name, mode_name(mode.value()))));
  }
  profile.mode = mode.value();
  return Ok{};
}

// For alerts that are critical, and the worse.
Status apply_respond(const Config& config, const oci::Annotations& annotations, Profile& profile) {
  const auto given = annotations.find(kRespondAnnotation);
  if (given == annotations.end()) {
    return Ok{};
  }
  const std::optional<Response> response = response_by_name(given->second);
  if (!response || *response > Response::kKillContainer) {
    return wrong(kRespondAnnotation,
                 fmt::format("\"{}\" is not one of alert, kill-process, isolate, freeze, "
                             "kill-container",
                             base::shown(given->second)));
  }
  const auto critical = profile.respond.begin() + kCriticalNumber + 1;
  const Response strongest = *std::max_element(profile.respond.begin(), critical);
  if (*response < strongest) {
    TRY(check_allowed(config, kRespondAnnotation,
                      fmt::format("weakens the response of profile {} to critical alerts from {} "
                                  "to {}",
                                  profile.name, response_name(strongest), given->second)));
  }
  std::fill(profile.respond.begin(), critical, *response);
  return Ok{};
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = list.find(',', begin);
    parts.push_back(list.substr(begin, comma - begin));
    if (comma == std::string::npos) {
      return parts;
    }
    begin = comma + 1;
  }
}

bool is_writable(const Profile& profile, const std::string& path) {
  return std::any_of(profile.rootfs.writable.begin(), profile.rootfs.writable.end(),
                     [&](const std::string& prefix) { return base::is_at_or_below(path, prefix); });
}

Status apply_writable(const Config& config, const oci::Annotations& annotations, Profile& profile) {
  const auto given = annotations.find(kWritableAnnotation);
  if (given == annotations.end()) {
    return Ok{};
  }
  if (given->second.size() > kMaxWritableListBytes) {
    return wrong(kWritableAnnotation, fmt::format("is longer than {} bytes; name directories above "
                                                  "its paths",
                                                  kMaxWritableListBytes));
  }
  for (const std::string& path : split(given->second)) {
    const std::string problem = path_problem(path);
    if (!problem.empty()) {
      return wrong(kWritableAnnotation, problem);
    }
    if (is_writable(profile, path)) {
      continue;
    }
    TRY(check_allowed(config, kWritableAnnotation, fmt::format("makes {} writable", path)));
    if (profile.rootfs.writable.size() >= kMaxWritable) {
      return wrong(kWritableAnnotation, fmt::format("makes more than {} paths writable; name a "
                                                    "directory above them",
                                                    kMaxWritable));
    }
    profile.rootfs.writable.push_back(path);
  }
  return Ok{};
}

}  // namespace

Result<Resolved> resolve(const Source& source, const Config& config,
                         const oci::Annotations& annotations, const std::string& image) {
  TRY(check_known(annotations));
  if (annotations.contains(oci::kImageAnnotation)) {
    TRY(check_allowed(config, oci::kImageAnnotation, "gives the image"));
  }
  Resolved resolved;
  resolved.image = image.empty() ? oci::image_of(annotations) : image;
  TRY(check_image(resolved.image));
  resolved.profile = TRY(choose(source, config, annotations, resolved.image));
  TRY(apply_mode(config, annotations, resolved.profile));
  TRY(apply_writable(config, annotations, resolved.profile));
  TRY(apply_respond(config, annotations, resolved.profile));
  resolved.on_failure = resolved.profile.on_failure.value_or(config.on_failure);
  return resolved;
}

bool is_deciding(std::string_view key, std::string_view value) {
  return oci::is_pause({{std::string(key), std::string(value)}}) || key.starts_with(kPrefix) ||
         (oci::is_of_image(key) && value.size() <= kMaxImageBytes);
}

Status check_filter_is_used(const Profile& profile, const Config& config,
                            const oci::Annotations& annotations) {
  if (profile.mode != Mode::kEnforce || config.annotations_allow.contains(kFilterAnnotationsWord)) {
    return Ok{};
  }
  for (const char* annotation : oci::kFilterAnnotations) {
    if (annotations.contains(annotation)) {
      return wrong(annotation,
                   fmt::format("lets crun replace or change the seccomp filter of the profile; "
                               "remove it, or add \"{}\" to annotations.allow in {}",
                               kFilterAnnotationsWord, kConfigPath));
    }
  }
  return Ok{};
}

}  // namespace holdfast::profile
