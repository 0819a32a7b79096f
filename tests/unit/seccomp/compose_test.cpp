#include "src/seccomp/compose.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "src/base/file.h"
#include "src/oci/spec.h"
#include "src/seccomp/filter.h"
#include "src/seccomp/simulate.h"
#include "tests/unit/cpu_time.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;
using profile::SeccompPlan;

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kLog = SECCOMP_RET_LOG;
constexpr std::uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;
// What fork and pthread_create of glibc pass.
constexpr std::uint64_t kForkFlags = 0x01200011;
constexpr std::uint64_t kThreadFlags = 0x3d0f00;

// A filter for calls of the native architecture by name.
class Native {
 public:
  explicit Native(const json& filter) : simulation_(Simulation::of(filter)) {
    EXPECT_TRUE(simulation_.ok()) << simulation_.error().message;
  }
  [[nodiscard]] std::uint32_t answer(const std::string& name, std::uint64_t arg0 = 0) const {
    seccomp_data call{};
    call.nr = seccomp_syscall_resolve_name(name.c_str());
    call.arch = seccomp_arch_native();
    call.args[0] = arg0;
    return simulation_.value().answer(call);
  }

 private:
  Result<Simulation> simulation_;
};

std::optional<json> engine(const std::string& name) {
  const std::string path = std::string(HOLDFAST_TEST_DATA) + "/oci/" + name;
  return oci::parse_spec(base::read_file(path, 1 << 20).value(), path).value().seccomp;
}

SeccompPlan container() {
  SeccompPlan plan;
  plan.base = true;
  plan.refuse.fill(true);
  return plan;
}

json composed(const std::optional<json>& of, const SeccompPlan& plan, bool enforcing) {
  const Result<std::optional<json>> got = compose(of, plan, enforcing);
  EXPECT_TRUE(got.ok()) << got.error().message;
  return got.value().value();
}

TEST(Compose, WhereTheKernelGuardCannotRefuseSeccompDoes) {
  const Native filter(composed(std::nullopt, container(), false));
  for (const char* name :
       {"mount",     "umount2",         "pivot_root",        "move_mount",   "open_tree",
        "fsopen",    "fsmount",         "fsconfig",          "fspick",       "mount_setattr",
        "setns",     "unshare",         "init_module",       "finit_module", "delete_module",
        "bpf",       "perf_event_open", "open_by_handle_at", "keyctl",       "userfaultfd",
        "kexec_load"}) {
    EXPECT_EQ(filter.answer(name), kEperm) << name;
  }
  for (const char* name : {"read", "openat", "ptrace", "execve", "name_to_handle_at", "fork",
                           "io_uring_setup", "mknod", "chroot", "clock_settime"}) {
    EXPECT_EQ(filter.answer(name), kAllow) << name;
  }
}

TEST(Compose, WhereItCanTheAttemptIsLetThroughToIt) {
  const Native filter(composed(std::nullopt, container(), true));
  for (const char* name :
       {"mount", "setns", "unshare", "clone", "clone3", "bpf", "init_module", "open_by_handle_at",
        "perf_event_open", "ptrace", "kexec_load", "kexec_file_load", "iopl", "ioperm"}) {
    EXPECT_EQ(filter.answer(name, CLONE_NEWNS), kAllow) << name;
  }
  for (const char* name :
       {"keyctl", "add_key", "request_key", "userfaultfd", "swapon", "acct", "quotactl"}) {
    EXPECT_EQ(filter.answer(name), kEperm) << name;
  }
}

TEST(Compose, AClassThatTheProfileAllowsStaysOpen) {
  SeccompPlan plan = container();
  plan.refuse[HF_ESCAPE_MOUNT] = false;
  plan.refuse[HF_ESCAPE_NAMESPACE] = false;
  const Native filter(composed(std::nullopt, plan, false));
  EXPECT_EQ(filter.answer("mount"), kAllow);
  EXPECT_EQ(filter.answer("clone", CLONE_NEWUSER), kAllow);
  EXPECT_EQ(filter.answer("clone3"), kAllow);
  EXPECT_EQ(filter.answer("bpf"), kEperm);
}

