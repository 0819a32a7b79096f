#include "src/profile/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "src/base/file.h"
#include "src/profile/policy_json.h"
#include "tests/unit/cpu_time.h"

namespace holdfast::profile {
namespace {

oci::Spec spec(const std::string& name = "docker.json") {
  const std::string path = std::string(HOLDFAST_TEST_DATA) + "/oci/" + name;
  return oci::parse_spec(base::read_file(path, 1 << 20).value(), path).value();
}

Compiled compiled(const Profile& profile, bool enforcing, const oci::Spec& of = spec()) {
  return compile(profile, of, enforcing).value();
}

Profile immutable() {
  Profile profile;
  profile.rootfs.guard = RootfsGuard::kEnforce;
  profile.rootfs.new_executables = HF_DENY;
  return profile;
}

bool begins_with_any(const std::string& name, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return name.starts_with(word); });
}

TEST(Compile, WithoutAnyKeyEscapesAreDeniedAndChangesTold) {
  const Compiled got = compiled({}, true);
  EXPECT_TRUE(got.guarded);
  EXPECT_FALSE(got.readonly_root);
  EXPECT_EQ(got.policy.action[HF_CLASS_NONE], HF_OFF);
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    const std::string name = class_name(id);
    const bool escape = begins_with_any(name, {"escape.", "tamper."});
    const bool change = begins_with_any(name, {"rootfs.", "drift.", "fileless."});
    EXPECT_EQ(got.policy.action[id], escape ? HF_DENY : change ? HF_ALERT : HF_OFF) << name;
    EXPECT_EQ(got.seccomp.refuse[id], escape) << class_name(id);
  }
}

struct GuardCase {
  RootfsGuard guard;
  Mode mode;
  bool enforcing;
  int write_action;
  bool readonly_root;
};

// What a config.json of 4 MiB has room for.
TEST(Compile, ManyMountsTakeNotLong) {
  Profile profile = immutable();
  oci::Spec many;
  for (int i = 0; i < 50'000; ++i) {
    many.mounts.push_back({"/m/" + std::to_string(i), "", "", {}});
  }
  for (std::size_t i = 0; i < kMaxWritable; ++i) {
    profile.rootfs.writable.push_back("/w" + std::to_string(i));
  }
  const CpuTime time;
  EXPECT_EQ(compiled(profile, false, many).tmpfs.size(), kMaxWritable);
  EXPECT_LT(time.seconds(), 2);
}

TEST(Compile, TooManyDevicesAreRefusedBeforeTheyAreCompared) {
  oci::Spec many;
  for (int i = 0; i < 50'000; ++i) {
    many.device_rules.push_back({true, "b", 1, i, "r"});
  }
  const CpuTime time;
  const Result<Compiled> got = compile({}, many, true);
  EXPECT_LT(time.seconds(), 0.5);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().message,
            "config.json: /linux: has more than 4096 devices and rules for devices; grant ranges "
            "(linux.resources.devices without minor)");
}

TEST(Compile, TheRootfsGuardFollowsModeAndBackEnd) {
  const GuardCase cases[] = {
      {RootfsGuard::kEnforce, Mode::kEnforce, true, HF_DENY, false},
      {RootfsGuard::kEnforce, Mode::kEnforce, false, HF_ALERT, true},
      {RootfsGuard::kEnforce, Mode::kDetect, true, HF_ALERT, false},
      {RootfsGuard::kEnforce, Mode::kDetect, false, HF_ALERT, false},
      {RootfsGuard::kReadonly, Mode::kEnforce, true, HF_DENY, true},
      {RootfsGuard::kReadonly, Mode::kEnforce, false, HF_ALERT, true},
      {RootfsGuard::kReadonly, Mode::kDetect, true, HF_ALERT, false},
      {RootfsGuard::kAlert, Mode::kEnforce, true, HF_ALERT, false},
      {RootfsGuard::kAlert, Mode::kEnforce, false, HF_ALERT, false},
      {RootfsGuard::kOff, Mode::kEnforce, true, HF_OFF, false},
  };
  for (const GuardCase& row : cases) {
    Profile profile;
    profile.rootfs.guard = row.guard;
    profile.mode = row.mode;
    const Compiled got = compiled(profile, row.enforcing);
    EXPECT_EQ(got.policy.action[HF_ROOTFS_WRITE], row.write_action);
    EXPECT_EQ(got.policy.action[HF_ROOTFS_ATTR], row.write_action);
    EXPECT_EQ(got.readonly_root, row.readonly_root);
  }
}

