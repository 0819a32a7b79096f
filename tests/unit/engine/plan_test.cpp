#include "src/engine/plan.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "src/engine/status.h"
#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

constexpr const char* kDropIn = "/etc/crio/crio.conf.d/50-holdfast.conf";

class PlanTest : public EngineTest {
 protected:
  [[nodiscard]] EngineStatus status() const {
    return status_of(Engine::kCrio, tree, owner, record());
  }
};

TEST_F(PlanTest, SecondTimeNothingToChange) {
  for (const Engine engine : kEngines) {
    EXPECT_EQ(install(engine), "");
    EXPECT_NE(changes, 0U);
    EXPECT_EQ(install(engine), "");
    EXPECT_EQ(changes, 0U) << name_of(engine);
  }
}

TEST_F(PlanTest, InstallAndUninstallLeaveNothing) {
  for (const Engine engine : kEngines) {
    EXPECT_EQ(install(engine), "");
  }
  for (const Engine engine : kEngines) {
    EXPECT_EQ(uninstall(engine), "");
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(PlanTest, UninstallOfNothingChangesNothing) {
  EXPECT_EQ(uninstall(Engine::kPodman), "");
  EXPECT_EQ(changes, 0U);
  EXPECT_EQ(files(), 0U);
}

TEST_F(PlanTest, ChangedDropInStaysUnforced) {
  EXPECT_EQ(install(Engine::kCrio), "");
  const std::string changed = dir.read(kDropIn) + "# mine\n";
  dir.write(kDropIn, changed);
  EXPECT_NE(install(Engine::kCrio).find("was changed since"), std::string::npos);
  EXPECT_NE(uninstall(Engine::kCrio).find("was changed since"), std::string::npos);
  EXPECT_EQ(dir.read(kDropIn), changed);
  options.force = true;
  EXPECT_EQ(uninstall(Engine::kCrio), "");
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(dir.read("etc/crio/50-holdfast.conf.holdfast-backup"), changed);
}

TEST_F(PlanTest, SomebodyElsesDropInStaysUnforced) {
  dir.write(kDropIn, "[crio]\n");
  EXPECT_NE(install(Engine::kCrio).find("not of holdfast's writing"), std::string::npos);
  EXPECT_EQ(files(), 1U);
  options.force = true;
  EXPECT_EQ(install(Engine::kCrio), "");
  // CRI-O would read it in the directory of the drop-in.
  EXPECT_EQ(dir.read("etc/crio/50-holdfast.conf.holdfast-backup"), "[crio]\n");
}

TEST_F(PlanTest, WhatWasChangedMeanwhileStays) {
  dir.write("etc/docker/daemon.json", "{}");
  const Site before = site();
  const auto plan = plan_install(Engine::kDocker, before);
  ASSERT_TRUE(plan.ok());
  dir.write("etc/docker/daemon.json", R"({"debug": true})");
  const Status done = apply(before, plan.value(), [](const Change&) {});
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().message.find("was changed meanwhile"), std::string::npos);
  EXPECT_EQ(dir.read("etc/docker/daemon.json"), R"({"debug": true})");
}

// The second file stands in the way of being written; it could as well have been killed there.
TEST_F(PlanTest, InterruptedInstallIsRecordedAndUndone) {
  const Site before = site();
  const auto plan = plan_install(Engine::kCrio, before);
  ASSERT_TRUE(plan.ok());
  const std::string second = plan.value().changes[1].path;
  dir.write(second.substr(1), "{}");
  std::vector<std::string> done;
  EXPECT_FALSE(apply(before, plan.value(), [&done](const Change& change) {
                 done.push_back(change.path);
               }).ok());
  EXPECT_EQ(done, std::vector<std::string>{kDropIn});
  ASSERT_TRUE(tree.remove(second).ok());
  EXPECT_EQ(status().files[1].state, FileStatus::State::kMissing);
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_EQ(uninstall(Engine::kCrio), "");
  EXPECT_EQ(files(), 0U);
}

TEST_F(PlanTest, NothingIsWrittenThatCannotBeRecorded) {
  const Site before = site();
  const auto plan = plan_install(Engine::kDocker, before);
  ASSERT_TRUE(plan.ok());
  dir.write("var", "no directory");
  EXPECT_FALSE(apply(before, plan.value(), [](const Change&) {}).ok());
  EXPECT_FALSE(has("/etc/docker/daemon.json"));
}

TEST_F(PlanTest, RootWritesOnlyWhereNobodyElseCan) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  EXPECT_EQ(install(Engine::kDocker), "");
  ASSERT_EQ(chown(dir.path("etc").c_str(), 1000, 1000), 0);
  EXPECT_NE(install(Engine::kPodman).find("can change /etc (owner 1000"), std::string::npos);
  EXPECT_NE(uninstall(Engine::kDocker).find("can change /etc (owner 1000"), std::string::npos);
  EXPECT_TRUE(has("/etc/docker/daemon.json"));
}

