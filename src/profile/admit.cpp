#include "src/profile/admit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "src/base/capability.h"
#include "src/base/control_sockets.h"
#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/profile/devices.h"

namespace holdfast::profile {
namespace {

// What Docker gives a container that asks for nothing; podman and containerd give no more.
constexpr std::array kUsualCapabilities = {
    "CAP_CHOWN",      "CAP_DAC_OVERRIDE", "CAP_FSETID",      "CAP_FOWNER",          "CAP_MKNOD",
    "CAP_NET_RAW",    "CAP_SETGID",       "CAP_SETUID",      "CAP_SETFCAP",         "CAP_SETPCAP",
    "CAP_SYS_CHROOT", "CAP_KILL",         "CAP_AUDIT_WRITE", "CAP_NET_BIND_SERVICE"};

// Kept from the container by every engine (linux.maskedPaths or linux.readonlyPaths), since they
// show the host or change it. What only some kernels have is not among them.
constexpr std::array kHiddenPaths = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
                                     "/sys/firmware"};
constexpr std::array kReadOnlyPaths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                       "/proc/sysrq-trigger"};

constexpr std::array kHostNamespaces = {"pid", "network", "ipc", "uts", "mount"};

// Nothing: config.json does not ask for it.
using Asked = std::optional<std::string>;

// How many words of a list are told; config.json may hold any number.
constexpr std::size_t kMostTold = 8;

std::string listed(const std::vector<std::string>& words) {
  std::vector<std::string> told;
  for (std::size_t i = 0; i < std::min(words.size(), kMostTold); ++i) {
    told.push_back(base::shown(words[i]));
  }
  const std::size_t rest = words.size() - told.size();
  return fmt::format("{}{}", fmt::join(told, ", "),
                     rest == 0 ? "" : fmt::format(" and {} more", rest));
}

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

Asked privileged(const Compiled& compiled, const oci::Spec& spec) {
  if (compiled.policy.all_devices && has(spec.process.bounding, "CAP_SYS_ADMIN")) {
    return "has CAP_SYS_ADMIN and every device of the host (a privileged container)";
  }
  return std::nullopt;
}

bool is_hosts(const oci::Spec& spec, const char* type, const Host& host) {
  const auto found = std::ranges::find(spec.namespaces, type, &oci::Namespace::type);
  return found == spec.namespaces.end() ||
         (!found->path.empty() && host.is_own_namespace(type, found->path));
}

Asked host_namespaces(const oci::Spec& spec, const Host& host) {
  std::vector<std::string_view> types;
  for (const char* type : kHostNamespaces) {
    if (is_hosts(spec, type, host)) {
      types.emplace_back(type);
    }
  }
  return types.empty() ? Asked()
                       : fmt::format("is in the host's {} namespace", fmt::join(types, ", "));
}

Asked added_capabilities(const Compiled& compiled, const oci::Spec& spec) {
  std::vector<std::string> added;
  const std::uint64_t named = compiled.policy.capabilities;
  for (const std::string& name : spec.process.bounding) {
    const bool usual = std::ranges::find(kUsualCapabilities, name) != kUsualCapabilities.end();
    if (!usual && (base::capability_bits({name}) & named) == 0) {
      added.emplace_back(name);
    }
  }
  return added.empty() ? Asked() : "has " + listed(added);
}

Asked added_devices(const Compiled& compiled) {
  const auto& devices = compiled.policy.devices;
  if (compiled.policy.all_devices) {
    return "has every device of the host";
  }
  const auto added = std::ranges::find_if(
      devices, [](const DeviceRule& rule) { return !is_default_device(rule); });
  if (added == devices.end()) {
    return std::nullopt;
  }
  const auto number = [](std::uint32_t value) {
    return value == HF_DEVICE_ANY ? "*" : std::to_string(value);
  };
  return fmt::format("has the {} device {}:{}", added->block ? "block" : "character",
                     number(added->major), number(added->minor));
}

Asked unmasked_paths(const oci::Spec& spec) {
  std::vector<std::string_view> bare;
  for (const char* path : kHiddenPaths) {
    if (!has(spec.masked_paths, path)) {
      bare.emplace_back(path);
    }
  }
  for (const char* path : kReadOnlyPaths) {
    if (!has(spec.masked_paths, path) && !has(spec.readonly_paths, path)) {
      bare.emplace_back(path);
    }
  }
  return bare.empty() ? Asked() : fmt::format("has {} unmasked", fmt::join(bare, ", "));
}

Asked root_user(const Compiled& compiled, const oci::Spec& spec) {
  if (spec.process.user.uid == 0 && !compiled.policy.own_user_namespace) {
    return "runs as the host's root user";
  }
  return std::nullopt;
}

// A name of control_sockets.h as a path, below `directory`.
std::string socket_path(std::string_view directory, std::string_view name) {
  return std::string(directory).append(name.substr(0, name.size() - 1));
}

