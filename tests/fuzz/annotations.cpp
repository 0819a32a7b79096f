// Annotations of a container, from their text to a policy. Each line of an input is KEY=VALUE.
#include <algorithm>
#include <string>
#include <string_view>

#include "src/base/path.h"
#include "src/profile/resolve.h"
#include "tests/fuzz/target.h"

namespace holdfast::fuzz {
namespace {

oci::Annotations annotations_of(std::string_view bytes) {
  oci::Annotations annotations;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    const std::size_t equal = std::min(line.find('='), line.size());
    annotations.emplace(line.substr(0, equal), line.substr(std::min(equal + 1, line.size())));
  }
  return annotations;
}

// Files with a profile for one image.
Files profiles() {
  Files files = shipped_profiles();
  files["/p/nginx.json"] = R"({"schema":"holdfast.profile/v1","name":"nginx","extends":"immutable",
    "match":{"images":["docker.io/library/nginx:*","*[0-9]*/nginx"]},
    "rootfs":{"writable":["/var/cache/nginx"]}})";
  return files;
}

bool writable_in(const profile::Profile& profile, const std::string& path) {
  return std::ranges::any_of(profile.rootfs.writable, [&](const std::string& prefix) {
    return base::is_at_or_below(path, prefix);
  });
}

// What the administrator did not allow, annotations do not do.
void check_not_loosened(const profile::Source& source, const profile::Profile& profile) {
  const profile::Profile own = profile::load_profile(source, profile.name).value();
  require(profile.mode >= own.mode, "annotations weaken no mode unless they may");
  for (const std::string& path : profile.rootfs.writable) {
    require(writable_in(own, path), "annotations make nothing writable unless they may");
  }
}

Status resolve_and_compile(const profile::Source& source, const profile::Config& config,
                           const oci::Annotations& annotations) {
  const profile::Resolved resolved = TRY(profile::resolve(source, config, annotations));
  TRY(profile::check_filter_is_used(resolved.profile, config, annotations));
  if (!config.annotations_allow.contains("mode")) {
    check_not_loosened(source, resolved.profile);
  }
  oci::Spec spec = ordinary_spec();
  spec.annotations = annotations;
  return compile_both(resolved.profile, spec);
}

}  // namespace

Status judge(std::string_view bytes) {
  static const Files files = profiles();
  static const profile::Source source = source_of(files);
  const oci::Annotations annotations = annotations_of(bytes);
  profile::Config generous;
  generous.annotations_allow = {"profile", "mode", "rootfs.writable", "image", "respond"};
  Status status = resolve_and_compile(source, generous, annotations);
  const Status ordinary = resolve_and_compile(source, {}, annotations);
  require(status.ok() || !ordinary.ok(), "an administrator who allows more refuses no more");
  return status;
}

}  // namespace holdfast::fuzz
