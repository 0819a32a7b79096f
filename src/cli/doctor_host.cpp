#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "src/base/cgroup.h"
#include "src/cli/commands.h"
#include "src/cli/doctor.h"
#include "src/monitor/client.h"
#include "src/monitor/spawn.h"
#include "src/profile/lint.h"
#include "src/profile/load.h"
#include "src/profile/user.h"
#include "src/seccomp/compose.h"

namespace holdfast::cli {

namespace {

using engine::Check;
using Verdict = Check::Verdict;

constexpr std::chrono::milliseconds kTimeout{5000};

// Where the findings go.
struct Findings {
  std::vector<Check>& checks;

  void good(std::string text) const { checks.push_back({Verdict::kOk, std::move(text)}); }
  void less(std::string text) const { checks.push_back({Verdict::kWarning, std::move(text)}); }
  void missing(std::string text) const { checks.push_back({Verdict::kFailure, std::move(text)}); }
};

// Of `path`, or of the nearest directory above that is there.
bool is_on_bpffs(std::filesystem::path path) {
  struct statfs status {};
  while (statfs(path.c_str(), &status) != 0) {
    if (!path.has_relative_path()) {
      return false;
    }
    path = path.parent_path();
  }
  return status.f_type == BPF_FS_MAGIC;
}

bool is_program(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && access(path.c_str(), X_OK) == 0;
}

// First executable of this name on PATH; "" when there is none.
std::string find_on_path(const std::string& name) {
  const char* variable = getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/usr/sbin:/usr/bin:/sbin:/bin";
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(folder.size() + 1, path.size()));
    std::string candidate = fmt::format("{}/{}", folder, name);
    if (is_program(candidate)) {
      return candidate;
    }
  }
  return "";
}

std::optional<kernel::Backend> try_kernel(const Findings& findings) {
  const kernel::Probe probe = kernel::probe();
  for (const std::string& finding : probe.findings) {
    findings.good(finding);
  }
  for (const std::string& sentence : probe.missing) {
    probe.backends.empty() ? findings.missing(sentence) : findings.less(sentence);
  }
  return probe.backends.empty() ? std::nullopt : std::optional(probe.backends.front());
}

// Root tries the kernel; others believe the monitor, whose back end `told` is.
std::optional<kernel::Backend> check_kernel(const Findings& findings, const std::string& told) {
  if (geteuid() == 0) {
    return try_kernel(findings);
  }
  const auto backend = kernel::backend_of(told);
  if (!backend) {
    findings.less(
        "what this kernel can do is not known: root alone can try it, sudo holdfast doctor");
  }
  return backend;
}

bool check_bpffs(const Findings& findings, const std::string& pin_dir) {
  const bool there = is_on_bpffs(pin_dir);
  there ? findings.good("bpffs is mounted, for " + pin_dir)
        : findings.missing(
              "no bpffs, without which no monitor starts; run: mount -t bpf bpf /sys/fs/bpf");
  return there;
}

void check_btf(const Findings& findings) {
  access("/sys/kernel/btf/vmlinux", R_OK) == 0
      ? findings.good("the kernel describes its types (BTF)")
      : findings.missing(
            "no BTF (/sys/kernel/btf/vmlinux): use a kernel built with CONFIG_DEBUG_INFO_BTF=y");
}

void check_cgroups(const Findings& findings) {
  const std::string mount = base::cgroup2_mount("/sys/fs/cgroup");
  if (mount.empty()) {
    findings.less(
        "no cgroup v2, without which containers get no response: boot with "
        "systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none /sys/fs/cgroup");
  } else if (base::is_hybrid("/sys/fs/cgroup")) {
    findings.good("cgroup v2 is at " + mount +
                  ", beside v1 (hybrid): crun refuses this, runc runs");
  } else {
    findings.good("cgroup v2 is at " + mount);
  }
}

void check_runtimes(const Findings& findings, const profile::Config& config) {
  const std::string runc = find_on_path("runc");
  const std::string crun = find_on_path("crun");
  if (!config.runtime.empty() && is_program(config.runtime)) {
    findings.good("the configured runtime is " + config.runtime);
  } else if (!config.runtime.empty()) {
    findings.missing(
        fmt::format("the configured runtime {} cannot be executed: install it, or correct "
                    "\"runtime\" in {}",
                    config.runtime, profile::kConfigPath));
  } else if (runc.empty() && crun.empty()) {
    findings.missing("no container runtime: install runc or crun");
  } else {
    findings.good(fmt::format("container runtimes: {}{}{}", crun,
                              crun.empty() || runc.empty() ? "" : ", ", runc));
  }
}

// The back end that the monitor says it has; "" when none runs.
std::string check_monitor(const Findings& findings, const profile::Config& config) {
  const auto binary = monitor::find_monitor_binary(config.monitor.binary);
  binary.ok() ? findings.good("hook and runtime start the monitor as " + binary.value())
              : findings.missing(binary.error().message);
  if (!monitor::is_listening(config.monitor.socket)) {
    // A user's containers get what the profile's on_failure says, whatever the kernel can do.
    profile::own_user() == 0
        ? findings.good("no monitor runs; the first container starts one")
        : findings.missing("no monitor runs, without which no user's container is guarded; " +
                           how_to_start_one());
    return "";
  }
  const auto reply = monitor::call(config.monitor.socket, monitor::Request{}, kTimeout);
  if (!reply.ok()) {
    findings.missing("no answer of the monitor: " + reply.error().message);
    return "";
  }
  findings.good(fmt::format("the monitor runs: pid {}, back end {}, {} containers",
                            reply.value().pid, reply.value().backend, reply.value().count));
  return reply.value().backend;
}

void check_profiles(const Findings& findings, const profile::Config& config) {
  const profile::Source source = profile::file_source(profile::profile_directories(config));
  const auto paths = profile::profile_paths(source);
  if (!paths.ok()) {
    findings.missing("no readable profiles: " + paths.error().message);
    return;
  }
  if (paths.value().empty()) {
    findings.missing(fmt::format(
        "no profiles: reinstall holdfast, or add their directory to profiles.path in {}",
        profile::kConfigPath));
    return;
  }
  std::vector<std::string> sound;
  for (const std::string& path : paths.value()) {
    const std::vector<Error> problems = profile::lint(source, path, seccomp::is_syscall);
    for (const Error& problem : problems) {
      findings.missing("an unsound profile: " + problem.message);
    }
    if (problems.empty()) {
      sound.push_back(std::filesystem::path(path).stem());
    }
  }
  std::sort(sound.begin(), sound.end());
  findings.good(fmt::format("profiles: {}", fmt::join(sound, ", ")));
}

}  // namespace

Host examine_host() {
  Host host;
  const Findings findings{host.checks};
  const auto config = profile::load_config();
  const std::string told = config.ok() ? check_monitor(findings, config.value()) : std::string();
  const auto backend = check_kernel(findings, told);
  check_btf(findings);
  check_cgroups(findings);
  if (!config.ok()) {
    findings.missing("no valid configuration, without which no container starts: " +
                     config.error().message);
    return host;
  }
  host.socket = config.value().monitor.socket;
  host.backend = check_bpffs(findings, config.value().monitor.pin_dir) ? backend : std::nullopt;
  check_runtimes(findings, config.value());
  check_profiles(findings, config.value());
  return host;
}

}  // namespace holdfast::cli