// Whether mounting `source` hands out the socket at `path`, or one below it. What lies below a
// daemon's directory is often no socket: Kubernetes mounts volumes from there.
bool hands_out(const std::string& source, const std::string& path, const Host& host) {
  return base::is_at_or_below(path, source) ||
         (base::is_at_or_below(source, path) && host.is_socket(source));
}

template <typename Names>
bool hands_out_any(const std::string& source, std::string_view directory, const Names& names,
                   const Host& host) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return name.front() != '\0' && hands_out(source, socket_path(directory, name), host);
  });
}

bool hands_out_users(const std::string& source, const Host& host) {
  const std::string_view users = base::kUserDirectories;
  if (base::is_at_or_below(users, source)) {
    return true;
  }
  if (!base::is_at_or_below(source, users)) {
    return false;
  }
  const std::string user = source.substr(0, source.find('/', users.size() + 1));
  return hands_out_any(source, user, base::kUserSockets, host);
}

// `run_directories`: those of control_sockets.h, without links.
bool hands_out_control(const std::string& source, const std::vector<std::string>& run_directories,
                       const Host& host) {
  return hands_out_any(source, "", base::kOtherSockets, host) || hands_out_users(source, host) ||
         std::ranges::any_of(run_directories, [&](const std::string& directory) {
           const bool near =
               base::is_at_or_below(source, directory) || base::is_at_or_below(directory, source);
           return near && hands_out_any(source, directory, base::kControlSockets, host);
         });
}

bool is_bind(const oci::Mount& mount) {
  return mount.type == "bind" || has(mount.options, "bind") || has(mount.options, "rbind");
}

// What a profile lists, without links, stands for itself, all below, and whatever holds it; "/" for
// the root alone.
bool is_listed(const std::vector<std::string>& paths, const std::string& source) {
  return std::ranges::any_of(paths, [&](const std::string& path) {
    return base::is_at_or_below(path, source) ||
           (path != "/" && base::is_at_or_below(source, path));
  });
}

// Bind mounts of the host for which `wanted` says so.
template <typename Wanted>
Asked mounts_of(const oci::Spec& spec, const Host& host, const char* text, Wanted wanted) {
  std::vector<std::string> mounts;
  for (const oci::Mount& mount : spec.mounts) {
    if (is_bind(mount) && mount.source.starts_with('/') && wanted(host.real_path(mount.source))) {
      mounts.push_back(fmt::format("{} at {}", mount.source, mount.destination));
    }
  }
  return mounts.empty() ? Asked() : fmt::format("mounts {}{}", listed(mounts), text);
}

Asked listed_mounts(std::vector<std::string> paths, const oci::Spec& spec, const Host& host) {
  if (paths.empty()) {
    return std::nullopt;
  }
  std::ranges::transform(paths, paths.begin(), host.real_path);
  return mounts_of(spec, host, "",
                   [&](const std::string& source) { return is_listed(paths, source); });
}

Asked control_sockets(const oci::Spec& spec, const Host& host) {
  std::vector<std::string> run_directories;
  for (const std::string_view directory : base::kRunDirectories) {
    run_directories.push_back(host.real_path(std::string(directory)));
  }
  return mounts_of(
      spec, host, ", which gives it a socket that controls the host",
      [&](const std::string& source) { return hands_out_control(source, run_directories, host); });
}

}  // namespace

Host unknown_host() {
  return {[](const std::string& path) { return path; }, [](const std::string&) { return false; },
          [](const std::string&, const std::string&) { return false; }};
}

std::vector<Admission> admit(const Compiled& compiled, const oci::Spec& spec, const Host& host,
                             hf_action least) {
  std::vector<Admission> admissions;
  const auto judge = [&](const char* what, int action, const auto& asked) {
    if (action < least) {
      return;
    }
    if (Asked asks = asked()) {
      admissions.push_back({what, *std::move(asks), action >= HF_DENY});
    }
  };
  const Profile::Admit& admit = compiled.admit;
  judge("privileged", admit.privileged, [&] { return privileged(compiled, spec); });
  judge("host_namespaces", admit.host_namespaces, [&] { return host_namespaces(spec, host); });
  judge("capabilities", admit.capabilities, [&] { return added_capabilities(compiled, spec); });
  judge("devices", admit.devices, [&] { return added_devices(compiled); });
  judge("unmasked_paths", admit.unmasked_paths, [&] { return unmasked_paths(spec); });
  judge("root_user", admit.root_user, [&] { return root_user(compiled, spec); });
  judge("control_sockets", admit.control_sockets, [&] { return control_sockets(spec, host); });
  judge("mounts", HF_DENY, [&] { return listed_mounts(admit.deny_mounts, spec, host); });
  judge("mounts", HF_ALERT, [&] { return listed_mounts(admit.alert_mounts, spec, host); });
  return admissions;
}

std::string refusal_of(const std::vector<Admission>& admissions) {
  const auto refused = std::ranges::find(admissions, true, &Admission::refused);
  if (refused == admissions.end()) {
    return "";
  }
  return fmt::format(
      "it {}, which its profile does not admit; start it without, or give it a profile whose "
      "admit.{} allows that",
      refused->asks, refused->what);
}

}  // namespace holdfast::profile
