#include "src/engine/podman.h"

#include <string>

#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

constexpr const char* kDropIn = "/etc/containers/containers.conf.d/50-holdfast.conf";
constexpr const char* kCreate = "/etc/containers/oci/hooks.d/50-holdfast-create.json";

class PodmanTest : public EngineTest {
 protected:
  [[nodiscard]] bool says(const std::string& text) const {
    return dir.read(kDropIn).find(text) != std::string::npos;
  }
};

TEST_F(PodmanTest, RepeatsTheListsThatADropInReplaces) {
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_TRUE(
      says("runtime_supports_json = [\"crun\", \"runc\", \"kata\", \"runsc\", \"youki\", "
           "\"krun\", \"holdfast\", \"holdfast-runtime\""));
  EXPECT_TRUE(
      says("hooks_dir = [\"/usr/share/containers/oci/hooks.d\", "
           "\"/etc/containers/oci/hooks.d\", \"/etc/containers/oci/precreate.d\"]"));
  EXPECT_TRUE(says("holdfast = [\"/usr/bin/holdfast-runtime\"]"));
  EXPECT_FALSE(says("runtime = \"holdfast\""));
}

TEST_F(PodmanTest, KeepsWhatTheAdministratorLists) {
  dir.write("usr/share/containers/containers.conf", "[engine]\nhooks_dir = [\"/first\"]\n");
  dir.write("etc/containers/containers.conf",
            "[engine]\nhooks_dir = [\"/mine\"]\nruntime_supports_json = [\"own\"]\n");
  dir.write("etc/containers/containers.conf.d/60-more.conf",
            "[engine]\nhooks_dir = [\"/more\", {append = true}]\n");
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_TRUE(says("hooks_dir = [\"/mine\", \"/more\", \"/etc/containers/oci/hooks.d\", "));
  EXPECT_TRUE(says("runtime_supports_json = [\"own\", \"holdfast\","));
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_EQ(changes, 0U);
}

TEST_F(PodmanTest, AnotherDefaultIsNotReplacedUnforced) {
  dir.write("etc/containers/containers.conf", "[engine]\nruntime = \"kata\"\n");
  EXPECT_EQ(install(Engine::kPodman), "");
  options.by_default = true;
  EXPECT_NE(install(Engine::kPodman).find("another default runtime, \"kata\""), std::string::npos);
  options.force = true;
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_TRUE(says("runtime = \"holdfast\"\n"));
}

TEST_F(PodmanTest, LaterFilesThatUndoItAreTold) {
  dir.write("etc/containers/containers.conf.d/10-earlier.conf",
            "[engine]\nhooks_dir = [\"/earlier\"]\nruntime = \"crun\"\n");
  dir.write("etc/containers/containers.conf.d/60-later.conf",
            "[engine]\nhooks_dir = [\"/later\"]\nruntime = \"crun\"\n"
            "runtime_supports_json = [\"own\", {append = true}]\n");
  options.by_default = true;
  const auto plan = plan_install(Engine::kPodman, site());
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan.value().notes.size(), 3U);
  EXPECT_NE(plan.value().notes[0].find("60-later.conf is read after holdfast's file, and its "
                                       "runtime is \"crun\""),
            std::string::npos);
  EXPECT_NE(plan.value().notes[1].find("its hooks_dir leaves out \"/etc/containers/oci/hooks.d\""),
            std::string::npos);
}

TEST_F(PodmanTest, HookIsForThoseThatAskOrForAll) {
  EXPECT_EQ(install(Engine::kPodman), "");
  auto hook = nlohmann::json::parse(dir.read(kCreate));
  EXPECT_EQ(hook["when"]["annotations"][R"(^io\.holdfast\.)"], ".*");
  EXPECT_EQ(hook["hook"]["args"], nlohmann::json::parse(R"(["holdfast-hook", "createRuntime"])"));
  EXPECT_FALSE(hook["hook"]["env"].empty());
  options.by_default = true;
  EXPECT_EQ(install(Engine::kPodman), "");
  hook = nlohmann::json::parse(dir.read(kCreate));
  EXPECT_EQ(hook["when"], nlohmann::json::parse(R"({"always": true})"));
  EXPECT_TRUE(says("runtime = \"holdfast\""));
}

TEST_F(PodmanTest, EachAlone) {
  options.with = With::kRuntime;
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_FALSE(has(kCreate));
  EXPECT_FALSE(says("hooks_dir"));
  options.with = With::kHook;
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_TRUE(has(kCreate));
  EXPECT_FALSE(says("[engine.runtimes]"));
  options.with = With::kRuntime;
  EXPECT_EQ(install(Engine::kPodman), "");
  EXPECT_FALSE(has(kCreate));
}

TEST_F(PodmanTest, OrdinaryUsersHaveTheirOwn) {
  dir.write("etc/containers/containers.conf", "[engine]\nhooks_dir = [\"/etc/hooks\"]\n");
  owner = {"/home/u/.config", "/home/u/.local/state"};
  EXPECT_EQ(install(Engine::kPodman), "");
  const std::string text = dir.read("home/u/.config/containers/containers.conf.d/50-holdfast.conf");
  EXPECT_NE(text.find("hooks_dir = [\"/etc/hooks\", \"/home/u/.config/containers/oci/hooks.d\", "),
            std::string::npos);
  EXPECT_TRUE(has("/home/u/.local/state/holdfast/installed.json"));
  EXPECT_EQ(uninstall(Engine::kPodman), "");
  EXPECT_EQ(files(), 1U);
}

TEST_F(PodmanTest, ConfigurationThatCannotBeReadIsNamed) {
  dir.write("etc/containers/containers.conf", "[engine\n");
  EXPECT_NE(install(Engine::kPodman).find("/etc/containers/containers.conf: line 1"),
            std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
