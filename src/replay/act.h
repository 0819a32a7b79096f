// A line of the alert file, read back: what a process did, to be judged again.
//
// The format is published in profiles/schema/alert.schema.json. Of its members only those are
// looked at that say what was done; who answered what at the time is not among them.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/event/event.h"
#include "src/event/process.h"

namespace holdfast::replay {

struct Act {
  event::Event event;  // class, operation and object; the rest as far as the line says
  event::Process process;
  bool access_known = false;  // "access" of a hand-written line; a recorded open does not say
  bool reads = false;
  bool writes = false;
};

// Whether lines of the class come from a deed of a container, so that they can be judged again:
// those that tell of losses do not.
bool is_act(const std::string& class_name);

// Bytes of one line, and how deep it may nest.
inline constexpr base::JsonLimits kLineLimits{.max_bytes = std::size_t{64} * 1024, .max_depth = 16};

// The act of a line. "class" must be there; what "object" and "process" lack is taken for unknown.
Result<Act> read_act(const base::JsonView& line);

}  // namespace holdfast::replay
