// Devices that config.json grants.
#pragma once

#include <vector>

#include "src/oci/spec.h"
#include "src/profile/policy.h"

namespace holdfast::profile {

// Sets policy.all_devices and policy.devices from linux.resources.devices, linux.devices and the
// devices that every runtime grants.
void compile_devices(const oci::Spec& spec, Policy& policy);

}  // namespace holdfast::profile
