// What each class of event means: the one table behind severity, techniques, aliases and sentences.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include <linux/types.h>

#include "bpf/abi/events.h"
#include "src/detect/severity.h"

namespace holdfast::detect {

struct Rule {
  hf_class class_id;
  hf_operation operation;  // HF_OP_NONE: every operation of the class that has no row of its own
  Severity severity;       // of rootfs.* this is the worst: touched() lowers it by path
  // What the process tried to do. {path}, {flags}, {syscall}, {target}, {address} and {caps} stand
  // for the object.
  std::string_view verb;
  std::array<std::string_view, 2> mitre;  // ATT&CK technique ids; empty: no second one
  std::string_view falco;   // the name of Falco's rule for the same thing; empty: none
  std::string_view tracee;  // the id of Tracee's event; empty: none
};

// The rule of an event. Every class has one: a test walks the ABI.
const Rule& rule_for(hf_class class_id, hf_operation operation);

// Every row, for tests and documentation.
std::span<const Rule> rules();

// What kind of place a path of the root file system is.
enum class Place {
  kProgram,    // binaries, libraries, /etc, the boot loader, ssh keys: what an intruder changes to
               // stay
  kTemporary,  // what programs write as they run: /tmp, caches, logs, run-time state
  kState,      // /var/lib: what they keep, and a volume should hold
  kOther,
};
Place place_of(std::string_view path);

}  // namespace holdfast::detect
