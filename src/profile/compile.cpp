#include "src/profile/compile.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "src/base/capability.h"
#include "src/base/path.h"
#include "src/profile/devices.h"
#include "src/profile/policy_json.h"

namespace holdfast::profile {
namespace {

constexpr std::size_t kMaxDeviceRules = 4096;

bool is_rootfs_class(std::string_view name) { return name.starts_with("rootfs."); }
bool is_drift_class(std::string_view name) {
  return name.starts_with("drift.") || name.starts_with("fileless.");
}
// To reach for what guards the container is to try to get out of it.
bool is_escape_class(std::string_view name) {
  return name.starts_with("escape.") || name.starts_with("tamper.");
}

int rootfs_action(RootfsGuard guard) {
  switch (guard) {
    case RootfsGuard::kOff:
      return HF_OFF;
    case RootfsGuard::kAlert:
      return HF_ALERT;
    case RootfsGuard::kEnforce:
    case RootfsGuard::kReadonly:
      return HF_DENY;
  }
  return HF_DENY;
}

int strongest_rule(const std::vector<FileRule>& files) {
  int strongest = HF_OFF;
  for (const FileRule& rule : files) {
    strongest = std::max({strongest, int{rule.read}, int{rule.write}});
  }
  return strongest;
}

// Of the classes that say what processes do. Those that rules decide have the strongest action of
// any of them: what is done where a path cannot be built.
int process_action(const Profile& profile, std::uint32_t class_id) {
  switch (class_id) {
    case HF_EXEC_UNEXPECTED:
      return profile.exec.otherwise;
    case HF_FILE_SENSITIVE:
      return strongest_rule(profile.files);
    case HF_NETWORK_UNEXPECTED:
      return *std::ranges::max_element(profile.network.otherwise);
    case HF_PRIVILEGE_SETUID:
      return profile.process.setuid;
    case HF_PRIVILEGE_CAPABILITY:
      return profile.capabilities.otherwise;
    case HF_PROCESS_INJECTION:
      return profile.process.injection;
    case HF_PROCESS_REVERSE_SHELL:
      return profile.process.reverse_shell;
    default:
      return HF_DENY;
  }
}

// What the profile asks for a class, before mode and back end have their say.
int wanted_action(const Profile& profile, std::uint32_t class_id) {
  const std::string_view name = class_name(class_id);
  if (is_rootfs_class(name)) {
    return rootfs_action(profile.rootfs.guard);
  }
  if (is_drift_class(name)) {
    return profile.rootfs.new_executables;
  }
  if (!is_escape_class(name)) {
    return process_action(profile, class_id);
  }
  const auto& allow = profile.escape.allow;
  const bool allowed = std::find(allow.begin(), allow.end(), class_id) != allow.end();
  return allowed ? static_cast<int>(HF_OFF) : profile.escape.action;
}

// What mode and back end leave of an action.
std::uint8_t weakened(int action, const Profile& profile, bool enforcing) {
  const int strongest = profile.mode == Mode::kEnforce && enforcing ? HF_KILL : HF_ALERT;
  return static_cast<std::uint8_t>(std::min(action, strongest));
}

void compile_actions(const Profile& profile, bool enforcing, Compiled& compiled) {
  const bool may_refuse = profile.mode == Mode::kEnforce;
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    const int wanted = wanted_action(profile, id);
    compiled.policy.action[id] = weakened(wanted, profile, enforcing);
    compiled.seccomp.refuse[id] = may_refuse && wanted >= HF_DENY;
  }
}

std::vector<std::string> writable_paths(const Profile& profile) {
  std::set<std::string> paths;
  for (const std::string& path : profile.rootfs.writable) {
    paths.insert(base::clean_path(path));
  }
  return {paths.begin(), paths.end()};
}

// Where config.json mounts something other than the root.
std::vector<std::string> mount_points(const oci::Spec& spec) {
  std::vector<std::string> points;
  for (const oci::Mount& mount : spec.mounts) {
    std::string point = base::clean_path(mount.destination);
    if (!point.empty() && point != "/") {
      points.push_back(std::move(point));
    }
  }
  return points;
}

// Whether something is mounted at `path` or above it: then that decides what can be written, and it
// is not the rootfs.
bool is_mounted(const std::vector<std::string>& points, const std::string& path) {
  return std::ranges::any_of(
      points, [&](const std::string& point) { return base::is_at_or_below(path, point); });
}

bool wants_readonly_root(const Profile& profile, bool enforcing) {
  const bool asked = profile.rootfs.guard == RootfsGuard::kReadonly ||
                     (profile.rootfs.guard == RootfsGuard::kEnforce && !enforcing);
  // A tmpfs in the place of the whole root would be no container: "/" is writable as it is.
  const auto& writable = profile.rootfs.writable;
  const bool everything = std::find(writable.begin(), writable.end(), "/") != writable.end();
  return asked && profile.mode == Mode::kEnforce && !everything;
}

void compile_rootfs(const Profile& profile, const oci::Spec& spec, bool enforcing,
                    Compiled& compiled) {
  compiled.readonly_root = wants_readonly_root(profile, enforcing);
  if (!compiled.readonly_root) {
    return;
  }
  compiled.tmpfs_noexec = profile.rootfs.new_executables >= HF_DENY;
  const std::vector<std::string> points = mount_points(spec);
  for (const std::string& path : compiled.policy.writable) {
    if (!is_mounted(points, path)) {
      compiled.tmpfs.push_back(path);
    }
  }
}

void compile_rules(const Profile& profile, bool enforcing, Policy& policy) {
  policy.writable = writable_paths(profile);
  policy.executables = profile.exec.allow;
  policy.peers = profile.network.allow;
  policy.capabilities = profile.capabilities.allow;
  policy.files = profile.files;
  for (FileRule& rule : policy.files) {
    rule.read = weakened(rule.read, profile, enforcing);
    rule.write = weakened(rule.write, profile, enforcing);
  }
  std::ranges::transform(profile.network.otherwise, policy.network.begin(),
                         [&](int action) { return weakened(action, profile, enforcing); });
}

void compile_seccomp(const Profile& profile, SeccompPlan& plan) {
  plan.deny = profile.seccomp.deny;
  plan.log = profile.seccomp.log;
  plan.notify = profile.seccomp.notify;
  plan.allow_only = profile.seccomp.allow_only;
  plan.error = profile.seccomp.error;
  plan.base = profile.seccomp.base == SeccompBase::kContainer;
  if (profile.mode == Mode::kDetect) {
    plan.base = false;
    plan.log.insert(plan.log.end(), plan.deny.begin(), plan.deny.end());
    plan.log.insert(plan.log.end(), plan.notify.begin(), plan.notify.end());
    plan.deny.clear();
    plan.notify.clear();
    plan.log_others = true;
  }
}

Profile::Admit compile_admit(const Profile& profile) {
  Profile::Admit admit = profile.admit;
  if (profile.mode == Mode::kEnforce) {
    return admit;
  }
  for (int* action :
       {&admit.privileged, &admit.host_namespaces, &admit.capabilities, &admit.devices,
        &admit.unmasked_paths, &admit.root_user, &admit.control_sockets}) {
    *action = std::min(*action, static_cast<int>(HF_ALERT));
  }
  admit.alert_mounts.insert(admit.alert_mounts.end(), admit.deny_mounts.begin(),
                            admit.deny_mounts.end());
  admit.deny_mounts.clear();
  return admit;
}

ExecInto compile_exec_into(const Profile& profile) {
  ExecInto rule = profile.exec_into;
  if (profile.mode != Mode::kEnforce) {
    rule.action = std::min(rule.action, static_cast<int>(HF_ALERT));
  }
  return rule;
}

Status compile_all_devices(const oci::Spec& spec, Policy& policy) {
  // Rules may take away what others grant, so that many can come to few; but each is compared with
  // all before it.
  if (spec.device_rules.size() + spec.devices.size() > kMaxDeviceRules) {
    return fail(
        fmt::format("config.json: /linux: has more than {} devices and rules for devices; grant "
                    "ranges (linux.resources.devices without minor)",
                    kMaxDeviceRules));
  }
  compile_devices(spec, policy);
  if (policy.devices.size() > kMaxDevices) {
    return fail(
        fmt::format("config.json grants more than {} devices one by one; grant ranges "
                    "(linux.resources.devices without minor)",
                    kMaxDevices));
  }
  return Ok{};
}

// What follows from the profile alone.
Compiled compile_profile(const Profile& profile, bool enforcing) {
  Compiled compiled;
  compiled.guarded = profile.mode != Mode::kOff;
  if (!compiled.guarded) {
    return compiled;
  }
  compile_actions(profile, enforcing, compiled);
  compile_rules(profile, enforcing, compiled.policy);
  compile_seccomp(profile, compiled.seccomp);
  compiled.admit = compile_admit(profile);
  compiled.exec_into = compile_exec_into(profile);
  compiled.respond = profile.respond;
  compiled.exceptions = profile.exceptions;
  return compiled;
}

}  // namespace

Result<Compiled> compile(const Profile& profile, const oci::Spec& spec, bool enforcing) {
  Compiled compiled = compile_profile(profile, enforcing);
  if (!compiled.guarded) {
    return compiled;
  }
  compile_rootfs(profile, spec, enforcing, compiled);
  compiled.policy.bounding = base::capability_bits(spec.process.bounding);
  compiled.policy.own_user_namespace =
      std::any_of(spec.namespaces.begin(), spec.namespaces.end(),
                  [](const oci::Namespace& ns) { return ns.type == "user"; });
  TRY(compile_all_devices(spec, compiled.policy));
  return compiled;
}

Compiled recompile(const Profile& profile, const Policy& before, bool enforcing) {
  Compiled compiled = compile_profile(profile, enforcing);
  Policy& policy = compiled.policy;
  policy.bounding = before.bounding;
  policy.own_user_namespace = before.own_user_namespace;
  policy.devices = before.devices;
  policy.all_devices = before.all_devices;
  return compiled;
}

}  // namespace holdfast::profile
