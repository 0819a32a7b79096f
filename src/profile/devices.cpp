#include "src/profile/devices.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace holdfast::profile {
namespace {

constexpr std::uint32_t kAll = HF_DEVICE_MKNOD | HF_DEVICE_READ | HF_DEVICE_WRITE;

// What runtimes grant without being asked (OCI runtime spec, "Default Devices"; runc's
// AllowedDevices). runc also lets a container make any device node; a node is no use without the
// right to open it, but on a kernel or a volume where the device controller is not in force it is,
// so only config.json gives that here.
constexpr std::array kDefaults = {
    DeviceRule{false, 1, 3, kAll},                // null
    DeviceRule{false, 1, 5, kAll},                // zero
    DeviceRule{false, 1, 7, kAll},                // full
    DeviceRule{false, 1, 8, kAll},                // random
    DeviceRule{false, 1, 9, kAll},                // urandom
    DeviceRule{false, 5, 0, kAll},                // tty
    DeviceRule{false, 5, 1, kAll},                // console
    DeviceRule{false, 5, 2, kAll},                // ptmx
    DeviceRule{false, 10, 200, kAll},             // net/tun
    DeviceRule{false, 136, HF_DEVICE_ANY, kAll},  // pts
    DeviceRule{false, 0, 0, HF_DEVICE_MKNOD},     // overlay whiteout: a deleted file, no device
};

std::uint32_t access_bits(const std::string& access) {
  std::uint32_t bits = 0;
  const auto grant = [&](char letter, std::uint32_t bit) {
    bits |= access.find(letter) != std::string::npos ? bit : 0;
  };
  grant('m', HF_DEVICE_MKNOD);
  grant('r', HF_DEVICE_READ);
  grant('w', HF_DEVICE_WRITE);
  return bits;
}

// A number as the kernel's map has it; -1 and none are every number. What cannot be a device number
// becomes one that no device has.
std::uint32_t device_number(const std::optional<std::int64_t>& number) {
  if (!number || *number == -1) {
    return HF_DEVICE_ANY;
  }
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  return *number >= 0 && *number < kMax ? static_cast<std::uint32_t>(*number) : HF_DEVICE_ANY - 1;
}

class Table {
 public:
  void add(const DeviceRule& rule) {
    const auto same = [&](const DeviceRule& other) {
      return other.block == rule.block && other.major == rule.major && other.minor == rule.minor;
    };
    const auto found = std::find_if(rules_.begin(), rules_.end(), same);
    if (found == rules_.end()) {
      rules_.push_back(rule);
    } else {
      found->access |= rule.access;
    }
  }

  // Takes access away from the rules that `rule` covers. An exception to a wider rule ("all but
  // 10:229") is left to the device controller, which the runtime programs with the same rules.
  void remove(const DeviceRule& rule) {
    for (DeviceRule& other : rules_) {
      const bool covered = other.block == rule.block &&
                           (rule.major == HF_DEVICE_ANY || rule.major == other.major) &&
                           (rule.minor == HF_DEVICE_ANY || rule.minor == other.minor);
      other.access &= covered ? ~rule.access : ~0U;
    }
    std::erase_if(rules_, [](const DeviceRule& other) { return other.access == 0; });
  }

  [[nodiscard]] bool everything() const { return has_all(false) && has_all(true); }
  [[nodiscard]] std::vector<DeviceRule> take() && { return std::move(rules_); }

 private:
  [[nodiscard]] bool has_all(bool block) const {
    return std::find(rules_.begin(), rules_.end(),
                     DeviceRule{block, HF_DEVICE_ANY, HF_DEVICE_ANY, kAll}) != rules_.end();
  }

  std::vector<DeviceRule> rules_;
};

void apply(const oci::DeviceCgroupRule& rule, Table& table) {
  const bool every_type = rule.type.empty() || rule.type == "a";
  const std::string access = rule.access.empty() ? "rwm" : rule.access;
  for (const bool block : {false, true}) {
    const bool concerned = every_type || rule.type == (block ? "b" : "c");
    if (!concerned) {
      continue;
    }
    const DeviceRule device{block, device_number(rule.major), device_number(rule.minor),
                            access_bits(access)};
    rule.allow ? table.add(device) : table.remove(device);
  }
}

}  // namespace

void compile_devices(const oci::Spec& spec, Policy& policy) {
  Table table;
  for (const oci::DeviceCgroupRule& rule : spec.device_rules) {
    apply(rule, table);
  }
  policy.all_devices = table.everything();
  for (const oci::Device& device : spec.devices) {
    if (device.type != "p") {
      table.add(
          {device.type == "b", device_number(device.major), device_number(device.minor), kAll});
    }
  }
  std::for_each(kDefaults.begin(), kDefaults.end(),
                [&](const DeviceRule& rule) { table.add(rule); });
  policy.devices = std::move(table).take();
}

bool is_default_device(const DeviceRule& rule) {
  const bool only_makes = (rule.access & ~static_cast<std::uint32_t>(HF_DEVICE_MKNOD)) == 0;
  return only_makes || std::ranges::any_of(kDefaults, [&](const DeviceRule& known) {
           return known.block == rule.block && known.major == rule.major &&
                  (known.minor == HF_DEVICE_ANY || known.minor == rule.minor);
         });
}

}  // namespace holdfast::profile
