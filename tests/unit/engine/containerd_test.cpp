#include "src/engine/containerd.h"

#include <string>

#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

constexpr const char* kFile = "etc/containerd/config.toml";
constexpr const char* kSystemdCgroup =
    "version = 2\n"
    "[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
    "  default_runtime_name = \"runc\"  # ours\n"
    "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n"
    "  runtime_type = \"io.containerd.runc.v2\"\n"
    "  pod_annotations = [\"com.example.*\"]\n"
    "  snapshotter = \"zfs\"\n"
    "  [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n"
    "    SystemdCgroup = true\n"
    "    BinaryName = \"/opt/runc\"\n";

class ContainerdTest : public EngineTest {
 protected:
  // Between the two marks.
  [[nodiscard]] std::string block() const {
    return take_apart_containerd_toml(dir.read(kFile), kFile).value().ours;
  }
  [[nodiscard]] bool block_says(const std::string& text) const {
    return block().find(text) != std::string::npos;
  }
};

TEST_F(ContainerdTest, MakesTheFileAndTakesItAway) {
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_TRUE(dir.read(kFile).starts_with("version = 2\n# holdfast: begin"));
  // A file's runtimes take the place of containerd's own, so runc has to be among them.
  EXPECT_TRUE(block_says("runtimes.runc]"));
  EXPECT_EQ(uninstall(Engine::kContainerd), "");
  EXPECT_EQ(files(), 0U);
}

TEST_F(ContainerdTest, IsLikeTheDefaultRuntime) {
  dir.write(kFile, kSystemdCgroup);
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_FALSE(block_says("runtimes.runc]"));
  EXPECT_TRUE(block_says("\"SystemdCgroup\" = true"));
  EXPECT_TRUE(block_says("\"snapshotter\" = "));
  EXPECT_TRUE(block_says("pod_annotations = [\"com.example.*\", \"io.holdfast.*\"]"));
  EXPECT_TRUE(block_says("BinaryName = \"/usr/bin/holdfast-runtime\""));
  EXPECT_FALSE(block_says("/opt/runc"));
}

TEST_F(ContainerdTest, TheRestOfTheFileIsUntouched) {
  dir.write(kFile, kSystemdCgroup);
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_TRUE(dir.read(kFile).starts_with(kSystemdCgroup));
  EXPECT_EQ(uninstall(Engine::kContainerd), "");
  EXPECT_EQ(dir.read(kFile), kSystemdCgroup);
  EXPECT_EQ(files(), 1U);
}

TEST_F(ContainerdTest, DefaultTakesThePlaceOfALineAndGivesItBack) {
  dir.write(kFile, kSystemdCgroup);
  programs.real = "/opt/runc";
  options.by_default = true;
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_NE(dir.read(kFile).find("\ndefault_runtime_name = \"holdfast\"\n"), std::string::npos);
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_EQ(changes, 0U);
  EXPECT_EQ(uninstall(Engine::kContainerd), "");
  EXPECT_EQ(dir.read(kFile), kSystemdCgroup);
}

TEST_F(ContainerdTest, DefaultGoesIntoATableThatIsThere) {
  const std::string before =
      "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\nsnapshotter = 'zfs'\n";
  dir.write(kFile, before);
  options.by_default = true;
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_NE(dir.read(kFile).find("containerd]\n# holdfast: default\ndefault_runtime_name"),
            std::string::npos);
  EXPECT_TRUE(block_says("plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.holdfast"));
  EXPECT_EQ(uninstall(Engine::kContainerd), "");
  EXPECT_EQ(dir.read(kFile), before);
}

TEST_F(ContainerdTest, AnotherDefaultIsNotReplacedUnforced) {
  const std::string before =
      "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
      "default_runtime_name = \"kata\"\n";
  dir.write(kFile, before);
  options.by_default = true;
  EXPECT_NE(install(Engine::kContainerd).find("--force"), std::string::npos);
  options.force = true;
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_EQ(uninstall(Engine::kContainerd), "");
  EXPECT_EQ(dir.read(kFile), before);
}

