// Devices that config.json grants.
#pragma once

#include <vector>

#include "src/oci/spec.h"
#include "src/profile/policy.h"

namespace holdfast::profile {

// Sets policy.all_devices and policy.devices from linux.resources.devices, linux.devices and the
// devices that every runtime grants.
void compile_devices(const oci::Spec& spec, Policy& policy);

// Whether a rule grants no more than every runtime does without being asked: that, or making nodes
// that cannot be opened.
bool is_default_device(const DeviceRule& rule);

}  // namespace holdfast::profile
