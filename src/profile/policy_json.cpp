#include "src/profile/policy_json.h"

#include <fmt/core.h>

#include "src/base/json.h"
#include "src/profile/profile.h"

namespace holdfast::profile {
namespace {

using base::JsonView;
using nlohmann::json;

json number_to_json(std::uint32_t number) {
  return number == HF_DEVICE_ANY ? json(-1) : json(number);
}

json device_to_json(const DeviceRule& rule) {
  std::string access;
  access += (rule.access & HF_DEVICE_READ) != 0 ? "r" : "";
  access += (rule.access & HF_DEVICE_WRITE) != 0 ? "w" : "";
  access += (rule.access & HF_DEVICE_MKNOD) != 0 ? "m" : "";
  return json::array(
      {rule.block ? "b" : "c", number_to_json(rule.major), number_to_json(rule.minor), access});
}

Result<std::uint32_t> read_number(const JsonView& view) {
  const std::int64_t number = TRY(view.integer());
  if (number < -1 || number >= std::int64_t{HF_DEVICE_ANY}) {
    return view.error("is not a device number");
  }
  return static_cast<std::uint32_t>(number);
}

Result<std::uint32_t> read_access(const JsonView& view) {
  std::uint32_t access = 0;
  for (const char letter : TRY(view.string())) {
    if (letter != 'r' && letter != 'w' && letter != 'm') {
      return view.error("may only hold the letters r, w and m");
    }
    access |= letter == 'r' ? HF_DEVICE_READ : letter == 'w' ? HF_DEVICE_WRITE : HF_DEVICE_MKNOD;
  }
  return access;
}

Result<DeviceRule> read_device(const JsonView& view) {
  const std::vector<JsonView> fields = TRY(view.items());
  if (fields.size() != 4) {
    return view.error("must be [type, major, minor, access]");
  }
  const std::string type = TRY(fields[0].string());
  if (type != "b" && type != "c") {
    return fields[0].error("must be b or c");
  }
  DeviceRule rule;
  rule.block = type == "b";
  rule.major = TRY(read_number(fields[1]));
  rule.minor = TRY(read_number(fields[2]));
  rule.access = TRY(read_access(fields[3]));
  return rule;
}

Status read_devices(const JsonView& view, Policy& policy) {
  const JsonView list = TRY(view.need("devices", "give an array"));
  const std::vector<JsonView> items = TRY(list.items());
  if (items.size() > kMaxDevices) {
    return list.error(fmt::format("has more than {} rules", kMaxDevices));
  }
  for (const JsonView& item : items) {
    policy.devices.push_back(TRY(read_device(item)));
  }
  return Ok{};
}

Status read_paths(const JsonView& view, const char* key, std::size_t max,
                  std::vector<std::string>& out) {
  const JsonView list = TRY(view.need(key, "give an array"));
  const std::vector<JsonView> items = TRY(list.items());
  if (items.size() > max) {
    return list.error(fmt::format("has more than {} paths", max));
  }
  for (const JsonView& item : items) {
    const std::string path = TRY(item.string());
    const std::string problem = path_problem(path);
    if (!problem.empty()) {
      return item.error(problem);
    }
    out.push_back(path);
  }
  return Ok{};
}

// A whole number from 0 to `max`.
template <typename T>
Status read_small(const JsonView& view, std::int64_t max, T& out) {
  const std::int64_t number = TRY(view.integer());
  if (number < 0 || number > max) {
    return view.error(fmt::format("must be a number from 0 to {}", max));
  }
  out = static_cast<T>(number);
  return Ok{};
}

// The items of an array `key` with at most `max` of them, or exactly that many.
Result<std::vector<JsonView>> read_list(const JsonView& view, const char* key, std::size_t max,
                                        bool exactly = false) {
  const JsonView list = TRY(view.need(key, "give an array"));
  std::vector<JsonView> items = TRY(list.items());
  if (items.size() > max || (exactly && items.size() != max)) {
    return list.error(fmt::format("must have {}{} items", exactly ? "" : "at most ", max));
  }
  return items;
}

Result<FileRule> read_file(const JsonView& view) {
  const std::vector<JsonView> fields = TRY(view.items());
  if (fields.size() != 4) {
    return view.error("must be [path, read, write, severity]");
  }
  FileRule rule;
  rule.path = TRY(fields[0].string());
  if (const std::string problem = path_problem(rule.path); !problem.empty()) {
    return fields[0].error(problem);
  }
  TRY(read_small(fields[1], HF_KILL, rule.read));
  TRY(read_small(fields[2], HF_KILL, rule.write));
  TRY(read_small(fields[3], 8, rule.severity));
  return rule;
}

Result<PeerRule> read_peer(const JsonView& view) {
  const std::vector<JsonView> fields = TRY(view.items());
  if (fields.size() != 4) {
    return view.error("must be [use, address, bits, port]");
  }
  PeerRule rule;
  TRY(read_small(fields[0], HF_NETWORK_USES - 1, rule.use));
  const std::vector<JsonView> bytes = TRY(fields[1].items());
  if (bytes.size() != rule.address.size()) {
    return fields[1].error("must be the 16 bytes of an address");
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    TRY(read_small(bytes[i], 255, rule.address.at(i)));
  }
  TRY(read_small(fields[2], 128, rule.prefix_bits));
  TRY(read_small(fields[3], 65535, rule.port));
  return rule;
}

Status read_unsigned(const JsonView& view, const char* key, std::uint64_t& out) {
  const JsonView member = TRY(view.need(key, "give the capability bits"));
  if (!member.raw().is_number_unsigned()) {
    return member.error("must be a whole number, not negative");
  }
  out = member.raw().get<std::uint64_t>();
  return Ok{};
}

Status read_rules(const JsonView& view, Policy& policy) {
  const JsonView rules = TRY(view.need("rules", "give an object"));
  TRY(rules.only_keys({"executables", "files", "network", "peers", "capabilities"}));
  TRY(read_paths(rules, "executables", kMaxRules, policy.executables));
  for (const JsonView& item : TRY(read_list(rules, "files", kMaxRules))) {
    policy.files.push_back(TRY(read_file(item)));
  }
  for (const JsonView& item : TRY(read_list(rules, "peers", kMaxRules))) {
    policy.peers.push_back(TRY(read_peer(item)));
  }
  const std::vector<JsonView> network =
      TRY(read_list(rules, "network", policy.network.size(), true));
  for (std::size_t i = 0; i < network.size(); ++i) {
    TRY(read_small(network[i], HF_KILL, policy.network.at(i)));
  }
  return read_unsigned(rules, "capabilities", policy.capabilities);
}

Status read_actions(const JsonView& view, Policy& policy) {
  const JsonView actions = TRY(view.need("action", "give the actions by class"));
  for (const auto& [name, action] : TRY(actions.string_map())) {
    const std::uint32_t class_id = class_by_name(name);
    const int value = action_by_name(action);
    if (class_id == HF_CLASS_NONE || value < 0) {
      return actions.error_at(name, fmt::format("\"{}\" is not a class and \"{}\" its action; the "
                                                "sender may be of another version",
                                                name, action));
    }
    policy.action[class_id] = static_cast<std::uint8_t>(value);
  }
  return Ok{};
}

}  // namespace

json rules_to_json(const Policy& policy) {
  json files = json::array();
  for (const FileRule& rule : policy.files) {
    files.push_back({rule.path, rule.read, rule.write, rule.severity});
  }
  json peers = json::array();
  for (const PeerRule& rule : policy.peers) {
    peers.push_back({static_cast<int>(rule.use), rule.address, rule.prefix_bits, rule.port});
  }
  return {{"executables", policy.executables},
          {"files", std::move(files)},
          {"network", policy.network},
          {"peers", std::move(peers)},
          {"capabilities", policy.capabilities}};
}

json policy_to_json(const Policy& policy) {
  json actions = json::object();
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    const char* action = action_name(policy.action[id]);
    actions[class_name(id)] = action != nullptr ? action : "kill";
  }
  json devices = json::array();
  for (const DeviceRule& rule : policy.devices) {
    devices.push_back(device_to_json(rule));
  }
  return {{"action", std::move(actions)},
          {"bounding", policy.bounding},
          {"own_user_namespace", policy.own_user_namespace},
          {"all_devices", policy.all_devices},
          {"devices", std::move(devices)},
          {"writable", policy.writable},
          {"rules", rules_to_json(policy)}};
}

Result<Policy> policy_from_json(const json& document, const std::string& what) {
  const JsonView view(document, what, JsonView::Null::kIsError);
  TRY(view.only_keys(
      {"action", "bounding", "own_user_namespace", "all_devices", "devices", "writable", "rules"}));
  Policy policy;
  TRY(read_actions(view, policy));
  TRY(read_unsigned(view, "bounding", policy.bounding));
  TRY(view.read("own_user_namespace", policy.own_user_namespace));
  TRY(view.read("all_devices", policy.all_devices));
  TRY(read_devices(view, policy));
  TRY(read_paths(view, "writable", kMaxWritable, policy.writable));
  TRY(read_rules(view, policy));
  return policy;
}

}  // namespace holdfast::profile