TEST(Compile, OnlyABackEndThatCanRefuseIsAskedTo) {
  Profile profile = immutable();
  profile.escape.action = HF_KILL;
  EXPECT_EQ(compiled(profile, true).policy.action[HF_ESCAPE_MOUNT], HF_KILL);
  EXPECT_EQ(compiled(profile, true).policy.action[HF_DRIFT_EXEC], HF_DENY);
  const Compiled told = compiled(profile, false);
  EXPECT_TRUE(std::all_of(told.policy.action.begin(), told.policy.action.end(),
                          [](int action) { return action <= HF_ALERT; }));
  EXPECT_TRUE(told.seccomp.refuse[HF_ESCAPE_MOUNT]) << "seccomp still does";
}

TEST(Compile, AnAllowedEscapeIsOffEverywhere) {
  Profile profile;
  profile.escape.allow = {HF_ESCAPE_MOUNT};
  const Compiled got = compiled(profile, false);
  EXPECT_EQ(got.policy.action[HF_ESCAPE_MOUNT], HF_OFF);
  EXPECT_FALSE(got.seccomp.refuse[HF_ESCAPE_MOUNT]);
  EXPECT_EQ(got.policy.action[HF_ESCAPE_NAMESPACE], HF_ALERT);
}

TEST(Compile, ModeOffLeavesTheContainerAlone) {
  Profile profile = immutable();
  profile.mode = Mode::kOff;
  const Compiled got = compiled(profile, false);
  EXPECT_FALSE(got.guarded);
  EXPECT_FALSE(got.readonly_root);
  EXPECT_EQ(got.policy, Policy{});
  EXPECT_EQ(got.seccomp, SeccompPlan{});
}

TEST(Compile, DetectRefusesNothingBySeccompEither) {
  Profile profile;
  profile.mode = Mode::kDetect;
  profile.seccomp.deny = {"ptrace"};
  profile.seccomp.notify = {"mkdir"};
  profile.seccomp.allow_only = {"read"};
  profile.seccomp.log = {"mount"};
  const SeccompPlan plan = compiled(profile, false).seccomp;
  EXPECT_FALSE(plan.base);
  EXPECT_TRUE(plan.deny.empty());
  EXPECT_EQ(plan.log, (std::vector<std::string>{"mount", "ptrace", "mkdir"}));
  EXPECT_TRUE(plan.notify.empty());
  EXPECT_EQ(plan.allow_only, std::vector<std::string>{"read"});
  EXPECT_TRUE(plan.log_others);
  EXPECT_EQ(plan.refuse, SeccompPlan{}.refuse);
}

TEST(Compile, WritablePathsAreCleanSortedAndOnce) {
  Profile profile;
  profile.rootfs.writable = {"/var/cache/", "/run", "/run"};
  EXPECT_EQ(compiled(profile, true).policy.writable,
            (std::vector<std::string>{"/run", "/var/cache"}));
}

TEST(Compile, AReadOnlyRootGetsATmpfsWhereNothingIsMounted) {
  Profile profile = immutable();
  profile.rootfs.writable = {"/var/cache/app", "/dev/shm/x", "/run", "/etc/resolv.conf"};
  const Compiled got = compiled(profile, false);
  EXPECT_EQ(got.tmpfs, (std::vector<std::string>{"/run", "/var/cache/app"}));
  EXPECT_TRUE(got.tmpfs_noexec);
  EXPECT_TRUE(compiled(profile, true).tmpfs.empty()) << "the kernel guard needs none";
}

TEST(Compile, WhereEverythingIsWritableTheRootIsNotReadOnly) {
  Profile profile = immutable();
  profile.rootfs.writable = {"/"};
  EXPECT_FALSE(compiled(profile, false).readonly_root);
}

TEST(Compile, TheBoundingSetBecomesBits) {
  EXPECT_EQ(compiled({}, true).policy.bounding, 0xa80425fbU) << "docker's well-known default";
  EXPECT_EQ(compiled({}, true, spec("privileged.json")).policy.bounding, 0x1ffffffffffU);
  oci::Spec none;
  none.process.bounding = {"CAP_NEW_IN_2040", "cap_chown"};
  EXPECT_EQ(compiled({}, true, none).policy.bounding, 0U);
}

TEST(Compile, AUserNamespaceOfItsOwnIsKnown) {
  EXPECT_TRUE(compiled({}, true, spec("podman.json")).policy.own_user_namespace);
  EXPECT_FALSE(compiled({}, true).policy.own_user_namespace);
}

constexpr std::uint32_t kRwm = HF_DEVICE_READ | HF_DEVICE_WRITE | HF_DEVICE_MKNOD;

bool grants(const Policy& policy, const DeviceRule& rule) {
  return std::find(policy.devices.begin(), policy.devices.end(), rule) != policy.devices.end();
}

