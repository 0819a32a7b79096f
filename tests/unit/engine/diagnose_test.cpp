#include "src/engine/diagnose.h"

#include <filesystem>
#include <string>

#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

constexpr const char* kLater = "etc/containers/containers.conf.d/60-later.conf";
constexpr const char* kContainerdByHand =
    "version = 2\n"
    "[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
    "default_runtime_name = \"mine\"\n"
    "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.mine]\n"
    "runtime_type = \"io.containerd.runc.v2\"\n"
    "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.mine.options]\n"
    "BinaryName = \"/usr/bin/holdfast-runtime\"\n";

class DiagnoseTest : public EngineTest {
 protected:
  void SetUp() override { put_programs(); }
  [[nodiscard]] Diagnosis look(Engine engine) const {
    return diagnose(engine, tree, owner, record());
  }
  // A line for each check.
  [[nodiscard]] std::string told(Engine engine) const {
    std::string lines;
    for (const Check& check : look(engine).checks) {
      lines += std::string(name_of(check.verdict)) + " " + check.text + "\n";
    }
    return lines;
  }
  // The strongest that a container can ask for.
  [[nodiscard]] Tier asking(Engine engine) const {
    const Diagnosis found = look(engine);
    return found.ways.empty() ? found.everyone : found.ways.front().gets;
  }
  [[nodiscard]] std::string how_to_ask(Engine engine) const {
    const Diagnosis found = look(engine);
    return found.ways.empty() ? "" : found.ways.front().how;
  }
  [[nodiscard]] bool tells(Engine engine, const std::string& text) const {
    return told(engine).find(text) != std::string::npos;
  }
};

TEST_F(DiagnoseTest, WithoutConfigurationEveryContainerIsUnguarded) {
  for (const Engine engine : kEngines) {
    const Diagnosis found = look(engine);
    EXPECT_EQ(asking(engine), Tier::kNone) << found.name;
    EXPECT_TRUE(found.needs_install) << found.name;
    EXPECT_TRUE(tells(engine,
                      "warn not configured, its containers are unguarded: run `holdfast "
                      "install " +
                          found.name + "`"));
  }
}

TEST_F(DiagnoseTest, WhatInstallWroteGuardsThoseThatAsk) {
  for (const Engine engine : kEngines) {
    EXPECT_EQ(install(engine), "");
    const Diagnosis found = look(engine);
    EXPECT_EQ(asking(engine), Tier::kRuntime) << found.name;
    EXPECT_EQ(found.everyone, Tier::kNone) << found.name;
    EXPECT_FALSE(found.needs_install) << found.name;
    EXPECT_FALSE(tells(engine, "fail ") || tells(engine, "warn ")) << told(engine);
  }
  EXPECT_EQ(how_to_ask(Engine::kPodman), "with --runtime holdfast");
  EXPECT_EQ(how_to_ask(Engine::kCrio), "with a RuntimeClass of the handler holdfast");
}

TEST_F(DiagnoseTest, ByDefaultEveryContainerIsGuarded) {
  options.by_default = true;
  for (const Engine engine : kEngines) {
    EXPECT_EQ(install(engine), "");
    EXPECT_EQ(look(engine).everyone, Tier::kRuntime) << name_of(engine);
    EXPECT_EQ(how_to_ask(engine), "");
  }
}

TEST_F(DiagnoseTest, TheHookAloneIsLess) {
  options.with = With::kHook;
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_EQ(asking(Engine::kPodman), Tier::kPrecreate);
  EXPECT_EQ(how_to_ask(Engine::kPodman), "with an annotation io.holdfast.…");
  EXPECT_TRUE(
      tells(Engine::kPodman, "warn builds (podman build, buildah): no annotations, so no hook"));
  options.by_default = true;
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_EQ(look(Engine::kPodman).everyone, Tier::kPrecreate);
  EXPECT_TRUE(tells(Engine::kPodman, "ok builds (podman build, buildah): the hook too"));
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_EQ(look(Engine::kCrio).everyone, Tier::kHook);
}

TEST_F(DiagnoseTest, RepairKeepsTheOptionsThatWereChosen) {
  options = {.with = With::kHook, .by_default = true};
  EXPECT_EQ(install(Engine::kPodman), "");
  ASSERT_TRUE(tree.remove("/etc/containers/oci/hooks.d/50-holdfast-poststop.json").ok());
  EXPECT_TRUE(look(Engine::kPodman).needs_install);
  EXPECT_TRUE(tells(Engine::kPodman,
                    "fail /etc/containers/oci/hooks.d/50-holdfast-poststop.json "
                    "has lost what holdfast wrote: run `holdfast install --with "
                    "hook --default podman`"));
}

TEST_F(DiagnoseTest, LaterFilesThatUndoItAreAFailure) {
  EXPECT_EQ(install(Engine::kPodman), "");
  dir.write(kLater, "[engine]\nhooks_dir = [\"/mine\"]\n");
  EXPECT_TRUE(tells(Engine::kPodman,
                    "fail /etc/containers/containers.conf.d/60-later.conf is read "
                    "after holdfast's file, and its hooks_dir leaves out"));
}

