#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hook/input.h"
#include "hook/options.h"
#include "hook/precreate.h"
#include "hook/subject.h"
#include "src/base/unique_fd.h"
#include "src/seccomp/compose.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::hook {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Words = std::vector<const char*>;

TEST(HookOptions, NameTheStage) {
  EXPECT_EQ(parse_options(Words{"createRuntime"}).value().stage, Stage::kCreate);
  EXPECT_EQ(parse_options(Words{"prestart"}).value().stage, Stage::kCreate);
  EXPECT_EQ(parse_options(Words{"precreate"}).value().stage, Stage::kPrecreate);
  EXPECT_EQ(parse_options(Words{"poststop"}).value().stage, Stage::kPoststop);
  EXPECT_EQ(parse_options(Words{"--help"}).value().stage, Stage::kHelp);
}

TEST(HookOptions, AreTakenBeforeTheStage) {
  const Options options = parse_options(Words{"--config", "/c", "--socket", "/s", "--spec", "/j",
                                              "--bundle", "/b", "prestart"})
                              .value();
  EXPECT_EQ(options.config, "/c");
  EXPECT_EQ(options.socket, "/s");
  EXPECT_EQ(options.spec, "/j");
  EXPECT_EQ(options.bundle, "/b");
}

TEST(HookOptions, ThatAreWrongAreNamed) {
  const std::pair<Words, std::string> cases[] = {
      {{}, "no stage"},
      {{"start"}, "\"start\""},
      {{"--config"}, "--config lacks"},
      {{"--socket", "/s"}, "no stage"},
      {{"--what", "x"}, "\"--what\""},
      {{"prestart", "poststop"}, "not \"poststop\" as well"},
      {{""}, "\"\" is not a stage"},
  };
  for (const auto& [words, named] : cases) {
    const auto options = parse_options(words);
    ASSERT_FALSE(options.ok()) << named;
    EXPECT_NE(options.error().message.find(named), std::string::npos) << options.error().message;
  }
}

TEST(HookPrecreate, FindsPodmansBundleByWhatPodmanMounts) {
  oci::Spec spec;
  EXPECT_EQ(bundle_of(spec), "");
  spec.mounts.push_back({"/run/.containerenv", "/srv/other", "bind", {}});
  EXPECT_EQ(bundle_of(spec), "");
  spec.mounts.front().source =
      "/run/containers/storage/overlay-containers/abc/userdata/.containerenv";
  spec.root.path = "/srv/rootfs";
  EXPECT_EQ(bundle_of(spec), "/run/containers/storage/overlay-containers/abc/userdata");
  spec.root.path = "/var/lib/containers/storage/overlay/0123/merged";
  EXPECT_EQ(bundle_of(spec), "/var/lib/containers/storage/overlay-containers/abc/userdata");
}

TEST(HookPrecreate, RefusesAtTheStageWhereRuntimesSayWhy) {
  const std::string text =
      refusing(R"({"ociVersion":"1.0.2","root":{"path":"/r"}})", "no \"a\"").value();
  const auto hook = nlohmann::json::parse(text)["hooks"]["createRuntime"].at(0);
  EXPECT_TRUE(hook["path"].get<std::string>().ends_with("/holdfast-hook"));
  EXPECT_EQ(hook["args"],
            nlohmann::json({"holdfast-hook", "--refuse", "no \"a\"", "createRuntime"}));
  EXPECT_FALSE(hook["env"].empty());
  EXPECT_FALSE(refusing("{", "why").ok());
}

class HookInput : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> fds{};
    ASSERT_EQ(pipe(fds.data()), 0);
    read_.reset(fds[0]);
    write_.reset(fds[1]);
  }

  base::UniqueFd read_;
  base::UniqueFd write_;
};

TEST_F(HookInput, IsReadToItsEnd) {
  std::thread writer([this] {
    EXPECT_EQ(write(write_.get(), "ab", 2), 2);
    std::this_thread::sleep_for(milliseconds(20));
    EXPECT_EQ(write(write_.get(), "c", 1), 1);
    write_.reset();
  });
  EXPECT_EQ(read_input(read_.get(), 3, milliseconds(5000)).value(), "abc");
  writer.join();
}