void expect_clone_without_namespaces(const json& document) {
  const Native filter(document);
  EXPECT_EQ(filter.answer("clone", kForkFlags), kAllow);
  EXPECT_EQ(filter.answer("clone", kThreadFlags), kAllow);
  for (const std::uint64_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                   CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
    EXPECT_NE(filter.answer("clone", flag), kAllow) << flag;
    EXPECT_NE(filter.answer("clone", flag | kForkFlags), kAllow) << flag;
  }
  EXPECT_EQ(filter.answer("clone3"), kEnosys);
}

TEST(Clone, MakesProcessesAndThreadsButNoNamespaces) {
  expect_clone_without_namespaces(composed(std::nullopt, container(), false));
  expect_clone_without_namespaces(composed(engine("docker.json"), container(), false));
  expect_clone_without_namespaces(composed(engine("podman.json"), container(), false));
}

json rule(const std::string& name, const std::string& action, const json& args = nullptr) {
  json entry = {{"names", json::array({name})}, {"action", action}};
  if (!args.is_null()) {
    entry["args"] = args;
  }
  return entry;
}

json filter_with(const std::string& default_action, const json& rules) {
  return {{"defaultAction", default_action}, {"syscalls", rules}};
}

json filter_of(const std::string& default_action, std::initializer_list<json> rules) {
  return filter_with(default_action, json(json::array_t(rules)));
}

// A condition on the first argument.
json first_is(std::uint64_t value) {
  return json::array({json{{"index", 0}, {"value", value}, {"op", "SCMP_CMP_EQ"}}});
}

TEST(Clone, ConditionsOfTheEngineAreKept) {
  const json on_flags = {
      {"index", 0}, {"value", 0x100}, {"valueTwo", 0x100}, {"op", "SCMP_CMP_MASKED_EQ"}};
  const json document = composed(
      filter_of("SCMP_ACT_ERRNO", {rule("clone", "SCMP_ACT_ALLOW", json::array({on_flags}))}),
      container(), false);
  const Native filter(document);
  EXPECT_EQ(filter.answer("clone", 0x100), kAllow);
  EXPECT_EQ(filter.answer("clone", 0x11), kEperm);
  EXPECT_EQ(filter.answer("clone", 0x100 | CLONE_NEWNS), kEperm);
}

TEST(Clone, ARuleThatOnlyLetsNamespacesThroughGoes) {
  const json on_flags = {{"index", 0},
                         {"value", CLONE_NEWNS},
                         {"valueTwo", CLONE_NEWNS},
                         {"op", "SCMP_CMP_MASKED_EQ"}};
  const json document = composed(
      filter_of("SCMP_ACT_ERRNO", {rule("clone", "SCMP_ACT_ALLOW", json::array({on_flags}))}),
      container(), false);
  EXPECT_TRUE(document.at("syscalls").empty()) << document;
}

TEST(Clone, AConditionOnAnotherArgumentIsJoined) {
  const json other = {{"index", 1}, {"value", 0}, {"op", "SCMP_CMP_EQ"}};
  const json document =
      composed(filter_of("SCMP_ACT_ERRNO", {rule("clone", "SCMP_ACT_ALLOW", json::array({other}))}),
               container(), false);
  EXPECT_EQ(document.at("syscalls").at(0).at("args").size(), 2U);
  EXPECT_EQ(Native(document).answer("clone", CLONE_NEWNS), kEperm);
}

TEST(Clone, WhereTheDefaultAllowsAnOwnRuleIsNarrowed) {
  const json document =
      composed(filter_of("SCMP_ACT_ALLOW", {rule("clone", "SCMP_ACT_LOG")}), container(), false);
  const Native filter(document);
  EXPECT_EQ(filter.answer("clone", kForkFlags), kLog);
  EXPECT_EQ(filter.answer("clone", CLONE_NEWUSER), kEperm);
}

