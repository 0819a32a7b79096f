// What a container and its image are called by the engine that made it.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/oci/spec.h"

namespace holdfast::profile {

// Longer names are cut.
inline constexpr std::size_t kMaxNameBytes = 256;

struct Identity {
  std::string name;   // "": the engine tells none
  std::string image;  // reference, as the engine has it; "" likewise
};

// What podman (containers-storage) and Docker keep of it in their own directories, which its bundle
// and its mounts lead to; where there is none, what the annotations of config.json say, which with
// podman an image's author may have written. io.holdfast.image is the administrator's business
// (annotations.allow) and comes before all. `engine`: oci::engine_of(). A record that is there and
// cannot be read is an error: it may be what chooses the profile.
Result<Identity> identify(const oci::Spec& spec, const std::string& engine,
                          const std::string& bundle);

}  // namespace holdfast::profile
