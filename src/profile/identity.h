// What a container and its image are called by the engine that made it.
#pragma once

#include <string>

#include "src/oci/spec.h"

namespace holdfast::profile {

struct Identity {
  std::string name;   // "": the engine tells none
  std::string image;  // reference, as the engine has it; "" likewise
};

// From the annotations of config.json; where those have none, from what podman (containers-storage)
// and Docker keep of it in their own directories, which its bundle and its mounts lead to.
// `engine`: oci::engine_of().
Identity identify(const oci::Spec& spec, const std::string& engine, const std::string& bundle);

}  // namespace holdfast::profile
