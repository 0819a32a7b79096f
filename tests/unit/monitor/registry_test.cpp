#include "src/monitor/registry.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "src/monitor/users.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

Registration registration_of(const std::string& id) {
  Registration registration;
  registration.container.id = id;
  registration.container.name = "name of " + id;
  registration.container.annotations = {{"io.holdfast.profile", "default"}};
  registration.pid = 100;
  registration.rootfs = "/rootfs";
  registration.cgroup = "/machine/" + id;
  registration.policy.action[HF_ESCAPE_MOUNT] = HF_DENY;
  registration.policy.writable = {"/tmp"};
  registration.policy.devices = {{false, 1, 3, HF_DEVICE_READ | HF_DEVICE_WRITE}};
  return registration;
}

class RegistryTest : public testing::Test {
 protected:
  [[nodiscard]] Registry open() const { return Registry::open(root_.path("containers")).value(); }
  [[nodiscard]] bool has_file(const std::string& id) const {
    return std::filesystem::exists(root_.path("containers/" + id + ".json"));
  }
  test::TempDir root_;
};

TEST_F(RegistryTest, FindsByIdAndBySlot) {
  Registry registry = open();
  ASSERT_TRUE(registry.add(registration_of("a"), {3, 8}, 55).ok());
  ASSERT_NE(registry.find("a"), nullptr);
  EXPECT_EQ(registry.find("a")->init_start_ticks, 55U);
  ASSERT_NE(registry.find_slot(3, 8), nullptr);
  EXPECT_EQ(registry.find_slot(3, 8)->told->name, "name of a");
  EXPECT_EQ(registry.find("b"), nullptr);
  EXPECT_EQ(registry.find_slot(4, 8), nullptr);
}

TEST_F(RegistryTest, KnowsWhereTheContainerMountsSomething) {
  std::filesystem::create_directory(root_.path("bundle"));
  std::ofstream(root_.path("bundle/config.json"))
      << R"({"ociVersion": "1.0.2", "root": {"path": "rootfs"},
      "mounts": [{"destination": "/var//cache/"}, {"destination": "/"}]})";
  Registration registration = registration_of("a");
  registration.container.bundle = root_.path("bundle");
  Registry registry = open();
  registry.read_mounts();
  ASSERT_TRUE(registry.add(registration, {3, 8}, 1).ok());
  EXPECT_EQ(registry.find("a")->mounts, std::vector<std::string>{"/var/cache"});
}

TEST_F(RegistryTest, WaitsForNobodyWhoPutSomethingElseInTheBundle) {
  std::filesystem::create_directory(root_.path("bundle"));
  ASSERT_EQ(mkfifo(root_.path("bundle/config.json").c_str(), 0600), 0);
  Registration registration = registration_of("a");
  registration.container.bundle = root_.path("bundle");
  Registry registry = open();
  registry.read_mounts();
  ASSERT_TRUE(registry.add(registration, {3, 8}, 1).ok());
  EXPECT_TRUE(registry.find("a")->mounts.empty());
}

TEST_F(RegistryTest, DoesNotTellAnOldEventOfTheSlotsNextOwner) {
  Registry registry = open();
  ASSERT_TRUE(registry.add(registration_of("old"), {3, 8}, 1).ok());
  registry.remove("old");
  ASSERT_TRUE(registry.add(registration_of("new"), {3, 9}, 2).ok());
  EXPECT_EQ(registry.find_slot(3, 8)->told->id, "old");
  EXPECT_EQ(registry.find_slot(3, 9)->told->id, "new");
  EXPECT_EQ(registry.find("old"), nullptr);
}

TEST_F(RegistryTest, RemembersOnlySoManyThatAreGone) {
  Registry registry = open();
  for (std::uint32_t i = 1; i <= kMaxGone + 1; ++i) {
    ASSERT_TRUE(registry.add(registration_of("c"), {1, i}, 1).ok());
    registry.remove("c");
  }
  EXPECT_EQ(registry.find_slot(1, 1), nullptr);
  EXPECT_NE(registry.find_slot(1, 2), nullptr);
}

