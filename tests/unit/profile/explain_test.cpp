#include "src/profile/explain.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "src/profile/schema.h"

namespace holdfast::profile {
namespace {

Profile parsed(const std::string& keys) {
  const auto profile =
      parse_profile(R"({"schema": "holdfast.profile/v1", "name": "p")" + keys + "}", "p.json");
  EXPECT_TRUE(profile.ok()) << profile.error().message;
  return profile.value();
}

Compiled compiled(const std::string& keys) { return compile(parsed(keys), {}, true).value(); }

std::vector<std::string> diff(const std::string& old_one, const std::string& new_one) {
  std::vector<std::string> lines;
  for (const Difference& one : differences(compiled(old_one), compiled(new_one))) {
    static constexpr std::array kWords = {"allowed ", "refused ", "weaker ", "stronger ",
                                          "changed "};
    lines.push_back(kWords.at(static_cast<std::size_t>(one.kind)) + one.what);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Explain, WhatIsNotInThePolicyIsADifferenceToo) {
  const auto kinds = [](const std::string& old_one, const std::string& new_one) {
    std::vector<Difference::Kind> found;
    for (const Difference& one : differences(parsed(old_one), parsed(new_one))) {
      found.push_back(one.kind);
    }
    return found;
  };
  using Kinds = std::vector<Difference::Kind>;
  const std::string refuse = R"(, "on_failure": "refuse")";
  const std::string warn = R"(, "on_failure": "warn")";
  EXPECT_EQ(kinds(refuse, refuse), Kinds());
  EXPECT_EQ(kinds(refuse, warn), Kinds({Difference::Kind::kAllowed}));
  EXPECT_EQ(kinds("", refuse), Kinds({Difference::Kind::kRefused}));
  EXPECT_EQ(kinds("", warn), Kinds({Difference::Kind::kChanged}));
  EXPECT_EQ(kinds(R"(, "match": {"images": ["a:*"]})", ""), Kinds({Difference::Kind::kChanged}));
}

TEST(Explain, WhatIsLoggedAndHowItIsRefusedIsADifference) {
  EXPECT_EQ(diff(R"(, "seccomp": {"log": ["chroot"]})", ""),
            Lines({"weaker unlogged, system call chroot"}));
  EXPECT_EQ(diff("", R"(, "seccomp": {"errno": "ENOSYS"})"),
            Lines({"changed errno of refused system calls"}));
  EXPECT_EQ(diff(R"(, "exec_into": {"action": "record"})",
                 R"(, "exec_into": {"action": "record", "allow": ["/bin/x"]})"),
            Lines());
}

TEST(Differences, OfAProfileFromItselfThereAreNone) {
  EXPECT_EQ(diff(R"(, "escape": {"action": "kill"})", R"(, "escape": {"action": "kill"})"),
            Lines());
}

TEST(Differences, AreSaidInTermsOfWhatGoesOn) {
  EXPECT_EQ(diff("", R"(, "escape": {"allow": ["escape.mount"]})"),
            Lines{"allowed escape.mount: deny → off"});
  EXPECT_EQ(diff("", R"(, "process": {"injection": "alert"})"),
            Lines{"stronger process.injection: off → alert"});
  EXPECT_EQ(diff(R"(, "process": {"injection": "kill"})", R"(, "process": {"injection": "deny"})"),
            Lines{"weaker process.injection: kill → deny"});
}

TEST(Differences, AListMeansWhatHappensToWhatIsNotInIt) {
  const std::string none = R"(, "exec": {"otherwise": "deny"})";
  const std::string one = R"(, "exec": {"allow": ["/bin/a"], "otherwise": "deny"})";
  EXPECT_EQ(diff(none, one), Lines{"allowed running /bin/a"});
  EXPECT_EQ(diff(one, none), Lines{"refused running /bin/a"});
  const std::string told = R"(, "exec": {"otherwise": "alert"})";
  const std::string told_one = R"(, "exec": {"allow": ["/bin/a"], "otherwise": "alert"})";
  EXPECT_EQ(diff(told, told_one), Lines{"weaker running /bin/a"});
  EXPECT_EQ(diff("", R"(, "exec": {"allow": ["/bin/a"], "otherwise": "off"})"), Lines());
}

TEST(Differences, ResponsesAreComparedBySeverity) {
  EXPECT_EQ(diff(R"(, "respond": {"critical": "freeze", "emergency": "freeze"})",
                 R"(, "respond": {"alert": "kill-container"})"),
            (Lines{"weaker response to alerts that are critical: freeze → alert",
                   "stronger response to alerts that are emergency: freeze → kill-container",
                   "stronger response to alerts that are alert: freeze → kill-container"}));
}

TEST(Differences, AdmissionsAndExceptionsAreCompared) {
  EXPECT_EQ(diff("", R"(, "admit": {"privileged": "deny", "devices": "alert"})"),
            (Lines{"refused admit.privileged: off → deny", "stronger admit.devices: off → alert"}));
  EXPECT_EQ(diff("", R"(, "admit": {"mounts": {"deny": ["/etc"]}})"),
            Lines{"refused mounting /etc"});
  EXPECT_EQ(diff(R"(, "admit": {"mounts": {"alert": ["/etc"]}})", ""),
            Lines{"weaker silently mounting /etc"});
  EXPECT_EQ(diff("", R"(, "exceptions": [{"class": "file.*", "reason": "r"}])"),
            Lines{"weaker alerts excepted: file.* by * of *"});
}

TEST(Differences, RulesAboutFilesPeersAndCallsAreCompared) {
  EXPECT_EQ(diff("", R"(, "files": [{"path": "/k", "access": ["read"], "action": "deny"}])"),
            Lines{"refused reading /k: off → deny"});
  EXPECT_EQ(
      diff(R"(, "network": {"connect": {"otherwise": "deny"}})",
           R"(, "network": {"connect": {"allow": ["10.0.0.0/8:443", "[2001:db8::]/32"],
                                              "otherwise": "deny"}})"),
      (Lines{"allowed connecting to 10.0.0.0/8:443", "allowed connecting to [2001:db8::]/32"}));
  EXPECT_EQ(diff("", R"(, "seccomp": {"deny": ["io_uring_setup"]})"),
            Lines{"refused system call io_uring_setup"});
}

TEST(Origin, IsTheFirstFileThatHasTheKey) {
  const std::vector<Layer> layers = {
      {"child", {{"rootfs", {{"guard", "enforce"}}}}},
      {"parent", {{"rootfs", {{"guard", "alert"}, {"writable", {}}}}}}};
  EXPECT_EQ(origin_of(layers, "/rootfs/guard"), "child");
  EXPECT_EQ(origin_of(layers, "/rootfs/writable"), "parent");
  EXPECT_EQ(origin_of(layers, "/escape/action"), "");
  EXPECT_EQ(merge_layers(layers)["rootfs"]["guard"], "enforce");
}

TEST(KeyOfClass, IsAKeyOfThePublishedFormatForEveryClass) {
  const auto schema = nlohmann::json::parse(profile_schema());
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    std::string place = key_of_class(id);
    const std::size_t second = place.find('/', 1);
    if (second != std::string::npos) {
      place.insert(second, "/properties");
    }
    EXPECT_TRUE(schema.contains(nlohmann::json::json_pointer("/properties" + place)))
        << class_name(id) << " " << place;
  }
}

}  // namespace
}  // namespace holdfast::profile