TEST(Devices, TheUsualOnesAreGrantedWhateverConfigJsonSays) {
  const Policy policy = compiled({}, true, spec("runc-spec.json")).policy;
  EXPECT_TRUE(grants(policy, {false, 1, 3, kRwm}));
  EXPECT_TRUE(grants(policy, {false, 136, HF_DEVICE_ANY, kRwm}));
  EXPECT_TRUE(grants(policy, {false, 10, 200, kRwm}));
  EXPECT_TRUE(grants(policy, {false, 0, 0, HF_DEVICE_MKNOD}));
  EXPECT_EQ(policy.devices.size(), 11U);
  EXPECT_FALSE(policy.all_devices);
}

TEST(Devices, LinuxDevicesAreGranted) {
  const Policy policy = compiled({}, true, spec("privileged.json")).policy;
  EXPECT_TRUE(policy.all_devices);
  EXPECT_TRUE(grants(policy, {true, 8, 0, kRwm}));
}

struct RuleCase {
  std::vector<oci::DeviceCgroupRule> rules;
  bool all = false;
  std::vector<DeviceRule> has;
  std::vector<DeviceRule> has_not;
};

TEST(Devices, RulesApplyInOrder) {
  constexpr std::uint32_t kAny = HF_DEVICE_ANY;
  const std::vector<RuleCase> cases = {
      {{{true, "", {}, {}, "rwm"}}, true, {}, {}},
      {{{true, "a", -1, -1, "rwm"}}, true, {}, {}},
      {{{true, "a", {}, {}, ""}}, true, {}, {}},
      {{{true, "a", {}, {}, "rw"}}, false, {{true, kAny, kAny, kRwm & ~1U}}, {}},
      {{{true, "", {}, {}, "rwm"}, {false, "", {}, {}, "rwm"}},
       false,
       {},
       {{true, kAny, kAny, kRwm}, {false, kAny, kAny, kRwm}}},
      {{{true, "", {}, {}, "rwm"}, {false, "b", {}, {}, "rwm"}},
       false,
       {{false, kAny, kAny, kRwm}},
       {{true, kAny, kAny, kRwm}}},
      {{{true, "c", 10, 229, "rw"}, {true, "c", 10, 229, "m"}},
       false,
       {{false, 10, 229, kRwm}},
       {}},
      {{{true, "c", 10, 229, "rwm"}, {false, "c", 10, {}, "m"}},
       false,
       {{false, 10, 229, kRwm & ~1U}},
       {}},
      {{{true, "b", 8, -1, "r"}, {false, "b", 9, {}, "r"}},
       false,
       {{true, 8, kAny, HF_DEVICE_READ}},
       {}},
      {{{true, "c", -7, 1LL << 40, "r"}}, false, {{false, kAny - 1, kAny - 1, HF_DEVICE_READ}}, {}},
  };
  for (const RuleCase& row : cases) {
    oci::Spec of;
    of.device_rules = row.rules;
    const Policy policy = compiled({}, true, of).policy;
    EXPECT_EQ(policy.all_devices, row.all);
    for (const DeviceRule& rule : row.has) {
      EXPECT_TRUE(grants(policy, rule)) << rule.major << ":" << rule.minor;
    }
    for (const DeviceRule& rule : row.has_not) {
      EXPECT_FALSE(grants(policy, rule)) << rule.major << ":" << rule.minor;
    }
  }
}

TEST(Devices, TooManyAreRefused) {
  oci::Spec of;
  for (int i = 0; i < 600; ++i) {
    of.device_rules.push_back({true, "c", 200, i, "r"});
  }
  EXPECT_FALSE(compile({}, of, true).ok());
}

TEST(PolicyNames, GoBothWays) {
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    EXPECT_EQ(class_by_name(class_name(id)), id);
  }
  for (int action = HF_OFF; action <= HF_KILL; ++action) {
    EXPECT_EQ(action_by_name(action_name(action)), action);
  }
  EXPECT_EQ(class_name(0), nullptr);
  EXPECT_EQ(class_name(HF_CLASS_COUNT), nullptr);
  EXPECT_EQ(class_by_name("escape"), std::uint32_t{HF_CLASS_NONE});
  EXPECT_EQ(action_name(-1), nullptr);
  EXPECT_EQ(action_name(5), nullptr);
  EXPECT_EQ(action_by_name("Deny"), -1);
}

Profile with_rules() {
  Profile profile = immutable();
  profile.rootfs.writable = {"/run", "/"};
  profile.exec = {{"/bin/sh"}, HF_KILL};
  profile.files = {{"/etc/shadow", HF_DENY, HF_ALERT, 3}};
  profile.network.allow = {{HF_NETWORK_CONNECT, {0x20, 1}, 16, 443}};
  profile.network.otherwise = {HF_DENY, HF_ALERT, HF_OFF};
  profile.capabilities = {std::uint64_t{1} << 40, HF_DENY};
  profile.process = {HF_RECORD, HF_ALERT, HF_DENY};
  return profile;
}

