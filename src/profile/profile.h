// A profile: what a container may do, and what happens when it does something else.
//
// The format is published in profiles/schema/profile.schema.json. This decoder checks the same
// rules and more (what a path or a class name means); it writes the sentences that people read.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/profile/exec_into.h"
#include "src/profile/policy.h"
#include "src/profile/respond.h"

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
    std::vector<std::string> notify;
    std::vector<std::string> allow_only;  // empty: no limit
    int error = EPERM;                    // of refused calls
  };
  struct Exec {
    std::vector<std::string> allow;  // absolute, clean: programs, or directories of programs
    int otherwise = HF_OFF;          // enum hf_action, for exec.unexpected
  };
  struct Network {
    std::vector<PeerRule> allow;                      // of connect and listen
    std::array<int, HF_NETWORK_USES> otherwise = {};  // enum hf_action, by enum hf_network_use
  };
  struct Capabilities {
    std::uint64_t allow = 0;  // bit n
    int otherwise = HF_OFF;   // enum hf_action, for privilege.capability
  };
  // enum hf_action each.
  struct Process {
    int setuid = HF_OFF;         // privilege.setuid
    int injection = HF_OFF;      // process.injection
    int reverse_shell = HF_OFF;  // process.reverse-shell
  };

  // What config.json may ask of the host; judged before the container starts. Actions are HF_OFF,
  // HF_ALERT and HF_DENY. See admit.h.
  struct Admit {
    int privileged = HF_OFF;
    int host_namespaces = HF_OFF;
    int capabilities = HF_OFF;
    int devices = HF_OFF;
    int unmasked_paths = HF_OFF;
    int root_user = HF_OFF;
    int control_sockets = HF_OFF;
    std::vector<std::string> deny_mounts;  // of the host: absolute, clean
    std::vector<std::string> alert_mounts;
    bool operator==(const Admit&) const = default;
  };

  std::string name;
  std::string extends;              // "" for none
  std::vector<std::string> images;  // match.images, globs
  Mode mode = Mode::kEnforce;
  Rootfs rootfs;
  Escape escape;
  Seccomp seccomp;
  Exec exec;
  std::vector<FileRule> files;
  Network network;
  Capabilities capabilities;
  Process process;
  Admit admit;
  ExecInto exec_into;
  Responses respond{};  // alert everywhere
  std::vector<Exception> exceptions;
  std::optional<OnFailure> on_failure;  // none: what holdfast.json says
};

inline constexpr const char* kSchemaName = "holdfast.profile/v1";
inline constexpr base::JsonLimits kProfileLimits{.max_bytes = std::size_t{256} * 1024,
                                                 .max_depth = 16};
// Of an image reference, and of a glob over it: how long matching takes depends on both. A name, a
// tag and a digest are at most 800 bytes together (OCI distribution spec, "Pulling manifests").
inline constexpr std::size_t kMaxImageBytes = 1024;
// Items of a list that has no smaller limit of its own; there are fewer system calls.
inline constexpr std::size_t kMaxListed = 1024;
// Writable prefixes of one container, and bytes of one: HF_RULE_PATH_MAX with a closing slash and a
// terminator.
inline constexpr std::size_t kMaxWritable = 256;
// Exceptions of one profile, and bytes of each of their texts: a registration carries them all.
inline constexpr std::size_t kMaxExceptions = 64;
inline constexpr std::size_t kMaxExceptionBytes = 256;
// Rules of another kind of one container: what a registration has room for.
inline constexpr std::size_t kMaxRules = 256;
inline constexpr std::size_t kMaxWritableBytes = HF_RULE_PATH_MAX - 2;

const char* mode_name(Mode mode);
// "learn" is an error of its own: a word of the format that this version does not support.
Result<Mode> mode_by_name(const std::string& name);

// [a-z0-9][a-z0-9._-]*, at most 128 bytes: a profile's name is also its file's.
bool valid_name(std::string_view name);

// Why `path` cannot be the path of a rule, as a sentence; "" when it can.
std::string path_problem(const std::string& path);

// A decoded profile, and everything that is wrong with the document (at most one sentence for each
// part of it). The profile is of use only when nothing is.
struct Decoded {
  Profile profile;
  std::vector<Error> problems;
};
Decoded decode(const nlohmann::json& document, const std::string& what);

// match.images of a document, which may be wrong elsewhere.
Result<std::vector<std::string>> match_images(const nlohmann::json& document,
                                              const std::string& what);

// Bytes to profile; the first problem is the error. `extends` is not followed: see load.h.
Result<Profile> parse_profile(std::string_view bytes, const std::string& what);

}  // namespace holdfast::profile
