#include "src/engine/docker.h"

#include <string>

#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

class DockerTest : public EngineTest {
 protected:
  [[nodiscard]] nlohmann::json daemon() const {
    return nlohmann::json::parse(dir.read("etc/docker/daemon.json"));
  }
};

TEST_F(DockerTest, MakesTheFileAndTakesItAway) {
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(daemon(), nlohmann::json::parse(
                          R"({"runtimes": {"holdfast": {"path": "/usr/bin/holdfast-runtime"}}})"));
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(files(), 0U);
}

TEST_F(DockerTest, KeepsWhatIsThere) {
  const std::string before =
      "{\n\t\"hosts\": [\"a\"],\n\t\"runtimes\": {\"x\": {\"path\": \"/x\"}}\n}\n";
  dir.write("etc/docker/daemon.json", before);
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(daemon()["hosts"][0], "a");
  EXPECT_EQ(daemon()["runtimes"]["x"]["path"], "/x");
  EXPECT_TRUE(dir.read("etc/docker/daemon.json").starts_with("{\n\t\"hosts\""));
  EXPECT_EQ(dir.read("etc/docker/daemon.json.holdfast-backup"), before);
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), before);
  EXPECT_EQ(files(), 1U);
}

TEST_F(DockerTest, WhatTheUserAddedSinceStays) {
  dir.write("etc/docker/daemon.json", R"({"debug": true})");
  EXPECT_EQ(install(Engine::kDocker), "");
  nlohmann::json edited = daemon();
  edited["ipv6"] = true;
  dir.write("etc/docker/daemon.json", edited.dump());
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(daemon(), nlohmann::json::parse(R"({"debug": true, "ipv6": true})"));
  EXPECT_EQ(dir.read("etc/docker/daemon.json.holdfast-backup.1"), edited.dump());
}

TEST_F(DockerTest, DefaultComesAndGoes) {
  dir.write("etc/docker/daemon.json", R"({"debug": true})");
  options.by_default = true;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(daemon()["default-runtime"], "holdfast");
  options.by_default = false;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_FALSE(daemon().contains("default-runtime"));
  EXPECT_FALSE(has("/etc/docker/daemon.json.holdfast-backup.1"));
}

TEST_F(DockerTest, AnotherDefaultIsNotReplacedUnforced) {
  dir.write("etc/docker/daemon.json", R"({"default-runtime": "nvidia"})");
  options.by_default = true;
  EXPECT_NE(install(Engine::kDocker).find("--force"), std::string::npos);
  EXPECT_EQ(daemon()["default-runtime"], "nvidia");
  options.force = true;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(daemon()["default-runtime"], "holdfast");
}

TEST_F(DockerTest, DefaultThatWasReplacedComesBack) {
  const std::string before = "{\n  \"default-runtime\": \"nvidia\",\n  \"debug\": true\n}\n";
  dir.write("etc/docker/daemon.json", before);
  options.by_default = true;
  options.force = true;
  EXPECT_EQ(install(Engine::kDocker), "");
  options.force = false;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(changes, 0U);
  options.by_default = false;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(daemon()["default-runtime"], "nvidia");
  options = {.by_default = true, .force = true};
  EXPECT_EQ(install(Engine::kDocker), "");
  options = {};
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), before);
  EXPECT_EQ(files(), 1U);
}

// It is recorded before it is replaced, also where holdfast was known before.
TEST_F(DockerTest, DefaultComesBackAfterAnInterruption) {
  dir.write("etc/docker/daemon.json", R"({"default-runtime": "nvidia"})");
  EXPECT_EQ(install(Engine::kDocker), "");
  options = {.by_default = true, .force = true};
  const Site before = site();
  const auto plan = plan_install(Engine::kDocker, before);
  ASSERT_TRUE(plan.ok());
  Record interrupted;
  ASSERT_TRUE(apply(before, plan.value(), [&](const Change&) { interrupted = record(); }).ok());
  ASSERT_TRUE(write_record(tree, owner, interrupted).ok());
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(daemon()["default-runtime"], "nvidia");
}

TEST_F(DockerTest, WhatIsForcedAwayIsKept) {
  const std::string theirs = R"({"runtimes": {"holdfast": {"path": "/opt/other"}}})";
  dir.write("etc/docker/daemon.json", theirs);
  options.force = true;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json.holdfast-backup"), theirs);
}

TEST_F(DockerTest, EmptyRuntimesComeBack) {
  const std::string before = R"({"runtimes": {}})";
  dir.write("etc/docker/daemon.json", before);
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), before);
  EXPECT_EQ(files(), 1U);
}

TEST_F(DockerTest, BackupGoesWhenOursWasTakenOutByHand) {
  const std::string before = R"({"debug": true})";
  dir.write("etc/docker/daemon.json", before);
  EXPECT_EQ(install(Engine::kDocker), "");
  dir.write("etc/docker/daemon.json", before);
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), before);
  EXPECT_EQ(files(), 1U);
}

TEST_F(DockerTest, BackupThatIsThereIsNotMadeAgain) {
  dir.write("etc/docker/daemon.json", R"({"debug": true})");
  dir.write("etc/docker/daemon.json.holdfast-backup", R"({"debug": true})");
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_FALSE(has("/etc/docker/daemon.json.holdfast-backup.1"));
}

TEST_F(DockerTest, RuntimeOfTheSameNameIsNotReplacedUnforced) {
  const std::string theirs = R"({"runtimes": {"holdfast": {"path": "/opt/other"}}})";
  dir.write("etc/docker/daemon.json", theirs);
  EXPECT_NE(install(Engine::kDocker).find("not of holdfast's writing"), std::string::npos);
  EXPECT_NE(uninstall(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), theirs);
}

TEST_F(DockerTest, ChangedRuntimeIsNotReplacedUnforced) {
  EXPECT_EQ(install(Engine::kDocker), "");
  dir.write("etc/docker/daemon.json",
            R"({"runtimes": {"holdfast": {"path": "/opt/mine", "runtimeArgs": ["--debug"]}}})");
  EXPECT_NE(install(Engine::kDocker).find("was changed since"), std::string::npos);
  EXPECT_NE(uninstall(Engine::kDocker).find("was changed since"), std::string::npos);
  options.force = true;
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(daemon()["runtimes"]["holdfast"].size(), 1U);
}

TEST_F(DockerTest, WhatCannotBeReadStays) {
  for (const char* text : {"{", "[]", R"({"runtimes": []})", "{} // comment"}) {
    dir.write("etc/docker/daemon.json", text);
    EXPECT_NE(install(Engine::kDocker).find("/etc/docker/daemon.json"), std::string::npos) << text;
    EXPECT_EQ(dir.read("etc/docker/daemon.json"), text);
  }
}

TEST_F(DockerTest, EmptyFileIsAnEmptyObject) {
  dir.write("etc/docker/daemon.json", "\n");
  EXPECT_EQ(install(Engine::kDocker), "");
  EXPECT_EQ(uninstall(Engine::kDocker), "");
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), "\n");
}

}  // namespace
}  // namespace holdfast::engine
