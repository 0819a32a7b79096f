#include "src/event/decode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/core.h>

#include "src/event/text.h"

namespace holdfast::event {

namespace {

constexpr std::size_t kHeaderBytes = offsetof(hf_event, text);
constexpr std::uint8_t kMaxSeverity = 8;  // debug, 7, plus one

constexpr std::array<const char*, HF_OP_COUNT> kOperationNames = {"",
#define HF_OPERATION_NAME(enumerator, name) name,
                                                                  HF_OPERATIONS(HF_OPERATION_NAME)
#undef HF_OPERATION_NAME
};

Status check_lengths(const hf_event& raw, std::size_t size) {
  if (raw.path_len > HF_EVENT_PATH_MAX || raw.exe_len > HF_EVENT_EXE_MAX ||
      raw.args_len > HF_EVENT_ARGS_MAX) {
    return fail(
        fmt::format("an event claims a path of {}, an executable of {} and a command line "
                    "of {} bytes",
                    raw.path_len, raw.exe_len, raw.args_len));
  }
  const std::size_t needed = kHeaderBytes + raw.path_len + raw.exe_len + raw.args_len;
  if (size < needed) {
    return fail(fmt::format("an event of {} bytes should have {}", size, needed));
  }
  return Ok{};
}

Status check_numbers(const hf_event& raw) {
  if (raw.class_id == HF_CLASS_NONE || raw.class_id >= HF_CLASS_COUNT) {
    return fail(fmt::format("an event has the unknown class {}", raw.class_id));
  }
  if (raw.operation >= HF_OP_COUNT) {
    return fail(fmt::format("an event has the unknown operation {}", raw.operation));
  }
  if (raw.action > HF_KILL || raw.severity > kMaxSeverity) {
    return fail(
        fmt::format("an event has the unknown action {} or severity {}", raw.action, raw.severity));
  }
  if (raw.count == 0) {
    return fail("an event says that it never happened");
  }
  if (raw.outcome > HF_OUTCOME_REFUSED) {
    return fail(fmt::format("an event has the unknown outcome {}", raw.outcome));
  }
  return Ok{};
}

std::vector<std::string> split_arguments(std::string_view text) {
  constexpr std::size_t kUsual = 8;
  std::vector<std::string> arguments;
  arguments.reserve(text.empty() ? 0 : kUsual);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    arguments.push_back(printable(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return arguments;
}

Event header_of(const hf_event& raw) {
  Event event;
  event.time_ns = raw.time_ns;
  event.task_start_ns = raw.task_start_ns;
  event.cap_effective = raw.cap_effective;
  event.object_ino = raw.object_ino;
  event.parent_ino = raw.parent_ino;
  event.exe_ino = raw.exe_ino;
  event.argument = raw.argument;
  event.object_dev = raw.object_dev;
  event.exe_dev = raw.exe_dev;
  event.slot = raw.slot;
  event.generation = raw.generation;
  event.class_id = static_cast<hf_class>(raw.class_id);
  event.operation = static_cast<hf_operation>(raw.operation);
  event.outcome = static_cast<hf_outcome>(raw.outcome);
  event.result = raw.result;
  event.flags = raw.flags;
  event.object_mode = raw.object_mode;
  event.object_rdev = raw.object_rdev;
  event.object_magic = raw.object_magic;
  event.pid = raw.pid;
  event.tgid = raw.tgid;
  event.ppid = raw.ppid;
  event.container_pid = raw.container_pid;
  event.uid = raw.uid;
  event.gid = raw.gid;
  event.count = raw.count;
  event.exec_id = raw.exec_id;
  std::ranges::copy(raw.ancestors, event.ancestors.begin());
  event.family = raw.family;
  event.port = raw.port;
  event.protocol = raw.protocol;
  std::ranges::copy(raw.address, event.address.begin());
  event.action = static_cast<hf_action>(raw.action);
  event.severity = raw.severity;
  return event;
}

// The last part of the path is all that the kernel kept; of a socket's name, the whole.
void take_name(Event& event, const hf_repeat_key& key) {
  const std::string_view name(key.name, std::min<std::size_t>(key.name_len, sizeof(key.name)));
  event.path = printable(name);
  if (key.parent_ino != 0) {
    event.flags |= HF_EVENT_TRUNCATED;
    event.path = "/" + event.path;
  }
}

}  // namespace

const char* operation_name(std::uint32_t operation) {
  return operation < HF_OP_COUNT ? kOperationNames[operation] : "";
}

Result<Event> decode(const void* bytes, std::size_t size) {
  if (size < kHeaderBytes || size > sizeof(hf_event)) {
    return fail(fmt::format("an event has {} bytes; {} to {} are possible", size, kHeaderBytes,
                            sizeof(hf_event)));
  }
  // Copied because a ring record is aligned to 8 bytes only by the kernel's promise, and a file in
  // a test or a fuzzer promises nothing. The texts stay where they are until their lengths are
  // known to be true.
  hf_event raw;
  std::memcpy(&raw, bytes, kHeaderBytes);
  TRY(check_lengths(raw, size));
  TRY(check_numbers(raw));
  Event event = header_of(raw);
  const std::string_view text(static_cast<const char*>(bytes) + kHeaderBytes,
                              std::size_t{raw.path_len} + raw.exe_len + raw.args_len);
  event.path = printable(text.substr(0, raw.path_len));
  event.exe = printable(text.substr(raw.path_len, raw.exe_len));
  event.argv = split_arguments(text.substr(std::size_t{raw.path_len} + raw.exe_len));
  event.comm = printable({raw.comm, strnlen(raw.comm, sizeof(raw.comm))});
  return event;
}

Result<Event> decode_repeat(const hf_repeat& repeat, std::uint64_t count) {
  const hf_repeat_key& key = repeat.key;
  hf_event raw{};
  raw.time_ns = repeat.since_ns;
  raw.task_start_ns = repeat.task_start_ns;
  raw.object_ino = key.object_ino;
  raw.parent_ino = key.parent_ino;
  raw.exe_ino = key.exe_ino;
  raw.argument = key.argument;
  raw.object_dev = key.object_dev;
  raw.exe_dev = key.exe_dev;
  raw.slot = key.slot;
  raw.generation = key.generation;
  raw.class_id = key.class_id;
  raw.operation = key.operation;
  raw.outcome = key.outcome;
  raw.result = key.outcome == HF_OUTCOME_SEEN ? 0 : key.result;
  raw.flags = key.flags;
  raw.object_mode = key.object_mode;
  raw.object_rdev = key.object_rdev;
  raw.pid = repeat.pid;
  raw.tgid = repeat.tgid;
  raw.ppid = repeat.ppid;
  raw.uid = repeat.uid;
  raw.gid = repeat.gid;
  raw.count = static_cast<__u32>(count);
  raw.exec_id = repeat.exec_id;
  raw.family = key.family;
  raw.port = key.port;
  raw.protocol = key.protocol;
  raw.action = key.action;
  raw.severity = key.severity;
  TRY(check_numbers(raw));
  Event event = header_of(raw);
  event.comm = printable({repeat.comm, strnlen(repeat.comm, sizeof(repeat.comm))});
  if (key.family != 0) {
    std::memcpy(event.address.data(), key.name, event.address.size());
  } else {
    take_name(event, key);
  }
  return event;
}

}  // namespace holdfast::event