TEST_F(RegistryTest, TheNextMonitorTakesOver) {
  {
    Registry registry = open();
    ASSERT_TRUE(registry.add(registration_of("kept"), {1, 8}, 55).ok());
    ASSERT_TRUE(registry.add(registration_of("freed"), {2, 8}, 55).ok());
    ASSERT_TRUE(registry.add(registration_of("reused"), {3, 8}, 55).ok());
  }
  Registry registry = open();
  const auto restored = registry.restore({{1, 8}, {3, 9}, {4, 1}}).value();
  ASSERT_NE(registry.find("kept"), nullptr);
  const Entry& kept = *registry.find("kept");
  EXPECT_EQ(kept.registration.policy, registration_of("kept").policy);
  EXPECT_EQ(kept.registration.cgroup, "/machine/kept");
  EXPECT_EQ(kept.told->annotations, registration_of("kept").container.annotations);
  EXPECT_EQ(kept.init_start_ticks, 55U);
  EXPECT_EQ(registry.entries().size(), 1U);
  EXPECT_FALSE(has_file("freed"));
  EXPECT_FALSE(has_file("reused"));
  ASSERT_EQ(restored.nameless.size(), 2U);
  EXPECT_EQ(restored.problems.size(), 2U);
}

TEST_F(RegistryTest, LeavesAFileOfAnotherVersionAlone) {
  Entry entry;
  entry.registration = registration_of("a");
  entry.slot = {1, 8};
  Registry registry = open();
  root_.write("containers/a.json", entry_text(entry));
  root_.write("containers/left.json.123.tmp", "{}");
  EXPECT_TRUE(registry.check().ok());
  std::string newer = entry_text(entry);
  const std::string version = "\"version\":1,\"slot\"";
  newer.replace(newer.find(version), version.size(), "\"version\":2,\"slot\"");
  root_.write("containers/a.json", newer);
  const Status checked = registry.check();
  ASSERT_FALSE(checked.ok());
  EXPECT_NE(checked.error().message.find("/version: is 2"), std::string::npos)
      << checked.error().message;
  EXPECT_TRUE(has_file("a"));
}

TEST_F(RegistryTest, SurvivesFilesThatAreNonsense) {
  Registry registry = open();
  root_.write("containers/empty.json", "");
  root_.write("containers/array.json", "[]");
  root_.write("containers/half.json", "{\"slot\":1,\"generation\":1,\"request\":{\"vers");
  root_.write("containers/big.json", "{\"slot\":4294967296,\"generation\":1,\"request\":{}}");
  root_.write("containers/status.json",
              "{\"slot\":1,\"generation\":1,\"request\":{\"version\":1,\"op\":\"status\"}}");
  root_.write("containers/left.json.123.tmp", "{}");
  const auto refused = registry.restore({{1, 1}});
  ASSERT_FALSE(refused.ok()) << "slot 1 may be any of theirs";
  EXPECT_NE(refused.error().message.find("stay under the guard"), std::string::npos);
  EXPECT_TRUE(has_file("half"));
  const auto restored = registry.restore({}).value();
  EXPECT_TRUE(registry.entries().empty());
  EXPECT_EQ(restored.problems.size(), 6U);
  EXPECT_TRUE(std::filesystem::is_empty(root_.path("containers")));
}

TEST_F(RegistryTest, AFileWithoutTheStartOfTheInitIsRefused) {
  Entry entry;
  entry.registration = registration_of("a");
  entry.slot = {1, 8};
  entry.init_start_ticks = 55;
  const std::string good = entry_text(entry);
  ASSERT_TRUE(parse_entry(good, "a.json").ok());
  for (const char* bad : {"", "\"start_ticks\":-1,", "\"start_ticks\":\"55\","}) {
    const std::string given = "\"start_ticks\":55,";
    std::string text = good;
    text.replace(text.find(given), given.size(), bad);
    const auto parsed = parse_entry(text, "a.json");
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.error().message.find("start_ticks"), std::string::npos);
  }
}

TEST_F(RegistryTest, AFileUnderAnotherContainersNameIsRefused) {
  {
    Registry registry = open();
    ASSERT_TRUE(registry.add(registration_of("a"), {1, 8}, 55).ok());
  }
  std::filesystem::rename(root_.path("containers/a.json"), root_.path("containers/b.json"));
  Registry registry = open();
  EXPECT_FALSE(registry.restore({{1, 8}}).ok());
  EXPECT_TRUE(registry.entries().empty());
  EXPECT_TRUE(has_file("b"));
  EXPECT_EQ(registry.restore({}).value().problems.size(), 1U);
  EXPECT_FALSE(has_file("b"));
}

TEST_F(RegistryTest, KeepsItsFilesFromOthers) {
  Registry registry = open();
  ASSERT_TRUE(registry.add(registration_of("a"), {1, 1}, 1).ok());
  struct stat file {};
  struct stat directory {};
  ASSERT_EQ(stat(root_.path("containers/a.json").c_str(), &file), 0);
  ASSERT_EQ(stat(root_.path("containers").c_str(), &directory), 0);
  EXPECT_EQ(file.st_mode & 0077, 0U);
  EXPECT_EQ(directory.st_mode & 0077, 0U);
  registry.remove("a");
  EXPECT_FALSE(has_file("a"));
}

