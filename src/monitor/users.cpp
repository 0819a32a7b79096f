#include "src/monitor/users.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "src/base/cgroup.h"

namespace holdfast::monitor {
namespace {

std::size_t rules_of(const Registration& registration) {
  const profile::Policy& policy = registration.policy;
  return policy.devices.size() + policy.writable.size() + policy.executables.size() +
         policy.files.size() + policy.peers.size();
}

// Whoever has a cgroup's directory can end, freeze and starve what is in it (cgroups(7),
// delegation).
Status check_cgroup(const Registration& registration, const kernel::User& user,
                    const std::string& directory) {
  struct stat found {};
  if (stat(directory.c_str(), &found) != 0) {
    return fail_errno("cannot look at the cgroup " + registration.cgroup, errno);
  }
  if (!user.has(found.st_uid)) {
    return fail(fmt::format(
        "the cgroup {} is not the user {}'s but the user {}'s; let the container have one below a "
        "cgroup that was delegated to the user (podman --cgroup-manager systemd)",
        registration.cgroup, registration.owner, found.st_uid));
  }
  std::error_code error;
  for (const auto& below : std::filesystem::directory_iterator(directory, error)) {
    if (below.is_directory(error)) {
      return fail(fmt::format("the cgroup {} has others below it, such as {}", registration.cgroup,
                              below.path().filename().string()));
    }
  }
  return error ? fail_errno("cannot read the cgroup " + registration.cgroup, error.value())
               : Status(Ok{});
}

Status check_alone(const Registration& registration, const std::string& proc_root,
                   const std::string& directory) {
  const auto foreign =
      TRY(base::foreign_members(proc_root, directory, registration.pid, kMaxMembersAtFirst));
  return foreign.empty()
             ? Status(Ok{})
             : fail(fmt::format("the cgroup {} also holds process {}, which is not the container's",
                                registration.cgroup, foreign.front()));
}

}  // namespace

Result<kernel::User> user_of(const Registration& registration, const std::string& proc_root) {
  const std::optional<uid_t> maker =
      TRY(base::maker_of_user_namespace(proc_root, registration.pid));
  if (!maker || *maker != registration.owner) {
    return fail(fmt::format(
        "process {} is in no user namespace of the user {}; a container of root's is registered by "
        "root",
        registration.pid, registration.owner));
  }
  return kernel::User{registration.owner,
                      TRY(base::mapped_users(proc_root, std::to_string(registration.pid)))};
}

Status check_users_cgroup(const Registration& registration, const kernel::User& user,
                          const std::string& proc_root, const std::string& cgroup_mount) {
  if (registration.cgroup.empty()) {
    // As on a hybrid host, where runtimes may leave cgroup v2 alone.
    const std::string cgroup = TRY(base::cgroup_of(proc_root, registration.pid));
    return cgroup.size() <= 1 ? Status(Ok{})
                              : fail(fmt::format("process {} is in the cgroup {}, in which the "
                                                 "container was not to be known",
                                                 registration.pid, cgroup));
  }
  const std::string directory = cgroup_mount + registration.cgroup;
  TRY(check_cgroup(registration, user, directory));
  return check_alone(registration, proc_root, directory);
}

Status check_room(const Registration& registration, const Registry& registry) {
  std::size_t own = 0;
  std::size_t own_rules = rules_of(registration);
  std::size_t all = 0;
  std::size_t all_rules = own_rules;
  for (const auto& [key, entry] : registry.entries()) {
    const Registration& other = entry.registration;
    if (other.owner == 0) {
      continue;
    }
    ++all;
    all_rules += rules_of(other);
    if (other.owner == registration.owner) {
      ++own;
      own_rules += rules_of(other);
    }
  }
  if (own >= kMaxContainersOfUser || own_rules > kMaxRulesOfUser) {
    return fail(fmt::format(
        "the user {} has {} guarded containers with {} rules; a user may have {} with {}",
        registration.owner, own, own_rules, kMaxContainersOfUser, kMaxRulesOfUser));
  }
  if (all >= kMaxContainersOfUsers || all_rules > kMaxRulesOfUsers) {
    return fail(
        fmt::format("ordinary users have {} guarded containers, which is all that there is room "
                    "for beside root's",
                    all));
  }
  return Ok{};
}

}  // namespace holdfast::monitor
