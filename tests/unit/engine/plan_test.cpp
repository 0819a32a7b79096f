#include "src/engine/plan.h"

#include <string>

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
  EXPECT_EQ(files(), 0U);
}

TEST_F(PlanTest, SomebodyElsesDropInStaysUnforced) {
  dir.write(kDropIn, "[crio]\n");
  EXPECT_NE(install(Engine::kCrio).find("not of holdfast's writing"), std::string::npos);
  EXPECT_EQ(files(), 1U);
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

TEST_F(PlanTest, StatusTellsWhatBecameOfFiles) {
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
  EXPECT_EQ(install(Engine::kCrio), "");
  ASSERT_TRUE(tree.remove(record_path(owner)).ok());
  EXPECT_EQ(status().files[0].state, FileStatus::State::kByHand);
  EXPECT_TRUE(status().is_sound());
}

TEST_F(PlanTest, DamagedRecordIsNamed) {
  dir.write("var/lib/holdfast/installed.json", "{");
  const auto damaged = read_record(tree, owner);
  ASSERT_FALSE(damaged.ok());
  EXPECT_NE(damaged.error().message.find("/var/lib/holdfast/installed.json"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
