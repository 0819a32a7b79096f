#include "src/replay/act.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "src/base/capability.h"
#include "src/detect/names.h"
#include "src/profile/policy.h"

namespace holdfast::replay {
namespace {

using base::JsonView;

constexpr std::array<std::uint32_t, 7> kTypes = {S_IFREG, S_IFDIR, S_IFLNK, S_IFBLK,
                                                 S_IFCHR, S_IFIFO, S_IFSOCK};

Status read_operation(const JsonView& object, event::Event& event) {
  std::string name;
  TRY(object.read("operation", name));
  for (std::uint32_t id = HF_OP_NONE; id < HF_OP_COUNT; ++id) {
    if (name == event::operation_name(id)) {
      event.operation = static_cast<hf_operation>(id);
      return Ok{};
    }
  }
  return object.error_at("operation", fmt::format("\"{}\" is no operation; see the object of a "
                                                  "recorded line",
                                                  name));
}

// "0644" and "file" to a mode.
Status read_mode(const JsonView& object, event::Event& event) {
  std::string type;
  std::string mode;
  TRY(object.read("type", type));
  TRY(object.read("mode", mode));
  const auto* found = std::ranges::find_if(
      kTypes, [&](std::uint32_t bits) { return detect::file_type(bits) == type; });
  if (found == kTypes.end() && !type.empty()) {
    return object.error_at("type", fmt::format("\"{}\" is no type of file", type));
  }
  std::uint32_t bits = 0;
  const auto [end, error] = std::from_chars(mode.data(), mode.data() + mode.size(), bits, 8);
  if (!mode.empty() && (error != std::errc() || end != mode.data() + mode.size() || bits > 07777)) {
    return object.error_at("mode", "must be permissions in octal, such as 0644");
  }
  event.object_mode = bits | (found == kTypes.end() ? 0U : *found);
  return Ok{};
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

Status read_node(const JsonView& object, event::Event& event) {
  std::string node;
  TRY(object.read("node", node));
  if (node.empty()) {
    return Ok{};
  }
  const std::size_t colon = node.find(':');
  const auto major = number(std::string_view(node).substr(0, colon));
  const auto minor =
      colon == std::string::npos ? std::nullopt : number(std::string_view(node).substr(colon + 1));
  if (!major || !minor || *major > 0xfff || *minor > 0xfffff) {
    return object.error_at("node", "must be MAJOR:MINOR of a device, such as 8:0");
  }
  event.object_rdev = *major << 20 | *minor;
  return Ok{};
}

Status read_address(const JsonView& object, event::Event& event) {
  std::string address;
  std::int64_t port = 0;
  TRY(object.read("address", address));
  TRY(object.read("port", port));
  if (port < 0 || port > 65535) {
    return object.error_at("port", "must be 1 to 65535");
  }
  event.port = static_cast<std::uint16_t>(port);
  if (address.empty()) {
    return Ok{};
  }
  event.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(event.family, address.c_str(), event.address.data()) != 1) {
    return object.error_at("address", fmt::format("\"{}\" is no IP address in numbers", address));
  }
  return Ok{};
}

Status read_capabilities(const JsonView& object, event::Event& event) {
  std::vector<std::string> names;
  TRY(object.read("capabilities", names));
  for (const std::string& name : names) {
    if (base::capability_bits({name}) == 0) {
      return object.error_at("capabilities", fmt::format("\"{}\" is no capability", name));
    }
  }
  if (!names.empty()) {
    event.argument = base::capability_bits(names);
  }
  return Ok{};
}

Status read_flag(const JsonView& object, const char* key, std::uint32_t flag, event::Event& event) {
  bool set = false;
  TRY(object.read(key, set));
  event.flags |= set ? flag : 0;
  return Ok{};
}

Status read_access(const JsonView& object, Act& act) {
  std::vector<std::string> words;
  TRY(object.read("access", words));
  act.access_known = !words.empty();
  for (const std::string& word : words) {
    if (word != "read" && word != "write") {
      return object.error_at("access", fmt::format("\"{}\" is not one of read, write", word));
    }
    act.reads |= word == "read";
    act.writes |= word == "write";
  }
  return Ok{};
}

// chmod is told with the mode that was asked for, in the place of the file's own; what gets a name,
// with its own.
void take_argument(event::Event& event) {
  switch (event.operation) {
    case HF_OP_CHMOD:
      event.argument = event.object_mode & 07777;
      break;
    case HF_OP_CREATE:
    case HF_OP_RENAME:
    case HF_OP_LINK:
      event.argument = event.object_mode;
      break;
    default:
      break;
  }
}

Status read_object(const JsonView& object, Act& act) {
  event::Event& event = act.event;
  TRY(object.must_be_object());
  TRY(read_operation(object, event));
  TRY(object.read("path", event.path));
  TRY(read_flag(object, "path_truncated", HF_EVENT_TRUNCATED, event));
  TRY(read_flag(object, "path_as_spelled", HF_EVENT_USER_PATH, event));
  TRY(read_mode(object, event));
  TRY(read_node(object, event));
  TRY(read_address(object, event));
  TRY(read_capabilities(object, event));
  TRY(read_access(object, act));
  take_argument(event);
  // What the kernel refused by itself is so under any profile: told with the errno, and "alerted".
  return Ok{};
}

Status read_process(const JsonView& view, Act& act) {
  event::Process& process = act.process;
  TRY(view.must_be_object());
  std::int64_t pid = 0;
  std::string layer;
  TRY(view.read("pid", pid));
  TRY(view.read("comm", process.comm));
  TRY(view.read("exe", process.exe));
  TRY(view.read("argv", process.argv));
  TRY(view.read("layer", layer));
  process.pid = static_cast<pid_t>(pid);
  process.upper_layer = layer == "upper";
  act.event.exe = process.exe;
  act.event.comm = process.comm;
  return Ok{};
}

// "alerted" with a result is what the kernel refused by itself (profiles/schema/alert.schema.json).
Status read_outcome(const JsonView& line, event::Event& event) {
  std::string action;
  TRY(line.read("action", action));
  const auto object = line.find("object");
  std::string result;
  if (object) {
    TRY(object->read("result", result));
  }
  if (action == "alerted" && !result.empty()) {
    event.outcome = HF_OUTCOME_REFUSED;
  }
  return Ok{};
}

}  // namespace

bool is_act(const std::string& class_name) {
  return profile::class_by_name(class_name) != HF_CLASS_NONE;
}

Result<Act> read_act(const JsonView& line) {
  Act act;
  const std::string name =
      TRY(line.need_string("class", "give the class of what was done, such as rootfs.write"));
  if (!is_act(name)) {
    return line.error_at("class", fmt::format("\"{}\" is no class of what containers do", name));
  }
  act.event.class_id = static_cast<hf_class>(profile::class_by_name(name));
  if (act.event.class_id == HF_ESCAPE_HOST_EXEC) {
    act.event.flags |= HF_EVENT_BYSTANDER;
  }
  std::int64_t count = 1;
  TRY(line.read("count", count));
  act.event.count = static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, UINT32_MAX));
  if (const auto object = line.find("object")) {
    TRY(read_object(*object, act));
  }
  if (const auto process = line.find("process")) {
    TRY(read_process(*process, act));
  }
  TRY(read_outcome(line, act.event));
  return act;
}

}  // namespace holdfast::replay
