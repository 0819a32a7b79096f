// What the shim, and the hook at podman's stage "precreate", change in a config.json. No system
// call here: bytes in, bytes out.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/oci/edit.h"
#include "src/oci/spec.h"
#include "src/profile/admit.h"
#include "src/profile/compile.h"
#include "src/profile/config.h"
#include "src/profile/load.h"
#include "src/profile/resolve.h"

namespace holdfast::guard {

// A config.json, and the profile that it gets.
struct Subject {
  oci::Document document;
  bool edited = false;  // the document is not what the file has any more
  oci::Spec spec;
  profile::Resolved resolved;
  std::string cgroup;  // to be linux.cgroupsPath; "": as it is
};

// The hook program and the arguments that go before the stage.
struct HookCommand {
  std::string path;
  std::vector<std::string> options;
};

using FindImage = std::function<Result<std::string>(const oci::Spec& spec)>;

// Checks config.json and chooses its profile. Annotations that would let crun replace the seccomp
// filter are gone from the document and the spec, unless `config` allows them.
// `image` finds what the engine calls its image.
Result<Subject> read_subject(std::string_view bytes, const std::string& path,
                             const profile::Source& source, const profile::Config& config,
                             const FindImage& image = {});

// What the engine that put config.json into `bundle` calls its image; "" where nobody says.
Result<std::string> image_in(const oci::Spec& spec, const std::string& bundle);

// How `hook` is written into hooks.STAGE.
oci::HookEntry hook_entry(const HookCommand& hook, const std::string& stage);

// The new config.json: hooks, seccomp, the read-only root where the profile needs it, and the
// cgroup. Empty when there is nothing to change: the container is not to be guarded, or this was
// done before. `enforcing`: whether the kernel's back end in force can refuse an operation. What
// config.json asks of `host` and its profile does not admit is an error.
Result<std::string> rewrite(Subject subject, bool enforcing, const HookCommand& hook,
                            const profile::Host& host);

}  // namespace holdfast::guard