TEST_F(HookInput, IsReadToItsEndEvenWhenItIsTooLong) {
  std::thread writer([this] {
    const std::string much(1 << 20, 'x');
    for (std::size_t done = 0; done < much.size();) {
      const ssize_t put = write(write_.get(), much.data() + done, much.size() - done);
      ASSERT_GT(put, 0);  // EPIPE is what kills a container of crun
      done += static_cast<std::size_t>(put);
    }
    write_.reset();
  });
  EXPECT_FALSE(read_input(read_.get(), 1000, milliseconds(5000)).ok());
  writer.join();
}

TEST_F(HookInput, ThatDoesNotEndIsNotWaitedForForEver) {
  EXPECT_FALSE(read_input(read_.get(), 10, milliseconds(50)).ok());
}

class HookSubject : public testing::Test {
 protected:
  void SetUp() override {
    put("proc/100/stat", stat_of(100, 1));
    put("proc/101/stat", stat_of(101, 100));
    put("proc/200/stat", stat_of(200, 1));
  }

  static std::string stat_of(int pid, int parent) {
    return std::to_string(pid) + " (init) S " + std::to_string(parent) +
           " 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n";
  }
  void put(const std::string& path, const std::string& content) { temp_.write(path, content); }
  Result<std::string> cgroup() { return find_cgroup(100, root_ / "proc", root_ / "sys"); }

  static Subject subject(const std::string& config) {
    Subject made;
    made.state.id = "c1";
    made.state.pid = 100;
    made.state.bundle = "/bundles/c1";
    made.spec = oci::parse_spec(config, "config.json").value();
    made.resolved.profile.name = "p";
    return made;
  }

  test::TempDir temp_;
  const fs::path root_ = temp_.path();
};

const char* const kConfig = R"({"ociVersion":"1.0.2","root":{"path":"rootfs"},
  "process":{"args":["sh"],"cwd":"/"},"annotations":{"io.podman.annotations.x":"1"},"linux":{}})";

TEST_F(HookSubject, CgroupIsThatOfTheInit) {
  put("proc/100/cgroup", "0::/pod/c1\n");
  put("sys/cgroup.controllers", "");
  put("sys/pod/c1/cgroup.procs", "100\n101\n");
  EXPECT_EQ(cgroup().value(), "/pod/c1");
}

TEST_F(HookSubject, CgroupThatHoldsOthersIsAnErrorThatNamesItAndTheRemedy) {
  put("proc/100/cgroup", "0::/user.slice\n");
  put("sys/cgroup.controllers", "");
  put("sys/user.slice/cgroup.procs", "100\n200\n");
  const auto found = cgroup();
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("/user.slice"), std::string::npos);
  EXPECT_NE(found.error().message.find("200"), std::string::npos);
  EXPECT_NE(found.error().message.find("cgroupsPath"), std::string::npos);
}

TEST_F(HookSubject, CgroupIsNoneWhereTheHostHasNoneOfVersionTwo) {
  put("proc/100/cgroup", "3:pids:/c1\n");
  EXPECT_EQ(cgroup().value(), "");
}

TEST_F(HookSubject, CgroupIsNoneWhereTheRuntimeOfAHybridHostLeavesVersionTwoAlone) {
  put("proc/100/cgroup", "3:pids:/c1\n0::/\n");
  put("sys/unified/cgroup.controllers", "");
  EXPECT_EQ(cgroup().value(), "");
}

TEST_F(HookSubject, CgroupOfAProcessThatIsGoneIsAnError) {
  put("sys/cgroup.controllers", "");
  EXPECT_FALSE(cgroup().ok());
}

TEST_F(HookSubject, RootIsRelativeToTheBundleOrAbsolute) {
  EXPECT_EQ(rootfs_of(subject(kConfig)), "/bundles/c1/rootfs");
  Subject absolute = subject(kConfig);
  absolute.spec.root.path = "/var/lib/x/../merged/";
  EXPECT_EQ(rootfs_of(absolute), "/var/lib/merged");
}

