// A profile: what a container may do, and what happens when it does something else.
//
// The format is published in profiles/schema/profile.schema.json. This decoder checks the same
// rules and more (what a path or a class name means); it writes the sentences that people read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/profile/policy.h"

namespace holdfast::profile {

// From weakest to strongest.
enum class Mode { kOff, kDetect, kEnforce };
enum class RootfsGuard { kOff, kAlert, kEnforce, kReadonly };
enum class SeccompBase { kNone, kContainer };
// What happens to a container that cannot be guarded.
enum class OnFailure { kRefuse, kWarn };

// Plain data; the initial values are those of a profile that does not mention the key.
struct Profile {
  struct Rootfs {
    RootfsGuard guard = RootfsGuard::kAlert;
    std::vector<std::string> writable;  // absolute, clean
    int new_executables = HF_ALERT;     // enum hf_action, for drift.* and fileless.exec
  };
  struct Escape {
    int action = HF_DENY;              // enum hf_action, for every class escape.*
    std::vector<std::uint32_t> allow;  // enum hf_class, which stay off
  };
  struct Seccomp {
    SeccompBase base = SeccompBase::kContainer;
    std::vector<std::string> deny;  // names of system calls
    std::vector<std::string> log;
  };

  std::string name;
  std::string extends;              // "" for none
  std::vector<std::string> images;  // match.images, globs
  Mode mode = Mode::kEnforce;
  Rootfs rootfs;
  Escape escape;
  Seccomp seccomp;
  std::optional<OnFailure> on_failure;  // none: what holdfast.json says
};

inline constexpr const char* kSchemaName = "holdfast.profile/v1";
inline constexpr base::JsonLimits kProfileLimits{.max_bytes = std::size_t{256} * 1024,
                                                 .max_depth = 16};
// Writable prefixes of one container, and bytes of one: HF_RULE_PATH_MAX with a closing slash and a
// terminator.
inline constexpr std::size_t kMaxWritable = 256;
inline constexpr std::size_t kMaxWritableBytes = HF_RULE_PATH_MAX - 2;

const char* mode_name(Mode mode);
// "learn" is an error of its own: a word of the format that this version does not support.
Result<Mode> mode_by_name(const std::string& name);

// [a-z0-9][a-z0-9._-]*, at most 128 bytes: a profile's name is also its file's.
bool valid_name(std::string_view name);

// Why `path` cannot be a writable prefix, as a sentence; "" when it can.
std::string writable_problem(const std::string& path);

// A decoded profile, and everything that is wrong with the document (at most one sentence for each
// part of it). The profile is of use only when nothing is.
struct Decoded {
  Profile profile;
  std::vector<Error> problems;
};
Decoded decode(const nlohmann::json& document, const std::string& what);

// Bytes to profile; the first problem is the error. `extends` is not followed: see load.h.
Result<Profile> parse_profile(std::string_view bytes, const std::string& what);

}  // namespace holdfast::profile