TEST(Compile, RulesReachThePolicy) {
  const Policy policy = compiled(with_rules(), true).policy;
  EXPECT_EQ(policy.action[HF_EXEC_UNEXPECTED], HF_KILL);
  EXPECT_EQ(policy.action[HF_FILE_SENSITIVE], HF_DENY) << "where no path can be built";
  EXPECT_EQ(policy.action[HF_NETWORK_UNEXPECTED], HF_DENY);
  EXPECT_EQ(policy.action[HF_PRIVILEGE_SETUID], HF_RECORD);
  EXPECT_EQ(policy.action[HF_PROCESS_INJECTION], HF_ALERT);
  EXPECT_EQ(policy.executables, std::vector<std::string>{"/bin/sh"});
  EXPECT_EQ(policy.capabilities, std::uint64_t{1} << 40);
}

TEST(Compile, DetectWeakensRulesAsWell) {
  Profile profile = with_rules();
  profile.mode = Mode::kDetect;
  const Policy policy = compiled(profile, true).policy;
  EXPECT_EQ(policy.action[HF_EXEC_UNEXPECTED], HF_ALERT);
  EXPECT_EQ(policy.files.front().read, HF_ALERT);
  EXPECT_EQ(policy.network[HF_NETWORK_CONNECT], HF_ALERT);
  EXPECT_EQ(policy.network[HF_NETWORK_RAW], HF_OFF);
  EXPECT_EQ(policy.action[HF_PROCESS_REVERSE_SHELL], HF_ALERT);
}

TEST(PolicyJson, GoesBothWays) {
  const Profile profile = with_rules();
  for (const char* name : {"docker.json", "podman.json", "privileged.json", "runc-spec.json"}) {
    const Policy policy = compiled(profile, true, spec(name)).policy;
    const std::string text = policy_to_json(policy).dump();
    const Result<Policy> back = policy_from_json(base::parse_json(text, "m").value(), "m");
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back.value(), policy);
  }
}

TEST(PolicyJson, BadOnesAreRefused) {
  const nlohmann::json good = policy_to_json(Policy{});
  const std::pair<const char*, nlohmann::json> changes[] = {
      {"action", {{"escape.moon", "deny"}}},
      {"action", {{"escape.mount", "maybe"}}},
      {"action", nullptr},
      {"bounding", -1},
      {"bounding", 1.5},
      {"own_user_namespace", 1},
      {"devices", {{"x", 1, 2, "r"}}},
      {"devices", {{"c", 1, 2}}},
      {"devices", {{"c", -2, 2, "r"}}},
      {"devices", {{"c", 4294967295U, 2, "r"}}},
      {"devices", {{"c", 1, 2, "x"}}},
      {"devices", nlohmann::json::array_t(513, {"c", 1, 2, "r"})},
      {"writable", {"relative"}},
      {"writable", {"/a/../b"}},
      {"writable", {"/" + std::string(250, 'a')}},
      {"writable", nlohmann::json::array_t(257, "/a")},
      {"unknown", 1},
  };
  for (const auto& [key, value] : changes) {
    nlohmann::json bad = good;
    bad[key] = value;
    EXPECT_FALSE(policy_from_json(bad, "message").ok()) << bad.dump();
  }
  const std::pair<const char*, nlohmann::json> rules[] = {
      {"executables", {"relative"}},
      {"files", {{"/a", 5, 0, 0}}},
      {"files", {{"/a", 1, 0}}},
      {"files", {{"a", 1, 0, 0}}},
      {"files", {{"/a", 1, 0, 9}}},
      {"network", {0, 0}},
      {"network", {0, 0, 5}},
      {"peers", {{0, {1, 2}, 16, 80}}},
      {"peers", {{3, std::vector<int>(16), 16, 80}}},
      {"peers", {{0, std::vector<int>(16), 129, 80}}},
      {"peers", {{0, std::vector<int>(16), 16, 65536}}},
      {"capabilities", -1},
      {"unknown", 1},
  };
  for (const auto& [key, value] : rules) {
    nlohmann::json bad = good;
    bad["rules"][key] = value;
    EXPECT_FALSE(policy_from_json(bad, "message").ok()) << bad["rules"].dump();
  }
  EXPECT_TRUE(policy_from_json(good, "message").ok());
  EXPECT_FALSE(policy_from_json(nlohmann::json::array(), "message").ok());
  EXPECT_FALSE(policy_from_json(nlohmann::json::object(), "message").ok());
}

}  // namespace
}  // namespace holdfast::profile