TEST_F(DiagnoseTest, ProgramsThatAreGoneAreAFailure) {
  EXPECT_EQ(install(Engine::kPodman), "");
  ASSERT_TRUE(tree.remove(programs.runtime).ok());
  EXPECT_TRUE(tells(Engine::kPodman,
                    "fail runtime \"holdfast\": /usr/bin/holdfast-runtime is not "
                    "there"));
  EXPECT_TRUE(tells(Engine::kPodman, "ok hook: /usr/libexec/holdfast/holdfast-hook"));
}

TEST_F(DiagnoseTest, WhatOthersCanExchangeIsAFailure) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  EXPECT_EQ(install(Engine::kPodman), "");
  std::filesystem::permissions(dir.path() + programs.hook, std::filesystem::perms{0777});
  EXPECT_TRUE(tells(Engine::kPodman, "fail hook: others than root can change"))
      << told(Engine::kPodman);
}

TEST_F(DiagnoseTest, WhatSomebodyElseWroteCountsByWhatItSays) {
  dir.write("etc/containerd/config.toml", kContainerdByHand);
  const Diagnosis found = look(Engine::kContainerd);
  EXPECT_EQ(found.everyone, Tier::kRuntime);
  EXPECT_FALSE(found.needs_install);
  EXPECT_TRUE(
      tells(Engine::kContainerd, "ok runtime \"mine\": /usr/bin/holdfast-runtime, for every"));
  EXPECT_TRUE(tells(Engine::kContainerd, "warn annotations: a pod's do not reach its containers"));
}

TEST_F(DiagnoseTest, RuntimeByItsPathIsTheDefaultToo) {
  dir.write("etc/containers/containers.conf",
            "[engine]\nruntime = \"/usr/bin/holdfast-runtime\"\n");
  EXPECT_EQ(look(Engine::kPodman).everyone, Tier::kRuntime);
}

TEST_F(DiagnoseTest, OfARuntimesPathsTheFirstThatIsThereCounts) {
  dir.write("etc/containers/containers.conf",
            "[engine.runtimes]\nours = [\"/gone/runc\", \"/usr/bin/holdfast-runtime\"]\n");
  EXPECT_EQ(how_to_ask(Engine::kPodman), "with --runtime ours");
}

TEST_F(DiagnoseTest, ContainerdWithoutCriHasNothingToConfigure) {
  dir.write("etc/containerd/config.toml", "disabled_plugins = [\"cri\"]\n");
  EXPECT_TRUE(tells(Engine::kContainerd, "ok /etc/containerd/config.toml disables CRI"));
  EXPECT_FALSE(look(Engine::kContainerd).needs_install);
}

TEST_F(DiagnoseTest, WhatTheEngineCannotReadIsAFailure) {
  dir.write("etc/docker/daemon.json", "{");
  EXPECT_TRUE(tells(Engine::kDocker, "fail /etc/docker/daemon.json"));
  EXPECT_FALSE(look(Engine::kDocker).needs_install);
  dir.write("etc/docker/daemon.json", R"({"runtimes": {"x": 1}})");
  (void)look(Engine::kDocker);
}

TEST_F(DiagnoseTest, OrdinaryUsersHaveWhatTheSystemHasToo) {
  EXPECT_EQ(install(Engine::kPodman), "");
  owner = {"/home/u/.config", "/home/u/.local/state"};
  EXPECT_EQ(asking(Engine::kPodman), Tier::kRuntime);
  EXPECT_FALSE(look(Engine::kPodman).needs_install);
  dir.write("home/u/.config/containers/containers.conf",
            "[engine]\nhooks_dir = []\n[engine.runtimes]\nholdfast = [\"/usr/bin/runc\"]\n");
  EXPECT_EQ(asking(Engine::kPodman), Tier::kNone);
}

TEST_F(DiagnoseTest, RuntimesThemselvesAreGuardedByOurName) {
  dir.write("usr/bin/runc", "");
  dir.write("usr/bin/holdfast-runc", "");
  for (const char* name : {"/usr/bin/runc", "/usr/bin/holdfast-runc"}) {
    std::filesystem::permissions(dir.path() + name, std::filesystem::perms{0755});
  }
  EXPECT_EQ(diagnose_plain("runc", tree, programs).ways.front().how,
            "called as /usr/bin/holdfast-runc");
  EXPECT_TRUE(diagnose_plain("crun", tree, programs).ways.empty());
}

TEST(JudgeRunning, NamesThoseThatTheMonitorDoesNotKnow) {
  const std::vector<Running> running = {{Engine::kPodman, "a1", "web"},
                                        {Engine::kPodman, "b2", "db"},
                                        {Engine::kDocker, "0123456789abcdef", ""}};
  EXPECT_EQ(judge_running(Engine::kCrio, running, {}).verdict, Check::Verdict::kOk);
  EXPECT_EQ(judge_running(Engine::kPodman, running, {"a1", "b2"}).verdict, Check::Verdict::kOk);
  const Check some = judge_running(Engine::kPodman, running, {"a1"});
  EXPECT_EQ(some.verdict, Check::Verdict::kWarning);
  EXPECT_NE(some.text.find("1 of 2 not known to the monitor (db)"), std::string::npos);
  EXPECT_NE(judge_running(Engine::kDocker, running, {}).text.find("(0123456789ab)"),
            std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
