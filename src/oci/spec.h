// The parts of a bundle's config.json that holdfast judges, checked once.
//
// Source: OCI runtime spec 1.0 and 1.1, config.md and config-linux.md. What holdfast does not judge
// is not looked at: whether it is right is the runtime's business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/json.h"
#include "src/base/result.h"

namespace holdfast::oci {

using Annotations = std::map<std::string, std::string>;

struct User {
  std::int64_t uid = 0;
  std::int64_t gid = 0;
};

struct Process {
  std::vector<std::string> args;
  std::string cwd;
  // Names as written ("CAP_CHOWN"); none when config.json has no bounding set, which runtimes take
  // for an empty one.
  std::vector<std::string> bounding;
  bool no_new_privileges = false;
  User user;
};

struct Root {
  std::string path;  // as written: relative to the bundle, or absolute
  bool readonly = false;
};

struct Mount {
  std::string destination;
  std::string source;
  std::string type;
  std::vector<std::string> options;
};

struct Hook {
  std::string path;
  std::vector<std::string> args;
  std::optional<std::vector<std::string>> env;  // none: the runtime's own environment
  std::optional<std::int64_t> timeout_s;
};

struct Namespace {
  std::string type;  // "mount", "user", …
  std::string path;  // "" for a new one
};

struct IdMapping {
  std::int64_t container_id = 0;
  std::int64_t host_id = 0;
  std::int64_t size = 0;
};

// A device node that the runtime makes (linux.devices).
struct Device {
  std::string path;
  std::string type;  // c, b, u or p
  std::int64_t major = 0;
  std::int64_t minor = 0;
};

// A rule of the device controller (linux.resources.devices), in order.
struct DeviceCgroupRule {
  bool allow = false;
  std::string type;                   // a, c, b, or "" for all
  std::optional<std::int64_t> major;  // none: every one, as -1 is
  std::optional<std::int64_t> minor;
  std::string access;  // of "rwm"
};

struct Spec {
  std::string oci_version;
  Process process;
  Root root;
  std::vector<Mount> mounts;
  Annotations annotations;
  std::map<std::string, std::vector<Hook>> hooks;  // by stage
  std::vector<Namespace> namespaces;
  std::vector<IdMapping> uid_mappings;
  std::vector<Device> devices;
  std::vector<DeviceCgroupRule> device_rules;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::optional<nlohmann::json> seccomp;  // an object, otherwise unjudged
  std::string cgroups_path;
};

// A config.json of podman with its seccomp profile has 20 KiB; hundreds of mounts make 100.
inline constexpr base::JsonLimits kSpecLimits{.max_bytes = std::size_t{4} * 1024 * 1024,
                                              .max_depth = 32};

// Reads the bytes of config.json. `what` is its path for messages, which name the JSON pointer and
// the remedy.
Result<Spec> parse_spec(std::string_view bytes, const std::string& what);

// Reads the process document of a runtime's `exec --process FILE`: config.json's "process" by
// itself.
Result<Process> parse_process(std::string_view bytes, const std::string& what);

// The same as parse_spec() from a document that was parsed already (for callers that go on to edit
// it).
Result<Spec> read_spec(const nlohmann::json& document, const std::string& what);

}  // namespace holdfast::oci
