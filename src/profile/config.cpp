#include "src/profile/config.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/profile/read.h"

namespace holdfast::profile {
namespace {

constexpr const char* kAdminDirectory = "/etc/holdfast/profiles.d";
constexpr const char* kPackagedDirectory = "/usr/share/holdfast/profiles";
constexpr const char* kInstalledDirectory = HOLDFAST_DATADIR "/profiles";
constexpr std::int64_t kMaxLingerSeconds = 24 * 3600;
constexpr std::int64_t kMaxFileBytes = std::int64_t{1} << 40;
constexpr std::int64_t kMaxAgeSeconds = std::int64_t{10} * 365 * 24 * 3600;
constexpr std::int64_t kMaxKept = 10'000;
constexpr std::int64_t kMaxNoise = 1'000'000;  // more than any container makes

Status check_path(const JsonView& view, const std::string& path) {
  if (!base::is_absolute_clean(path)) {
    return view.error(
        fmt::format("\"{}\" is not an absolute path without \".\", \"..\" and double slashes",
                    base::shown(path)));
  }
  return Ok{};
}

Status read_path(const JsonView& view, const char* key, std::string& out) {
  const auto member = view.find(key);
  if (!member) {
    return Ok{};
  }
  out = TRY(member->string());
  return check_path(*member, out);
}

Status read_number(const JsonView& view, const char* key, std::int64_t least, std::int64_t most,
                   std::int64_t& out) {
  TRY(view.read(key, out));
  return out >= least && out <= most
             ? Status(Ok{})
             : view.error_at(key, fmt::format("must be {} to {}", least, most));
}

Status read_rotate(const JsonView& view, Config::Monitor::Rotate& rotate) {
  const auto member = view.find("rotate");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"max_bytes", "max_age_s", "keep"}));
  TRY(read_number(*member, "max_bytes", 0, kMaxFileBytes, rotate.max_bytes));
  TRY(read_number(*member, "max_age_s", 0, kMaxAgeSeconds, rotate.max_age_s));
  return read_number(*member, "keep", 1, kMaxKept, rotate.keep);
}

Status read_monitor(const JsonView& view, Config::Monitor& monitor) {
  const auto member = view.find("monitor");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"socket", "binary", "alerts", "pin_dir", "incidents", "linger_s", "rotate",
                         "fsync", "hash_executables"}));
  TRY(read_path(*member, "socket", monitor.socket));
  TRY(read_path(*member, "binary", monitor.binary));
  TRY(read_path(*member, "alerts", monitor.alerts));
  TRY(read_path(*member, "pin_dir", monitor.pin_dir));
  TRY(read_path(*member, "incidents", monitor.incidents));
  TRY(member->read("linger_s", monitor.linger_s));
  TRY(member->read("hash_executables", monitor.hash_executables));
  if (monitor.linger_s < 0 || monitor.linger_s > kMaxLingerSeconds) {
    return member->error_at("linger_s", fmt::format("must be 0 to {} seconds", kMaxLingerSeconds));
  }
  TRY(read_rotate(*member, monitor.rotate));
  using Fsync = Config::Monitor::Fsync;
  return read_word<Fsync>(
      *member, "fsync",
      {{"never", Fsync::kNever}, {"alerts", Fsync::kAlerts}, {"always", Fsync::kAlways}},
      monitor.fsync);
}

Status read_noise(const JsonView& view, Config::Noise& noise) {
  const auto member = view.find("noise");
  if (!member) {
    return Ok{};
  }
  struct Number {
    const char* key;
    std::int64_t* value;
  };
  const std::array<Number, 4> numbers = {{{"burst", &noise.burst},
                                          {"per_minute", &noise.per_minute},
                                          {"records_burst", &noise.records_burst},
                                          {"records_per_minute", &noise.records_per_minute}}};
  TRY(member->only_keys({"burst", "per_minute", "records_burst", "records_per_minute"}));
  for (const Number& number : numbers) {
    TRY(member->read(number.key, *number.value));
    if (*number.value < 1 || *number.value > kMaxNoise) {
      return member->error_at(number.key, fmt::format("must be 1 to {}", kMaxNoise));
    }
  }
  return Ok{};
}

Status read_profiles(const JsonView& view, std::vector<std::string>& paths) {
  const auto member = view.find("profiles");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"path"}));
  const auto list = member->find("path");
  if (!list) {
    return Ok{};
  }
  for (const JsonView& item : TRY(list->items())) {
    const std::string path = TRY(item.string());
    TRY(check_path(item, path));
    paths.push_back(path);
  }
  return Ok{};
}

Status read_annotations(const JsonView& view, std::set<std::string>& allow) {
  const auto member = view.find("annotations");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"allow"}));
  const auto list = member->find("allow");
  if (!list) {
    return Ok{};
  }
  static constexpr auto kKnown = {"profile", "mode",    "rootfs.writable",
                                  "image",   "respond", kFilterAnnotationsWord};
  allow.clear();
  for (const JsonView& item : TRY(list->items())) {
    const std::string name = TRY(item.string());
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      return item.error(fmt::format("\"{}\" is no annotation that loosens; known: {}",
                                    base::shown(name), fmt::join(kKnown, ", ")));
    }
    allow.insert(name);
  }
  return Ok{};
}

Status read_defaults(const JsonView& view, Config& config) {
  const auto member = view.find("defaults");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"profile", "on_failure"}));
  TRY(member->read("profile", config.default_profile));
  if (!valid_name(config.default_profile)) {
    return member->error_at("profile",
                            "is not a profile's name; give the name of an installed one");
  }
  std::string on_failure = config.on_failure == OnFailure::kWarn ? "warn" : "refuse";
  TRY(member->read("on_failure", on_failure));
  if (on_failure != "refuse" && on_failure != "warn") {
    return member->error_at(
        "on_failure", fmt::format("\"{}\" is not one of refuse, warn", base::shown(on_failure)));
  }
  config.on_failure = on_failure == "warn" ? OnFailure::kWarn : OnFailure::kRefuse;
  return Ok{};
}

}  // namespace

Result<Config> parse_config(std::string_view bytes, const std::string& what) {
  const nlohmann::json document = TRY(base::parse_json(bytes, what, kConfigLimits));
  const JsonView view(document, what, JsonView::Null::kIsError);
  // "forward" and "sinks" are src/forward's, "metrics" is src/metrics': a mistake in them must not
  // keep a container from starting.
  TRY(view.only_keys({"$schema", "runtime", "monitor", "noise", "profiles", "annotations",
                      "defaults", "forward", "sinks", "metrics"}));
  Config config;
  std::string ignored;
  TRY(view.read("$schema", ignored));
  TRY(read_path(view, "runtime", config.runtime));
  TRY(read_monitor(view, config.monitor));
  TRY(read_noise(view, config.noise));
  TRY(read_profiles(view, config.profile_paths));
  TRY(read_annotations(view, config.annotations_allow));
  TRY(read_defaults(view, config));
  return config;
}

std::vector<std::string> profile_directories(const Config& config) {
  std::vector<std::string> directories = {kAdminDirectory};
  const auto add = [&](const std::string& directory) {
    if (std::find(directories.begin(), directories.end(), directory) == directories.end()) {
      directories.push_back(directory);
    }
  };
  std::for_each(config.profile_paths.begin(), config.profile_paths.end(), add);
  if (!config.user_profiles.empty()) {
    add(config.user_profiles);
  }
  add(kInstalledDirectory);
  add(kPackagedDirectory);
  return directories;
}

}  // namespace holdfast::profile
