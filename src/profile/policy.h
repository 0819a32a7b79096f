// A profile compiled for one container: what the monitor turns into kernel map entries.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <linux/types.h>

#include "bpf/abi/policy.h"

namespace holdfast::profile {

// One device that config.json grants (OCI runtime spec, config-linux, "devices" and
// "resources.devices").
struct DeviceRule {
  bool block = false;  // otherwise a character device
  std::uint32_t major = HF_DEVICE_ANY;
  std::uint32_t minor = HF_DEVICE_ANY;
  std::uint32_t access = 0;  // enum hf_device_access
  bool operator==(const DeviceRule&) const = default;
};

// Plain data. Paths are absolute and clean, as the container sees them.
struct Policy {
  std::array<std::uint8_t, HF_CLASS_MAX> action{};  // enum hf_action by enum hf_class
  std::uint64_t bounding = 0;                       // capability bounding set of config.json
  bool own_user_namespace = false;
  bool all_devices = false;  // config.json grants every device
  std::vector<DeviceRule> devices;
  std::vector<std::string>
      writable;  // prefixes of the rootfs that may be written; "/" is everything
  bool operator==(const Policy&) const = default;
};

// Name of a class ("escape.mount") and back; nullptr and HF_CLASS_NONE for what is not one.
const char* class_name(std::uint32_t class_id);
std::uint32_t class_by_name(const std::string& name);

// Name of an action ("deny") and back; nullptr and -1 for what is not one.
const char* action_name(int action);
int action_by_name(const std::string& name);

}  // namespace holdfast::profile
