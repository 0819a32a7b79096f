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

Status read_writable(const JsonView& view, Policy& policy) {
  const JsonView list = TRY(view.need("writable", "give an array"));
  const std::vector<JsonView> items = TRY(list.items());
  if (items.size() > kMaxWritable) {
    return list.error(fmt::format("has more than {} paths", kMaxWritable));
  }
  for (const JsonView& item : items) {
    const std::string path = TRY(item.string());
    const std::string problem = writable_problem(path);
    if (!problem.empty()) {
      return item.error(problem);
    }
    policy.writable.push_back(path);
  }
  return Ok{};
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

Status read_bounding(const JsonView& view, Policy& policy) {
  const JsonView bounding = TRY(view.need("bounding", "give the capability bits"));
  if (!bounding.raw().is_number_unsigned()) {
    return bounding.error("must be a whole number, not negative");
  }
  policy.bounding = bounding.raw().get<std::uint64_t>();
  return Ok{};
}

}  // namespace

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
          {"writable", policy.writable}};
}

Result<Policy> policy_from_json(const json& document, const std::string& what) {
  const JsonView view(document, what, JsonView::Null::kIsError);
  TRY(view.only_keys(
      {"action", "bounding", "own_user_namespace", "all_devices", "devices", "writable"}));
  Policy policy;
  TRY(read_actions(view, policy));
  TRY(read_bounding(view, policy));
  TRY(view.read("own_user_namespace", policy.own_user_namespace));
  TRY(view.read("all_devices", policy.all_devices));
  TRY(read_devices(view, policy));
  TRY(read_writable(view, policy));
  return policy;
}

}  // namespace holdfast::profile
