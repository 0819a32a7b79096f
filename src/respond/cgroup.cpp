#include "src/respond/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "src/base/cgroup.h"
#include "src/base/file.h"
#include "src/base/path.h"
#include "src/base/process.h"
#include "src/respond/by_libcgroup.h"

namespace holdfast::respond {
namespace {

constexpr std::size_t kMaxEvents = 4096;
// Of cgroup.procs: more lines than a machine has processes by default.
constexpr std::size_t kMaxProcs = std::size_t{1024} * 1024;
// Cgroups below a container's: systemd in one makes a hundred. Beyond this many we do not know whom
// we would meet.
constexpr std::size_t kMaxBelow = 4096;
constexpr std::chrono::milliseconds kLookEvery{5};

Result<std::vector<std::string>> tree_of(const std::string& top) {
  std::vector<std::string> all = {top};
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(top, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) {
      all.push_back(at->path());
    }
    if (all.size() > kMaxBelow) {
      return fail(fmt::format("{} has more than {} cgroups below it", top, kMaxBelow));
    }
  }
  return all;
}

// None of one that was removed meanwhile, or of a threaded one, whose processes are listed above
// it.
Result<std::vector<pid_t>> processes_of(const std::string& directory) {
  const auto text = base::read_file(directory + "/cgroup.procs", kMaxProcs);
  return text.ok() ? base::parse_procs(text.value(), directory)
                   : Result<std::vector<pid_t>>(std::vector<pid_t>());
}

Status check_not_ours(const std::string& proc_root, const std::string& path) {
  const auto text = base::read_file(proc_root + "/self/cgroup", kMaxEvents);
  if (!text.ok()) {
    return Ok{};
  }
  const auto own = base::parse_cgroup(text.value(), "our cgroup");
  if (own.ok() && base::is_at_or_below(own.value(), path)) {
    return fail(fmt::format("the monitor itself is in the cgroup {}", path));
  }
  return Ok{};
}

}  // namespace

Result<Cgroup> Cgroup::open(const CgroupName& name, const std::string& proc_root) {
  if (name.path.empty() || name.mount.empty() || name.id == 0) {
    return fail(
        "it has no cgroup v2 of its own, so that there is nothing to act on; give it one "
        "(linux.cgroupsPath in config.json, or the engine's cgroup manager)");
  }
  if (name.path == "/") {
    return fail("its cgroup is the root, which is every process's");
  }
  const std::string directory = name.mount + name.path;
  base::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno("cannot open its cgroup " + directory, errno);
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || status.st_ino != name.id) {
    return fail(fmt::format("the cgroup {} is not the one that it was registered with", directory));
  }
  TRY(check_not_ours(proc_root, name.path));
  return Cgroup(name, proc_root, std::move(fd));
}

Result<std::vector<pid_t>> Cgroup::members() const {
  std::vector<pid_t> all;
  const std::vector<std::string> tree = TRY(tree_of(name_.mount + name_.path));
  for (const std::string& directory : tree) {
    const std::vector<pid_t> here = TRY(processes_of(directory));
    all.insert(all.end(), here.begin(), here.end());
  }
  std::ranges::sort(all);
  return all;
}

Status Cgroup::check_members(std::uint64_t start_ticks) const {
  const std::vector<pid_t> all = TRY(members());
  for (const pid_t pid : all) {
    const auto stat = base::process_stat(proc_root_, pid);
    if (stat.ok() && stat.value().start_ticks < start_ticks) {
      return fail(fmt::format(
          "its cgroup {} also holds process {}, which is older than the container; move it out",
          name_.path, pid));
    }
  }
  return Ok{};
}

Status Cgroup::set_frozen(bool frozen) const {
  const char* value = frozen ? "1" : "0";
  // By name, and so only what can be undone; checked again, for the name could have changed hands.
  if (write_by_libcgroup(name_.mount, name_.path, "cgroup.freeze", value)) {
    return check_same();
  }
  return write("cgroup.freeze", value);
}

Status Cgroup::check_same() const {
  struct stat now {};
  const std::string directory = name_.mount + name_.path;
  return stat(directory.c_str(), &now) == 0 && now.st_ino == name_.id
             ? Status(Ok{})
             : Status(fail(fmt::format("the cgroup {} went while it was changed", directory)));
}

Result<bool> Cgroup::is_frozen() const {
  const base::UniqueFd fd(openat(directory_.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno("cannot open cgroup.events of " + name_.path, errno);
  }
  const std::string text = TRY(base::read_all(fd.get(), kMaxEvents, "cgroup.events"));
  return text.find("frozen 1") != std::string::npos;
}

Result<bool> Cgroup::wait_frozen(bool frozen, std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (TRY(is_frozen()) != frozen) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

Status Cgroup::kill() const { return write("cgroup.kill", "1"); }

Status Cgroup::write(const char* file, const char* value) const {
  const base::UniqueFd fd(openat(directory_.get(), file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  const std::string what = fmt::format("{} of {}", file, name_.path);
  if (!fd.valid()) {
    return fail_errno("cannot open " + what, errno);
  }
  return base::write_all(fd.get(), value, what);
}

}  // namespace holdfast::respond