TEST_F(RegistryTest, AddsNothingThatItCannotWriteDown) {
  Registry registry = open();
  std::filesystem::remove(root_.path("containers"));
  EXPECT_FALSE(registry.add(registration_of("a"), {1, 1}, 1).ok());
  EXPECT_EQ(registry.find("a"), nullptr);
}

TEST_F(RegistryTest, ListsByRisingSlot) {
  Registry registry = open();
  ASSERT_TRUE(registry.add(registration_of("a"), {9, 1}, 1).ok());
  ASSERT_TRUE(registry.add(registration_of("b"), {2, 1}, 1).ok());
  ASSERT_EQ(registry.list(0, 0).size(), 2U);
  EXPECT_EQ(registry.list(0, 0)[0].container.id, "b");
  ASSERT_EQ(registry.list(2, 0).size(), 1U);
  EXPECT_EQ(registry.list(2, 0)[0].container.id, "a");
  EXPECT_TRUE(registry.list(9, 0).empty());
}

Registration registration_of_user(std::uint32_t user, const std::string& id) {
  Registration registration = registration_of(id);
  registration.owner = user;
  return registration;
}

TEST_F(RegistryTest, TellsContainersOfOneIdApartByTheirUsers) {
  Registry registry = open();
  ASSERT_TRUE(registry.add(registration_of("a"), {1, 1}, 1).ok());
  ASSERT_TRUE(registry.add(registration_of_user(1000, "a"), {2, 1}, 2).ok());
  ASSERT_TRUE(registry.add(registration_of_user(1001, "a"), {3, 1}, 3).ok());
  EXPECT_EQ(registry.find("a")->slot.number, 1U);
  EXPECT_EQ(registry.find(key_of(1000, "a"))->slot.number, 2U);
  EXPECT_EQ(registry.find(key_of(1000, "a"))->told->user, 1000U);
  registry.remove(key_of(1000, "a"));
  EXPECT_NE(registry.find("a"), nullptr);
  EXPECT_NE(registry.find(key_of(1001, "a")), nullptr);
}

TEST_F(RegistryTest, ListsForAUserWhatIsTheUsers) {
  Registry registry = open();
  ASSERT_TRUE(registry.add(registration_of("a"), {1, 1}, 1).ok());
  ASSERT_TRUE(registry.add(registration_of_user(1000, "b"), {2, 1}, 2).ok());
  EXPECT_EQ(registry.list(0, 0).size(), 2U);
  ASSERT_EQ(registry.list(0, 1000).size(), 1U);
  EXPECT_EQ(registry.list(0, 1000)[0].container.id, "b");
  EXPECT_TRUE(registry.list(0, 1001).empty());
}

TEST_F(RegistryTest, KnowsAfterARestartWhoseAContainerIs) {
  {
    Registry registry = open();
    ASSERT_TRUE(registry.add(registration_of_user(1000, "a"), {2, 7}, 5).ok());
  }
  Registry registry = open();
  const auto restored = registry.restore({{2, 7}});
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  ASSERT_NE(registry.find(key_of(1000, "a")), nullptr);
  EXPECT_EQ(registry.find(key_of(1000, "a"))->registration.owner, 1000U);
  registry.remove(key_of(1000, "a"));
  // And leaves no directory of the user's behind.
  EXPECT_TRUE(std::filesystem::is_empty(root_.path("containers")));
}

TEST_F(RegistryTest, HasRoomForSoManyOfAUserAndMoreOfRoot) {
  Registry registry = open();
  for (std::uint32_t i = 0; i < kMaxContainersOfUser; ++i) {
    const Registration one = registration_of_user(1000, std::to_string(i));
    ASSERT_TRUE(check_room(one, registry).ok());
    ASSERT_TRUE(registry.add(one, {i + 1, 1}, 1).ok());
  }
  EXPECT_FALSE(check_room(registration_of_user(1000, "more"), registry).ok());
  EXPECT_TRUE(check_room(registration_of_user(1001, "other"), registry).ok());
  Registration wordy = registration_of_user(1001, "wordy");
  wordy.policy.writable.assign(kMaxRulesOfUser + 1, "/x");
  EXPECT_FALSE(check_room(wordy, registry).ok());
}

}  // namespace
}  // namespace holdfast::monitor
