// /etc/holdfast/holdfast.json: what the administrator of the host decides.
//
// The format is published in profiles/schema/config.schema.json.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/profile/profile.h"

namespace holdfast::profile {

// Plain data; the initial values are those of a host without the file.
struct Config {
  struct Monitor {
    std::string socket = "/run/holdfast/monitor.sock";
    std::string binary;  // "": the one that was installed with hook and shim
    std::string alerts = "/var/log/holdfast/alerts.jsonl";
    std::string pin_dir = "/sys/fs/bpf/holdfast";
    std::string incidents = "/var/lib/holdfast/incidents";  // what frozen containers were doing
    struct Rotate {
      std::int64_t max_bytes = std::int64_t{64} << 20;  // of the alert file; 0: any size
      std::int64_t max_age_s = 0;                       // 0: any age
      std::int64_t keep = 8;                            // renamed files that stay
    };
    Rotate rotate;
    enum class Fsync { kNever, kAlerts, kAlways };  // after which batches of lines
    Fsync fsync = Fsync::kNever;
    bool hash_executables = false;  // tell the SHA-256 of what containers execute
    std::int64_t linger_s = 60;     // how long a monitor started on demand stays with no container
  };

  // How many alerts of one severity a container may make at once, and a minute in the long run;
  // what is beyond becomes a record. And how many records; what is beyond is counted.
  struct Noise {
    std::int64_t burst = 20;
    std::int64_t per_minute = 6;
    std::int64_t records_burst = 10'000;
    std::int64_t records_per_minute = 600;
  };

  std::string runtime;  // absolute path of the real runtime; "": by the shim's own name, then PATH
  Monitor monitor;
  Noise noise;
  std::vector<std::string> profile_paths;  // directories searched before the shipped profiles
  // Of the user that we work for, searched after those; "" for root. Not of the file: load_config()
  // finds it.
  std::string user_profiles;
  // What annotations may loosen, of "profile", "mode", "rootfs.writable", "image", "respond",
  // and kFilterAnnotationsWord.
  // Choosing among the profiles that the administrator installed is allowed unless they say
  // otherwise.
  std::set<std::string> annotations_allow = {"profile", "image"};
  std::string default_profile = "default";
  OnFailure on_failure = OnFailure::kRefuse;  // of profiles that do not say
};

// In annotations.allow: crun's annotations that replace or change the filter
// (oci::kFilterAnnotations).
inline constexpr const char* kFilterAnnotationsWord = "run.oci.seccomp";
inline constexpr const char* kConfigPath = "/etc/holdfast/holdfast.json";
inline constexpr base::JsonLimits kConfigLimits{.max_bytes = std::size_t{64} * 1024,
                                                .max_depth = 8};

// An unknown key is an error: a setting that is misspelled would otherwise silently not hold.
Result<Config> parse_config(std::string_view bytes, const std::string& what);

// Reads the file; a file that does not exist is the defaults. (In load.cpp, with all system calls.)
Result<Config> load_config(const std::string& path = kConfigPath);

// Where profiles lie, in the order of search: the administrator's, those that `config` adds, the
// user's own, the shipped ones.
std::vector<std::string> profile_directories(const Config& config);

}  // namespace holdfast::profile
