// The state that a runtime writes to the standard input of every hook (OCI runtime spec,
// runtime.md, "State").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/oci/spec.h"

namespace holdfast::oci {

struct State {
  std::string oci_version;
  std::string id;
  std::string status;    // "creating", "created", "running", "stopped"; old runtimes leave it out
  std::int32_t pid = 0;  // 0: there is none any more, or the runtime does not tell
  std::string bundle;    // absolute and clean
  Annotations annotations;
};

inline constexpr base::JsonLimits kStateLimits{.max_bytes = std::size_t{1024} * 1024,
                                               .max_depth = 8};
inline constexpr std::size_t kMaxIdBytes = 1024;

// Whether `id` can be a container's: not empty, at most kMaxIdBytes, no slash or control character,
// not "." or "..". It becomes part of file names and messages.
bool valid_id(std::string_view id);

// `what` names the source in messages ("standard input").
Result<State> parse_state(std::string_view bytes, const std::string& what);

}  // namespace holdfast::oci
