// Which profile a container gets, and what its annotations may change in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/oci/spec.h"
#include "src/profile/config.h"
#include "src/profile/load.h"
#include "src/profile/profile.h"

namespace holdfast::profile {

inline constexpr const char* kProfileAnnotation = "io.holdfast.profile";
inline constexpr const char* kModeAnnotation = "io.holdfast.mode";
inline constexpr const char* kWritableAnnotation = "io.holdfast.rootfs.writable";

struct Resolved {
  Profile profile;  // with the annotations' changes
  std::string image;
  OnFailure on_failure = OnFailure::kRefuse;
};

// The profile of the annotation io.holdfast.profile, or the first whose match.images fits the
// image, or config.default_profile; a pod's pause container gets none by annotation. `image`: of
// identify(); "": what the annotations give. An annotation of ours that is unknown, malformed, or
// loosens what holdfast.json does not let it loosen is an error.
Result<Resolved> resolve(const Source& source, const Config& config,
                         const oci::Annotations& annotations, const std::string& image = "");

// Whether resolve() looks at the annotation `key`, and takes such a value.
bool is_deciding(std::string_view key, std::string_view value);

// That the runtime loads the filter of config.json, which is what profiles are about. An error
// where an annotation lets crun replace or change it, the mode is enforce, and holdfast.json does
// not allow that.
Status check_filter_is_used(const Profile& profile, const Config& config,
                            const oci::Annotations& annotations);

}  // namespace holdfast::profile