TEST_F(HookSubject, DescriptionLeavesOutAnnotationsThatFillAPacket) {
  Subject made = subject(kConfig);
  made.engine = "podman";
  made.name = "web";
  made.spec.annotations["kubectl"] = std::string(100000, 'x');
  const monitor::Container container = describe(made);
  EXPECT_EQ(container.id, "c1");
  EXPECT_EQ(container.profile, "p");
  EXPECT_EQ(container.mode, "enforce");
  EXPECT_EQ(container.engine, "podman");
  EXPECT_EQ(container.name, "web");
  EXPECT_FALSE(container.annotations.contains("kubectl"));
  EXPECT_EQ(container.annotations.size(), 1U);
}

TEST_F(HookSubject, PreventionIsMissingWithoutTheReadOnlyRootThatTheProfileNeeds) {
  Subject made = subject(kConfig);
  made.resolved.profile.rootfs.guard = profile::RootfsGuard::kReadonly;
  const auto compiled = profile::compile(made.resolved.profile, made.spec, true).value();
  EXPECT_NE(missing_prevention(made, compiled, true).value().find("read-only"), std::string::npos);
  made.spec.root.readonly = true;
  EXPECT_EQ(missing_prevention(made, compiled, true).value(), "");
}

TEST_F(HookSubject, PreventionIsMissingWithoutTheFilterWhereTheKernelOnlyDetects) {
  Subject made = subject(kConfig);
  const auto detecting = profile::compile(made.resolved.profile, made.spec, false).value();
  EXPECT_NE(missing_prevention(made, detecting, false).value().find("seccomp"), std::string::npos);
  const auto enforcing = profile::compile(made.resolved.profile, made.spec, true).value();
  EXPECT_EQ(missing_prevention(made, enforcing, true).value(), "");
  made.resolved.profile.mode = profile::Mode::kDetect;
  const auto only_told = profile::compile(made.resolved.profile, made.spec, false).value();
  EXPECT_EQ(missing_prevention(made, only_told, false).value(), "");
}

TEST_F(HookSubject, PreventionIsMissingWhereTheKernelOnlyDetectsAndTheProfileWantsNoFilter) {
  Subject made = subject(kConfig);
  made.resolved.profile.seccomp.base = profile::SeccompBase::kNone;
  const auto refusing = profile::compile(made.resolved.profile, made.spec, false).value();
  EXPECT_NE(missing_prevention(made, refusing, false).value().find("base"), std::string::npos);
  made.resolved.profile.escape.action = HF_ALERT;
  const auto telling = profile::compile(made.resolved.profile, made.spec, false).value();
  EXPECT_EQ(missing_prevention(made, telling, false).value(), "");
}

TEST_F(HookSubject, PreventionIsMissingWithoutTheFilterOfCallsThatTheProfileDenies) {
  Subject made = subject(kConfig);
  made.resolved.profile.seccomp.deny = {"io_uring_setup"};
  const auto compiled = profile::compile(made.resolved.profile, made.spec, true).value();
  EXPECT_NE(missing_prevention(made, compiled, true).value().find("denies"), std::string::npos);
  made.spec.seccomp = seccomp::compose(made.spec.seccomp, compiled.seccomp, true).value();
  EXPECT_EQ(missing_prevention(made, compiled, true).value(), "");
}

TEST_F(HookSubject, ConfigIsReadFromTheBundleOrFromSpec) {
  put("bundle/config.json", kConfig);
  put("other.json", kConfig);
  put("profiles/default.json", R"({"schema":"holdfast.profile/v1","name":"default"})");
  oci::State state;
  state.id = "c1";
  state.bundle = root_ / "bundle";
  profile::Config config;
  config.profile_paths = {root_ / "profiles"};
  EXPECT_TRUE(read_subject(state, Options{}, config).ok());
  Options options;
  options.spec = root_ / "other.json";
  EXPECT_TRUE(read_subject(state, options, config).ok());
  options.spec = root_ / "missing.json";
  EXPECT_FALSE(read_subject(state, options, config).ok());
  state.bundle = root_ / "empty";
  EXPECT_FALSE(read_subject(state, Options{}, config).ok());
}

}  // namespace
}  // namespace holdfast::hook
