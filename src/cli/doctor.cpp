#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "src/base/cgroup.h"
#include "src/cli/commands.h"
#include "src/kernel/kernel.h"
#include "src/monitor/client.h"
#include "src/monitor/spawn.h"
#include "src/profile/config.h"
#include "src/profile/lint.h"
#include "src/profile/load.h"
#include "src/seccomp/compose.h"

namespace holdfast::cli {

namespace {

constexpr std::chrono::milliseconds kTimeout{5000};

void good(const std::string& text) { fmt::print("ok       {}\n", text); }
void missing(const std::string& text) { fmt::print("missing  {}\n", text); }

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

std::optional<kernel::Backend> check_kernel() {
  if (geteuid() != 0) {
    missing("root: the kernel can only be tried by root; run `sudo holdfast doctor`");
    return std::nullopt;
  }
  const kernel::Probe probe = kernel::probe();
  for (const std::string& finding : probe.findings) {
    good(finding);
  }
  for (const std::string& sentence : probe.missing) {
    missing(sentence);
  }
  return probe.backends.empty() ? std::nullopt : std::optional(probe.backends.front());
}

bool check_bpffs(const std::string& pin_dir) {
  const bool there = is_on_bpffs(pin_dir);
  if (there) {
    good("bpffs is mounted, for " + pin_dir);
  } else {
    missing("bpffs: no monitor starts without it; run: mount -t bpf bpf /sys/fs/bpf");
  }
  return there;
}

void check_btf() {
  if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
    good("the kernel describes its types (BTF)");
  } else {
    missing("BTF (/sys/kernel/btf/vmlinux): use a kernel built with CONFIG_DEBUG_INFO_BTF=y");
  }
}

void check_cgroups() {
  const std::string mount = base::cgroup2_mount("/sys/fs/cgroup");
  if (mount.empty()) {
    missing(
        "cgroup v2: boot with systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none "
        "/sys/fs/cgroup");
  } else if (base::is_hybrid("/sys/fs/cgroup")) {
    good("cgroup v2 is at " + mount + ", beside v1 (hybrid): crun refuses this, runc runs");
  } else {
    good("cgroup v2 is at " + mount);
  }
}

void check_programs(const profile::Config& config) {
  const std::string runc = find_on_path("runc");
  const std::string crun = find_on_path("crun");
  if (!config.runtime.empty() && is_program(config.runtime)) {
    good("the configured runtime is " + config.runtime);
  } else if (!config.runtime.empty()) {
    missing(
        fmt::format("the configured runtime: {} cannot be executed; install it, or correct "
                    "\"runtime\" in {}",
                    config.runtime, profile::kConfigPath));
  } else if (runc.empty() && crun.empty()) {
    missing("a container runtime: install runc or crun");
  } else {
    good(fmt::format("container runtimes: {}{}{}", crun, crun.empty() || runc.empty() ? "" : ", ",
                     runc));
  }
  const auto binary = monitor::find_monitor_binary(config.monitor.binary);
  binary.ok() ? good("hook and runtime start the monitor as " + binary.value())
              : missing(binary.error().message);
}

void check_monitor(const profile::Config& config) {
  if (!monitor::is_listening(config.monitor.socket)) {
    good("no monitor runs; the first container starts one");
    return;
  }
  const auto reply = monitor::call(config.monitor.socket, monitor::Request{}, kTimeout);
  if (!reply.ok()) {
    missing("an answer of the monitor: " + reply.error().message);
    return;
  }
  good(fmt::format("the monitor runs: pid {}, back end {}, {} containers", reply.value().pid,
                   reply.value().backend, reply.value().count));
}

void check_profiles(const profile::Config& config) {
  const profile::Source source = profile::file_source(profile::profile_directories(config));
  const auto paths = profile::profile_paths(source);
  if (!paths.ok()) {
    missing("readable profiles: " + paths.error().message);
    return;
  }
  if (paths.value().empty()) {
    missing(
        fmt::format("profiles: reinstall holdfast, or add their directory to profiles.path in {}",
                    profile::kConfigPath));
    return;
  }
  std::vector<std::string> sound;
  for (const std::string& path : paths.value()) {
    const std::vector<Error> problems = profile::lint(source, path, seccomp::is_syscall);
    for (const Error& problem : problems) {
      missing("a sound profile: " + problem.message);
    }
    if (problems.empty()) {
      sound.push_back(std::filesystem::path(path).stem());
    }
  }
  std::sort(sound.begin(), sound.end());
  good(fmt::format("profiles: {}", fmt::join(sound, ", ")));
}

// What the container gets, and why it is not more.
int tell_tier(std::optional<kernel::Backend> backend) {
  if (!backend) {
    fmt::print(
        "\nIn force: nothing of the kernel's. The runtime still gives containers a seccomp filter "
        "and, where the "
        "profile asks for it, a read-only root.\n");
    return 1;
  }
  if (kernel::backend_enforces(*backend)) {
    fmt::print(
        "\nIn force: the back end \"{}\": the kernel refuses what a profile denies, and tells.\n",
        kernel::backend_name(*backend));
  } else {
    fmt::print(
        "\nIn force: the back end \"{}\": the kernel tells what happens and refuses nothing, "
        "because it took none of "
        "our LSM programs. The runtime's seccomp filter and read-only root still prevent.\n",
        kernel::backend_name(*backend));
  }
  for (const std::string_view spot : kernel::blind_spots(*backend)) {
    fmt::print("not seen {}\n", spot);
  }
  return 0;
}

int examine() {
  const std::optional<kernel::Backend> backend = check_kernel();
  check_btf();
  check_cgroups();
  const auto config = profile::load_config();
  if (!config.ok()) {
    missing("a valid configuration: " + config.error().message);
    fmt::print(
        "\nIn force: nothing. Hook and runtime start no container with this configuration.\n");
    return 1;
  }
  const bool can_pin = check_bpffs(config.value().monitor.pin_dir);
  check_programs(config.value());
  check_monitor(config.value());
  check_profiles(config.value());
  return tell_tier(can_pin ? backend : std::nullopt);
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("doctor", "Say what this host can do and what is missing");
  command->footer(
      "Tries the kernel instead of trusting its version: small programs are loaded and thrown "
      "away. Ends with 0 when a\n"
      "back end can be in force, 1 when none can (also for want of bpffs or a valid "
      "holdfast.json).");
  command->callback([&status] { status = examine(); });
}

}  // namespace holdfast::cli
