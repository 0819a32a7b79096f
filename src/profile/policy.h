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

// A path with a rule of its own: the file, or the directory with all below.
struct FileRule {
  std::string path;
  std::uint8_t read = HF_OFF;   // enum hf_action
  std::uint8_t write = HF_OFF;  // the same, for changes of every kind
  std::uint8_t severity = 0;    // as in struct hf_event
  bool operator==(const FileRule&) const = default;
};

// Where a container may connect to, or a port that it may listen on.
struct PeerRule {
  hf_network_use use = HF_NETWORK_CONNECT;
  std::array<std::uint8_t, 16> address{};  // IPv4 as ::ffff:a.b.c.d
  std::uint8_t prefix_bits = 0;            // of the address, at most 128
  std::uint16_t port = 0;                  // 0: any
  bool operator==(const PeerRule&) const = default;
};

// An alert of ordinary work, which becomes a record. Globs (base::glob_match); "" fits everything.
struct Exception {
  std::string class_name;
  std::string exe;
  std::string path;    // of the object
  std::string reason;  // why it is ordinary; never empty
  bool operator==(const Exception&) const = default;
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
  std::vector<std::string> executables;  // prefixes of what may be executed (exec.unexpected)
  std::vector<FileRule> files;           // file.sensitive
  std::array<std::uint8_t, HF_NETWORK_USES> network{};  // enum hf_action by enum hf_network_use
  std::vector<PeerRule> peers;                          // network.unexpected
  std::uint64_t capabilities = 0;  // expected to be used (privilege.capability), bit n
  bool operator==(const Policy&) const = default;
};

// Name of a class ("escape.mount") and back; nullptr and HF_CLASS_NONE for what is not one.
const char* class_name(std::uint32_t class_id);
std::uint32_t class_by_name(const std::string& name);

// Name of an action ("deny") and back; nullptr and -1 for what is not one.
const char* action_name(int action);
int action_by_name(const std::string& name);

}  // namespace holdfast::profile
