// One event of the kernel, checked: every number is one we know, every string can be printed.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <linux/types.h>

#include "bpf/abi/events.h"

namespace holdfast::event {

// struct hf_event (bpf/abi/events.h says what each member means) with its texts as printable()
// makes them.
struct Event {
  std::uint64_t time_ns = 0;
  std::uint64_t task_start_ns = 0;
  std::uint64_t cap_effective = 0;
  std::uint64_t object_ino = 0;
  std::uint64_t parent_ino = 0;
  std::uint64_t exe_ino = 0;
  std::uint64_t argument = 0;
  std::uint32_t object_dev = 0;
  std::uint32_t exe_dev = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  hf_class class_id = HF_CLASS_NONE;
  hf_operation operation = HF_OP_NONE;
  hf_outcome outcome = HF_OUTCOME_SEEN;
  std::int32_t result = 0;
  std::uint32_t flags = 0;
  std::uint32_t object_mode = 0;
  std::uint32_t object_rdev = 0;
  std::uint32_t object_magic = 0;
  std::uint32_t pid = 0;
  std::uint32_t tgid = 0;
  std::uint32_t ppid = 0;
  std::uint32_t container_pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t count = 1;
  std::uint32_t exec_id = 0;
  std::array<hf_ancestor, HF_ANCESTORS> ancestors{};  // all 0 in a count of repeats
  std::uint16_t family = 0;
  std::uint16_t port = 0;
  std::uint16_t protocol = 0;
  std::array<std::uint8_t, 16> address{};
  hf_action action = HF_ALERT;
  std::uint8_t severity = 0;
  std::string path;
  std::string exe;
  std::string comm;
  std::vector<std::string> argv;  // as the process has it: secrets included
};

// Whether the class is about the container's root file system.
constexpr bool is_rootfs_change(hf_class class_id) {
  return class_id >= HF_ROOTFS_WRITE && class_id <= HF_ROOTFS_ATTR;
}

// Whether a file becomes a program that runs with its owner's rights, or such a one gets a name.
constexpr bool makes_setuid(const Event& event) {
  const bool by_mode = event.operation == HF_OP_CHMOD || event.operation == HF_OP_CREATE ||
                       event.operation == HF_OP_RENAME || event.operation == HF_OP_LINK;
  const std::uint64_t type = event.argument & S_IFMT;
  return by_mode && (event.argument & (S_ISUID | S_ISGID)) != 0 && (type == 0 || type == S_IFREG);
}

// "unlink" for HF_OP_UNLINK; "" for HF_OP_NONE and for what is not an operation.
const char* operation_name(std::uint32_t operation);

}  // namespace holdfast::event