TEST_F(ContainerdTest, CommentsLikeOurMarksAreTheirs) {
  const std::string before =
      "version = 2\n"
      "# holdfast: default runtime is not wanted here\n"
      "[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
      "# holdfast: default\n"
      "snapshotter = \"zfs\"\n"
      "# holdfast: beginners should ask first\n";
  dir.write(kFile, before);
  EXPECT_EQ(take_apart_containerd_toml(before, kFile).value().rest, before);
  options.force = true;
  EXPECT_EQ(install(Engine::kContainerd), "");
  EXPECT_TRUE(dir.read(kFile).starts_with(before));
  EXPECT_EQ(uninstall(Engine::kContainerd), "");
  EXPECT_EQ(dir.read(kFile), before);
}

TEST_F(ContainerdTest, AnotherBinaryThanHoldfastWouldExecuteIsTold) {
  dir.write(kFile, kSystemdCgroup);
  programs.real = "/usr/bin/runc";
  const auto plan = plan_install(Engine::kContainerd, site());
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan.value().notes.size(), 1U);
  EXPECT_NE(plan.value().notes[0].find("/opt/runc, and holdfast would execute /usr/bin/runc"),
            std::string::npos);
  options.by_default = true;
  EXPECT_NE(install(Engine::kContainerd).find("/etc/holdfast/holdfast.json, or give --force"),
            std::string::npos);
  options.force = true;
  EXPECT_EQ(install(Engine::kContainerd), "");
}

TEST_F(ContainerdTest, TablesInOneLineAreRefused) {
  const std::string before =
      "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n"
      "containerd = { default_runtime_name = \"runc\", runtimes = {} }\n";
  dir.write(kFile, before);
  EXPECT_NE(install(Engine::kContainerd).find("contrib/containerd"), std::string::npos);
  options.by_default = true;
  EXPECT_NE(install(Engine::kContainerd).find("contrib/containerd"), std::string::npos);
  EXPECT_EQ(dir.read(kFile), before);
}

TEST_F(ContainerdTest, RuntimeOfTheSameNameIsRefused) {
  dir.write(kFile,
            "version = 2\n"
            "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.holdfast]\n");
  EXPECT_NE(install(Engine::kContainerd).find("not of holdfast's writing"), std::string::npos);
}

TEST_F(ContainerdTest, ChangedBlockStaysUnforced) {
  EXPECT_EQ(install(Engine::kContainerd), "");
  std::string text = dir.read(kFile);
  text.insert(text.find("BinaryName"), "SystemdCgroup = true\n");
  dir.write(kFile, text);
  EXPECT_NE(install(Engine::kContainerd).find("was changed since"), std::string::npos);
  EXPECT_EQ(dir.read(kFile), text);
}

TEST_F(ContainerdTest, LostMarkIsTold) {
  dir.write(kFile, "version = 2\n# holdfast: begin\n[a]\n");
  EXPECT_NE(install(Engine::kContainerd).find("has lost the line"), std::string::npos);
}

TEST_F(ContainerdTest, DisabledCriIsLeftAlone) {
  dir.write(kFile, "disabled_plugins = [\"cri\"]\n");
  const auto plan = plan_install(Engine::kContainerd, site());
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan.value().changes.empty());
  EXPECT_TRUE(plan.value().is_useless);
  ASSERT_EQ(plan.value().notes.size(), 1U);
  EXPECT_NE(plan.value().notes[0].find("--runc-binary"), std::string::npos);
}

TEST_F(ContainerdTest, Version1IsRefused) {
  dir.write(kFile, "root = \"/var/lib/containerd\"\n");
  EXPECT_NE(install(Engine::kContainerd).find("version 1"), std::string::npos);
}

TEST_F(ContainerdTest, ImportedSectionIsTold) {
  dir.write(kFile, "version = 2\nimports = [\"conf.d/*.toml\"]\n");
  dir.write("etc/containerd/conf.d/a.toml", "version = 2\n");
  dir.write("etc/containerd/conf.d/b.toml",
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"x\"\n");
  const auto plan = plan_install(Engine::kContainerd, site());
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan.value().notes.size(), 1U);
  EXPECT_NE(plan.value().notes[0].find("/etc/containerd/conf.d/b.toml"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
