#include "src/monitor/reload.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

class ReloadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(root_.path("profiles"));
    config_.profile_paths = {root_.path("profiles")};
    config_.annotations_allow = {"profile", "mode", "rootfs.writable"};
    write("web", R"("rootfs": {"guard": "enforce"})");
  }

  void write(const std::string& name, const std::string& members) {
    std::ofstream(root_.path("profiles/" + name + ".json"))
        << R"({"schema": "holdfast.profile/v1", "name": ")" << name << "\", " << members << "}";
  }

  void add(const std::string& id, std::map<std::string, std::string> annotations) {
    Registration registration;
    registration.container.id = id;
    registration.container.annotations = std::move(annotations);
    registration.pid = 100;
    registration.rootfs = "/rootfs";
    registration.policy.bounding = 7;
    registration.policy.own_user_namespace = true;
    registration.policy.devices = {{false, 1, 3, HF_DEVICE_READ}};
    ASSERT_TRUE(registry_.add(registration, {++slots_, 1}, 5).ok());
  }

  // As the monitor does it.
  void take(const std::vector<Registration>& changed) {
    for (const Registration& registration : changed) {
      ASSERT_TRUE(registry_.change(registration).ok());
    }
  }

  std::vector<Registration> changed() {
    auto found = read_profiles_again(registry_, config_, true);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found.ok() ? found.value() : std::vector<Registration>();
  }

  test::TempDir root_;
  profile::Config config_;
  std::uint32_t slots_ = 0;
  Registry registry_ = Registry::open(root_.path("containers")).value();
};

TEST_F(ReloadTest, GivesWhatTheProfileSaysNow) {
  add("a", {{"io.holdfast.profile", "web"}});
  take(changed());
  EXPECT_TRUE(changed().empty());
  write("web", R"("rootfs": {"guard": "alert", "writable": ["/srv"]}, "mode": "detect",
                  "exec_into": {"action": "alert"}, "respond": {"critical": "freeze"},
                  "exceptions": [{"class": "rootfs.write", "path": "/a", "reason": "why"}])");
  const std::vector<Registration> again = changed();
  ASSERT_EQ(again.size(), 1U);
  const Registration& registration = again.front();
  EXPECT_EQ(registration.policy.writable, std::vector<std::string>{"/srv"});
  EXPECT_EQ(registration.policy.action[HF_ROOTFS_WRITE], HF_ALERT);
  EXPECT_EQ(registration.container.mode, "detect");
  EXPECT_EQ(registration.container.profile, "web");
  EXPECT_EQ(registration.exceptions.size(), 1U);
  EXPECT_EQ(registration.exec_into.action, HF_ALERT);
  EXPECT_EQ(registration.respond.at(profile::kCriticalNumber), profile::Response::kFreeze);
}

TEST_F(ReloadTest, KeepsWhatTheContainerItselfWasGiven) {
  add("a", {{"io.holdfast.profile", "web"}, {"io.holdfast.rootfs.writable", "/data"}});
  const std::vector<Registration> again = changed();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again.front().policy.writable, std::vector<std::string>{"/data"});
  EXPECT_EQ(again.front().policy.bounding, 7U);
  EXPECT_TRUE(again.front().policy.own_user_namespace);
  EXPECT_EQ(again.front().policy.devices.size(), 1U);
  EXPECT_EQ(again.front().pid, 100);
}

TEST_F(ReloadTest, OffLetsTheContainerBeAndBackAgain) {
  add("a", {{"io.holdfast.profile", "web"}});
  take(changed());
  const profile::Policy before = registry_.find("a")->registration.policy;
  write("web", R"("mode": "off")");
  take(changed());
  const profile::Policy off = registry_.find("a")->registration.policy;
  for (const std::uint8_t action : off.action) {
    EXPECT_EQ(action, HF_OFF);
  }
  write("web", R"("rootfs": {"guard": "enforce"})");
  take(changed());
  EXPECT_EQ(registry_.find("a")->registration.policy, before);
}

TEST_F(ReloadTest, MistakesNameContainerAndFile) {
  add("a", {{"io.holdfast.profile", "web"}});
  add("b", {{"io.holdfast.profile", "other"}});
  auto found = read_profiles_again(registry_, config_, true);
  ASSERT_FALSE(found.ok());
  EXPECT_TRUE(found.error().message.starts_with("container b: ")) << found.error().message;
  EXPECT_NE(found.error().message.find("\"other\""), std::string::npos) << found.error().message;
  write("other", R"("mod": "off")");
  found = read_profiles_again(registry_, config_, true);
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("other.json: /mod"), std::string::npos)
      << found.error().message;
}

TEST_F(ReloadTest, LeavesAloneWhoseAnnotationsAFormerVersionCut) {
  Registration registration;
  registration.container.id = "a";
  registration.has_deciding = false;
  registration.pid = 100;
  registration.rootfs = "/rootfs";
  ASSERT_TRUE(registry_.add(registration, {1, 1}, 5).ok());
  EXPECT_TRUE(changed().empty());
}

TEST_F(ReloadTest, RefusesWhatTheNextMonitorCouldNotRead) {
  add("a", {{"io.holdfast.profile", "web"}});
  const auto paths = [](const std::string& before, const std::string& after) {
    std::string list;
    for (int i = 0; i < 256; ++i) {
      list +=
          (i == 0 ? "" : ", ") + before + "/" + std::to_string(i) + std::string(240, 'x') + after;
    }
    return list;
  };
  const std::string list = paths("\"", "\"");
  const std::string rules = paths(R"({"access": ["read"], "action": "alert", "path": ")", "\"}");
  write("web", R"("rootfs": {"writable": [)" + list + R"(]}, "exec": {"allow": [)" + list +
                   R"(]}, "files": [)" + rules + "]");
  const auto found = read_profiles_again(registry_, config_, true);
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("takes more than 131072 bytes"), std::string::npos)
      << found.error().message;
}

TEST_F(ReloadTest, TheNextMonitorReadsTheChange) {
  add("a", {{"io.holdfast.profile", "web"}});
  take(changed());
  Registry next = Registry::open(root_.path("containers")).value();
  ASSERT_TRUE(next.restore({{1, 1}}).ok());
  ASSERT_NE(next.find("a"), nullptr);
  EXPECT_EQ(next.find("a")->registration.policy, registry_.find("a")->registration.policy);
  EXPECT_EQ(next.find("a")->told->profile, "web");
}

}  // namespace
}  // namespace holdfast::monitor