TEST(Clone, TheEnginesOwnRefusalStays) {
  const Native filter(composed(filter_of("SCMP_ACT_ALLOW", {rule("clone", "SCMP_ACT_KILL"),
                                                            rule("clone3", "SCMP_ACT_KILL")}),
                               container(), false));
  EXPECT_EQ(filter.answer("clone"), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(filter.answer("clone3"), SECCOMP_RET_KILL_THREAD);
}

TEST(Compose, TwiceIsOnce) {
  SeccompPlan plan = container();
  plan.deny = {"ptrace", "chmod", "personality"};
  plan.log = {"openat", "execve", "unlink"};
  const std::optional<json> engines[] = {
      std::nullopt, engine("docker.json"), engine("podman.json"),
      filter_of("SCMP_ACT_ALLOW", {rule("clone", "SCMP_ACT_LOG"), rule("mount", "SCMP_ACT_KILL")}),
      filter_of("SCMP_ACT_LOG", {})};
  for (const std::optional<json>& of : engines) {
    for (const bool enforcing : {false, true}) {
      const json once = composed(of, plan, enforcing);
      // As it comes back from the file.
      EXPECT_EQ(composed(json::parse(once.dump()), plan, enforcing).dump(), once.dump());
      EXPECT_EQ(composed(of, plan, enforcing).dump(), once.dump());
    }
  }
}

TEST(Compose, NothingToDoIsNothingDone) {
  const SeccompPlan nothing;
  EXPECT_FALSE(compose(std::nullopt, nothing, false).value().has_value());
  EXPECT_EQ(compose(engine("docker.json"), nothing, false).value(), engine("docker.json"));
}

TEST(Compose, TheFilterOfItsOwnKnowsCompatArchitectures) {
  const json document = composed(std::nullopt, container(), true);
  EXPECT_EQ(document.at("defaultAction"), "SCMP_ACT_ALLOW");
#if defined(__x86_64__)
  EXPECT_EQ(document.at("architectures"),
            json({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}));
#endif
}

TEST(Compose, WhatItDoesNotKnowStays) {
  json of = *engine("docker.json");
  of["listenerPath"] = "/run/agent.sock";
  of["flags"] = {"SECCOMP_FILTER_FLAG_LOG"};
  of["syscalls"][0]["comment"] = "kept";
  const json document = composed(of, container(), true);
  EXPECT_EQ(document.at("listenerPath"), "/run/agent.sock");
  EXPECT_EQ(document.at("flags"), of["flags"]);
  EXPECT_EQ(document.at("syscalls").at(0).at("comment"), "kept");
}

TEST(Deny, GivesEpermAndTakesTheEnginesRuleAway) {
  SeccompPlan plan;
  plan.deny = {"ptrace", "personality"};
  for (const char* name : {"docker.json", "podman.json"}) {
    const Native filter(composed(engine(name), plan, true));
    EXPECT_NE(filter.answer("ptrace"), kAllow);
    EXPECT_NE(filter.answer("personality"), kAllow);
    EXPECT_EQ(filter.answer("openat"), kAllow);
  }
}

TEST(Deny, TheEnginesStricterRefusalStays) {
  SeccompPlan plan;
  plan.deny = {"ptrace", "mount"};
  const Native filter(
      composed(filter_of("SCMP_ACT_ALLOW", {rule("ptrace", "SCMP_ACT_KILL_PROCESS"),
                                            rule("mount", "SCMP_ACT_KILL_PROCESS", first_is(7))}),
               plan, true));
  EXPECT_EQ(filter.answer("ptrace"), SECCOMP_RET_KILL_PROCESS);
  EXPECT_NE(filter.answer("mount", 0), kAllow);
  EXPECT_NE(filter.answer("mount", 7), kAllow);
}

TEST(Log, OnlyWhereTheCallWasAllowed) {
  SeccompPlan plan;
  plan.log = {"ptrace", "mount", "personality"};
  const Native filter(composed(engine("docker.json"), plan, true));
  EXPECT_EQ(filter.answer("ptrace"), kLog);
  EXPECT_EQ(filter.answer("process_vm_readv"), kAllow);
  EXPECT_EQ(filter.answer("mount"), kEperm);
  EXPECT_EQ(filter.answer("personality", 0), kLog);
  EXPECT_EQ(filter.answer("personality", 1), kEperm);
  EXPECT_EQ(Native(composed(std::nullopt, plan, true)).answer("mount"), kLog);
}

TEST(Log, LogsWhatAConditionLeavesOver) {
  SeccompPlan plan;
  plan.log = {"mount"};
  const Native filter(composed(
      filter_of("SCMP_ACT_ALLOW", {rule("mount", "SCMP_ACT_ERRNO", first_is(7))}), plan, true));
  EXPECT_EQ(filter.answer("mount", 7), kEperm);
  EXPECT_EQ(filter.answer("mount", 0), kLog);
}

TEST(Deny, OnlyOfSomeArgumentsTheEnginesKillStays) {
  SeccompPlan plan;
  plan.deny = {"mount"};
  plan.error = ENOSYS;
  const Native filter(
      composed(filter_of("SCMP_ACT_ALLOW", {rule("mount", "SCMP_ACT_KILL_PROCESS", first_is(7))}),
               plan, true));
  EXPECT_EQ(filter.answer("mount", 7), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(filter.answer("mount", 0), kEnosys);
}

TEST(Deny, WhatRulesCannotTellApartIsAnsweredByTheStrictest) {
  SeccompPlan plan;
  plan.deny = {"mount"};
  const json masked = {{"index", 0}, {"value", 6}, {"valueTwo", 2}, {"op", "SCMP_CMP_MASKED_EQ"}};
  const Native filter(composed(
      filter_of("SCMP_ACT_ALLOW", {rule("mount", "SCMP_ACT_KILL_PROCESS", json::array({masked}))}),
      plan, true));
  EXPECT_EQ(filter.answer("mount", 0), SECCOMP_RET_KILL_PROCESS);
}

TEST(Notify, AsksTheAgentWhereTheCallWasAllowed) {
  SeccompPlan plan;
  plan.notify = {"mkdir", "mount", "personality"};
  json of = *engine("docker.json");
  of["listenerPath"] = "/run/agent.sock";
  const Native filter(composed(of, plan, true));
  EXPECT_EQ(filter.answer("mkdir"), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(filter.answer("personality", 0), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(filter.answer("personality", 1), kEperm);
  EXPECT_EQ(filter.answer("mount"), kEperm);
}

TEST(Notify, WithoutAnAgentIsAnError) {
  SeccompPlan plan;
  plan.notify = {"mkdir"};
  for (const std::optional<json>& of : {std::optional<json>(), engine("docker.json")}) {
    EXPECT_EQ(compose(of, plan, true).error().message,
              "profile: /seccomp/notify: config.json names no agent that would answer; give "
              "linux.seccomp.listenerPath in it, the socket of the agent, or remove notify");
  }
}

TEST(AllowOnly, RefusesWhatItDoesNotName) {
  SeccompPlan plan;
  plan.allow_only = {"execve", "read", "clone", "mount"};
  plan.error = EACCES;
  const Native alone(composed(std::nullopt, plan, true));
  EXPECT_EQ(alone.answer("read"), kAllow);
  EXPECT_EQ(alone.answer("mount"), kAllow);
  EXPECT_EQ(alone.answer("write"), SECCOMP_RET_ERRNO | EACCES);
  // glibc falls back to clone.
  EXPECT_EQ(alone.answer("clone3"), kEnosys);
  const Native docker(composed(engine("docker.json"), plan, true));
  EXPECT_EQ(docker.answer("read"), kAllow);
  EXPECT_EQ(docker.answer("mount"), kEperm);
  EXPECT_EQ(docker.answer("write"), SECCOMP_RET_ERRNO | EACCES);
}

TEST(AllowOnly, KeepsTheEnginesConditions) {
  SeccompPlan plan;
  plan.allow_only = {"execve", "mount", "personality"};
  const Native open(composed(
      filter_of("SCMP_ACT_ALLOW", {rule("mount", "SCMP_ACT_KILL", first_is(7))}), plan, true));
  EXPECT_EQ(open.answer("mount", 7), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(open.answer("mount", 0), kAllow);
  const Native docker(composed(engine("docker.json"), plan, true));
  EXPECT_EQ(docker.answer("personality", 0), kAllow);
  EXPECT_EQ(docker.answer("personality", 1), kEperm);
}

TEST(Compose, AnUnknownSystemCallOfAProfileIsAnError) {
  SeccompPlan plan;
  plan.log = {"mont"};
  EXPECT_EQ(compose(std::nullopt, plan, true).error().message,
            "profile: /seccomp/log: \"mont\" is no system call that this version of libseccomp "
            "knows; correct or remove it");
  plan.log.clear();
  plan.deny = {""};
  EXPECT_FALSE(compose(std::nullopt, plan, true).ok());
}

TEST(Compose, ABadFilterOfTheEngineIsSaidWithItsPlace) {
  const std::pair<json, const char*> cases[] = {
      {json::object(), "config.json: /linux/seccomp/defaultAction: is missing"},
      {filter_of("ALLOW", {}), "/linux/seccomp/defaultAction: \"ALLOW\" is not a seccomp action"},
      {filter_with("SCMP_ACT_ALLOW", 1), "/linux/seccomp/syscalls: must be an array, not number"},
      {filter_of("SCMP_ACT_ALLOW", {1}),
       "/linux/seccomp/syscalls/0: must be an object, not number"},
      {filter_of("SCMP_ACT_ALLOW", {json::object()}),
       "/linux/seccomp/syscalls/0/names: is missing"},
      {filter_of("SCMP_ACT_ALLOW", {json{{"names", json::array({1})}}}),
       "/linux/seccomp/syscalls/0/names/0: must be a string"},
      {filter_of("SCMP_ACT_ALLOW", {rule("read", "X")}),
       "/linux/seccomp/syscalls/0/action: \"X\" is not"},
      {filter_of("SCMP_ACT_ALLOW", {rule("read", "SCMP_ACT_ERRNO", json::array({1}))}),
       "/linux/seccomp/syscalls/0/args/0: must be an object"},
  };
  for (const auto& [of, error] : cases) {
    const Result<std::optional<json>> got = compose(of, container(), true);
    ASSERT_FALSE(got.ok()) << of;
    EXPECT_NE(got.error().message.find(error), std::string::npos) << got.error().message;
  }
}

// The work grows with names, rules and what a rule says; a config.json has room for too much.
TEST(Compose, AFilterThatIsTooLargeIsSaidWithItsPlace) {
  SeccompPlan plan;
  plan.allow_only = {"execve", "exit_group"};
  json names = json::array();
  for (int i = 0; i < 4097; ++i) {
    names.push_back("call" + std::to_string(i));
  }
  const json long_rule = {
      {"names", {"read"}}, {"action", "SCMP_ACT_LOG"}, {"comment", std::string(8192, 'x')}};
  const std::pair<json, const char*> cases[] = {
      {filter_of("SCMP_ACT_ALLOW", {{{"names", names}, {"action", "SCMP_ACT_LOG"}}}),
       "config.json: /linux/seccomp/syscalls: has, with the profile's rules, more than 4096 names; "
       "put rules that are alike into one, and remove those that say what defaultAction says"},
      {filter_of("SCMP_ACT_ALLOW", {long_rule}),
       "config.json: /linux/seccomp/syscalls/0: is longer than 8192 bytes without its names; split "
       "it, or shorten its comment"},
  };
  for (const auto& [of, error] : cases) {
    const Result<std::optional<json>> got = compose(of, plan, true);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().message, error);
  }
}

TEST(Compose, TheLargestFilterTakesNotLong) {
  SeccompPlan plan = container();
  plan.allow_only = {"execve", "exit_group"};
  json conditions = json::array();
  for (int i = 0; i < 100; ++i) {
    conditions.push_back({{"index", 1}, {"value", i}, {"op", "SCMP_CMP_EQ"}});
  }
  json names = json::array();
  for (int i = 0; i < 4096; ++i) {
    names.push_back("call" + std::to_string(i));
  }
  const json filter = filter_of(
      "SCMP_ACT_ERRNO", {{{"names", names}, {"action", "SCMP_ACT_ALLOW"}, {"args", conditions}}});
  const CpuTime time;
  (void)compose(filter, plan, false);
  EXPECT_LT(time.seconds(), 5) << "twice that of comparing each name with all";
}

}  // namespace
}  // namespace holdfast::seccomp