TEST_F(PlanTest, LinkedFileThatIsOnlyReadCounts) {
  dir.write("managed", "[engine]\nhooks_dir = [\"/mine\"]\n");
  std::filesystem::create_directories(dir.path("etc/containers/containers.conf.d/x.conf"));
  std::filesystem::create_symlink("/managed", dir.path("etc/containers/containers.conf"));
  EXPECT_EQ(install(Engine::kPodman), "");
  const std::string text = dir.read("etc/containers/containers.conf.d/50-holdfast.conf");
  EXPECT_NE(text.find("hooks_dir = [\"/mine\", "), std::string::npos);
}

// A new version writes something else; what the old one wrote is known from the record.
TEST_F(PlanTest, UpgradeReplacesWhatIsUnchanged) {
  EXPECT_EQ(install(Engine::kCrio), "");
  programs.runtime = "/usr/local/bin/holdfast-runtime";
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_NE(dir.read(kDropIn).find("/usr/local/bin/holdfast-runtime"), std::string::npos);
}

TEST_F(PlanTest, SameTextWithoutRecordIsOurs) {
  EXPECT_EQ(install(Engine::kCrio), "");
  ASSERT_TRUE(tree.remove(record_path(owner)).ok());
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_EQ(changes, 0U);
  EXPECT_EQ(record().size(), 3U);
}

TEST_F(PlanTest, StatusMissesPrograms) {
  put_programs();
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_TRUE(status().is_sound());
  ASSERT_TRUE(tree.remove(programs.hook).ok());
  EXPECT_EQ(status().files[0].state, FileStatus::State::kAsWritten);
  EXPECT_EQ(status().files[1].state, FileStatus::State::kNoProgram);
  EXPECT_NE(status().files[1].problem.find(programs.hook + " is not there"), std::string::npos);
  EXPECT_FALSE(status().is_sound());
}

TEST_F(PlanTest, StatusIsAsWrittenWhateverTheOptions) {
  put_programs();
  for (const With with : {With::kBoth, With::kRuntime, With::kHook}) {
    for (const bool by_default : {false, true}) {
      for (const Engine engine : kEngines) {
        options = {.with = with, .by_default = by_default};
        EXPECT_EQ(install(engine), "");
        for (const FileStatus& file : status_of(engine, tree, owner, record()).files) {
          EXPECT_EQ(file.state, FileStatus::State::kAsWritten) << file.path;
        }
      }
    }
  }
}

TEST_F(PlanTest, StatusTellsThatOtherFilesWereChanged) {
  put_programs();
  EXPECT_EQ(install(Engine::kCrio), "");
  dir.write("etc/crio/crio.conf", "[crio.runtime]\nhooks_dir = [\"/mine\"]\n");
  EXPECT_EQ(status().files[0].state, FileStatus::State::kOutdated);
  EXPECT_FALSE(status().is_sound());
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_TRUE(status().is_sound());
}

TEST_F(PlanTest, StatusReadsThroughLinks) {
  dir.write("managed", "[crio]\n");
  std::filesystem::create_directories(dir.path("etc/crio/crio.conf.d"));
  std::filesystem::create_symlink("/managed", dir.path() + kDropIn);
  EXPECT_EQ(status().files[0].state, FileStatus::State::kByHand);
}

TEST_F(PlanTest, StatusTellsWhatBecameOfFiles) {
  put_programs();
  EXPECT_TRUE(status().configured.empty());
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_EQ(status().configured, (std::vector<std::string>{"runtime", "hook"}));
  EXPECT_TRUE(status().is_sound());
  dir.write(kDropIn, "[crio]\n");
  EXPECT_EQ(status().files[0].state, FileStatus::State::kChanged);
  ASSERT_TRUE(tree.remove(kDropIn).ok());
  EXPECT_EQ(status().files[0].state, FileStatus::State::kMissing);
  EXPECT_FALSE(status().is_sound());
}

TEST_F(PlanTest, StatusKnowsFilesByHand) {
  put_programs();
  EXPECT_EQ(install(Engine::kCrio), "");
  ASSERT_TRUE(tree.remove(record_path(owner)).ok());
  EXPECT_EQ(status().files[0].state, FileStatus::State::kByHand);
  EXPECT_TRUE(status().is_sound());
}

TEST_F(PlanTest, DamagedRecordIsNamed) {
  dir.write("var/lib/holdfast/installed.json", "{");
  const auto damaged = read_record(tree, owner);
  ASSERT_FALSE(damaged.ok());
  EXPECT_NE(damaged.error().message.find("remove /var/lib/holdfast/installed.json"),
            std::string::npos);
}

TEST_F(PlanTest, DamagedEntryIsNamedByItsPointer) {
  dir.write("var/lib/holdfast/installed.json", R"({"version": 1, "files": {"/a": 1}})");
  const auto damaged = read_record(tree, owner);
  ASSERT_FALSE(damaged.ok());
  EXPECT_NE(damaged.error().message.find("/files/~1a"), std::string::npos)
      << damaged.error().message;
}

}  // namespace
}  // namespace holdfast::engine
