#include "src/guard/rewrite.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "src/base/file.h"
#include "src/oci/filter.h"

namespace holdfast::guard {
namespace {

using Json = nlohmann::ordered_json;

const HookCommand kHook{"/usr/libexec/holdfast/holdfast-hook", {}};

// Profiles from memory.
profile::Source source() {
  static const std::map<std::string, std::string> files = {
      {"/p/default.json", R"({"schema":"holdfast.profile/v1","name":"default",
        "rootfs":{"guard":"alert","new_executables":"alert"},"escape":{"action":"deny"}})"},
      {"/p/immutable.json",
       R"({"schema":"holdfast.profile/v1","name":"immutable","extends":"default",
        "rootfs":{"guard":"enforce","writable":["/run","/var/cache"],"new_executables":"deny"}})"},
      {"/p/readonly.json", R"({"schema":"holdfast.profile/v1","name":"readonly","extends":"default",
        "rootfs":{"guard":"readonly","writable":["/run"]}})"},
      {"/p/nothing.json", R"({"schema":"holdfast.profile/v1","name":"nothing","mode":"off"})"},
  };
  profile::Source made;
  made.directories = {"/p"};
  made.read = [](const std::string& path) -> Result<std::optional<std::string>> {
    const auto found = files.find(path);
    return found == files.end() ? std::optional<std::string>() : std::optional(found->second);
  };
  made.list = [](const std::string&) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"default.json", "immutable.json"};
  };
  return made;
}

std::string data(const std::string& name) {
  return base::read_file(std::string(HOLDFAST_TEST_DATA "/oci/") + name, 1 << 22).value();
}

std::string with_annotation(const std::string& bytes, const std::string& key,
                            const std::string& value) {
  Json json = Json::parse(bytes);
  json["annotations"][key] = value;
  return json.dump();
}

std::string with_profile(const std::string& bytes, const std::string& name) {
  return with_annotation(bytes, "io.holdfast.profile", name);
}

Result<std::string> rewritten(const std::string& bytes, bool enforcing,
                              const HookCommand& hook = kHook) {
  Subject subject = TRY(read_subject(bytes, "config.json", source(), profile::Config()));
  return rewrite(std::move(subject), enforcing, hook, profile::unknown_host());
}

TEST(RewriteCgroup, IsGivenToAContainerThatHasNone) {
  Subject subject = read_subject(with_profile(data("podman.json"), "default"), "config.json",
                                 source(), profile::Config())
                        .value();
  subject.cgroup = "/user/holdfast-x";
  const auto text = rewrite(std::move(subject), true, kHook, profile::unknown_host());
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(Json::parse(text.value())["linux"]["cgroupsPath"], "/user/holdfast-x");
}

class Rewrite : public testing::TestWithParam<const char*> {};

TEST_P(Rewrite, DoneTwiceIsDoneOnce) {
  for (const char* name : {"default", "immutable", "readonly"}) {
    for (const bool enforcing : {true, false}) {
      SCOPED_TRACE(std::string(name) + (enforcing ? " enforcing" : " detecting"));
      const auto once = rewritten(with_profile(data(GetParam()), name), enforcing);
      ASSERT_TRUE(once.ok()) << once.error().message;
      ASSERT_FALSE(once.value().empty());
      const auto twice = rewritten(once.value(), enforcing);
      ASSERT_TRUE(twice.ok()) << twice.error().message;
      EXPECT_EQ(twice.value(), "");
    }
  }
}

TEST_P(Rewrite, GivesTheSameBytesEveryTime) {
  const std::string bytes = with_profile(data(GetParam()), "immutable");
  EXPECT_EQ(rewritten(bytes, false).value(), rewritten(bytes, false).value());
}

TEST_P(Rewrite, ChangesNothingElse) {
  const std::string bytes = with_annotation(with_profile(data(GetParam()), "default"), "x", "ü");
  Json before = Json::parse(bytes);
  Json after = Json::parse(rewritten(bytes, true).value());
  // The engine's own hooks stay in front of ours.
  const Json stages = before.value("hooks", Json::object());
  for (const auto& [stage, hooks] : stages.items()) {
    for (std::size_t i = 0; i < hooks.size(); ++i) {
      EXPECT_EQ(after.at("hooks").at(stage).at(i), hooks.at(i));
    }
  }
  for (Json* json : {&before, &after}) {
    json->erase("hooks");
    json->at("linux").erase("seccomp");
  }
  EXPECT_EQ(after.dump(), before.dump());
}

TEST_P(Rewrite, LeavesAContainerOfAProfileThatIsOffAlone) {
  EXPECT_EQ(rewritten(with_profile(data(GetParam()), "nothing"), true).value(), "");
}

INSTANTIATE_TEST_SUITE_P(OfConfigsOfEngines, Rewrite,
                         testing::Values("runc-spec.json", "crun-spec.json", "podman.json",
                                         "docker.json", "privileged.json"));

TEST(RewriteHooks, HaveAnEnvironmentAndATimeoutOfTheirOwn) {
  const Json json = Json::parse(rewritten(data("runc-spec.json"), true).value());
  for (const char* stage : {"createRuntime", "poststop"}) {
    const Json& hook = json.at("hooks").at(stage).back();
    EXPECT_EQ(hook.at("path"), kHook.path);
    EXPECT_EQ(hook.at("args"), Json({"holdfast-hook", stage}));
    EXPECT_EQ(hook.at("env"), Json({"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}));
    EXPECT_EQ(hook.at("timeout"), 120);
  }
}

TEST(RewriteHooks, CarryTheOptionsBeforeTheStage) {
  const HookCommand hook{kHook.path, {"--spec", "/other.json"}};
  const Json json = Json::parse(rewritten(data("runc-spec.json"), true, hook).value());
  EXPECT_EQ(json.at("hooks").at("createRuntime").back().at("args"),
            Json({"holdfast-hook", "--spec", "/other.json", "createRuntime"}));
}

TEST(RewriteHooks, OfHooksDirectoriesAreNotDoubled) {
  Json config = Json::parse(data("runc-spec.json"));
  config["hooks"]["prestart"] = {{{"path", "/elsewhere/holdfast-hook"}}};
  const Json json = Json::parse(rewritten(config.dump(), true).value());
  EXPECT_FALSE(json.at("hooks").contains("createRuntime"));
  EXPECT_EQ(json.at("hooks").at("poststop").size(), 1U);
}

TEST(RewriteRoot, IsReadOnlyWithTmpfsWhereTheKernelCannotRefuse) {
  const std::string bytes = with_profile(data("runc-spec.json"), "immutable");
  const Json enforced = Json::parse(rewritten(bytes, true).value());
  EXPECT_EQ(enforced.at("mounts"), Json::parse(bytes).at("mounts"));
  const Json detected = Json::parse(rewritten(bytes, false).value());
  EXPECT_EQ(detected.at("root").at("readonly"), true);
  std::map<std::string, Json> mounts;
  for (const Json& mount : detected.at("mounts")) {
    mounts[mount.at("destination").get<std::string>()] = mount;
  }
  for (const char* path : {"/run", "/var/cache"}) {
    ASSERT_TRUE(mounts.contains(path)) << path;
    EXPECT_EQ(mounts.at(path).at("type"), "tmpfs");
    const Json& options = mounts.at(path).at("options");
    EXPECT_NE(std::find(options.begin(), options.end(), "noexec"), options.end());
  }
}

TEST(RewriteSeccomp, TakesAwayWhatLetsCrunReplaceTheFilter) {
  std::string bytes = data("crun-spec.json");
  for (const char* key : oci::kFilterAnnotations) {
    bytes = with_annotation(bytes, key, "x");
  }
  bytes = with_annotation(bytes, "run.oci.keep_original_groups", "1");
  const auto result = rewritten(bytes, true);
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Json annotations = Json::parse(result.value()).at("annotations");
  EXPECT_EQ(annotations.size(), 1U);
  EXPECT_TRUE(annotations.contains("run.oci.keep_original_groups"));
  profile::Config allowing;
  allowing.annotations_allow = {"run.oci.seccomp"};
  const auto kept = read_subject(bytes, "config.json", source(), allowing);
  EXPECT_EQ(kept.value().spec.annotations.size(), oci::kFilterAnnotations.size() + 1);
}

TEST(RewriteSeccomp, GivesAFilterToAContainerWithoutOne) {
  Json config = Json::parse(data("runc-spec.json"));
  config.at("linux").erase("seccomp");
  const Json json = Json::parse(rewritten(config.dump(), false).value());
  EXPECT_TRUE(json.at("linux").contains("seccomp"));
}

TEST(RewriteRefuses, WhatItCannotUnderstand) {
  const std::string good = data("runc-spec.json");
  Json no_root = Json::parse(good);
  no_root.erase("root");
  const std::pair<std::string, std::string> cases[] = {
      {"", "config.json"},
      {"{", "config.json"},
      {"[]", "object"},
      {"{}", "/ociVersion"},
      {no_root.dump(), "root"},
      {good + "x", "config.json"},
      {with_profile(good, "unknown"), "\"unknown\""},
      {with_profile(good, "../../etc/passwd"), "../../etc/passwd"},
      {with_annotation(good, "io.holdfast.mode", "off"), "annotations.allow"},
      {with_annotation(good, "io.holdfast.mode", "harder"), "harder"},
      {with_annotation(good, "io.holdfast.profil", "default"), "io.holdfast.profil"},
  };
  for (const auto& [bytes, named] : cases) {
    const auto result = rewritten(bytes, true);
    ASSERT_FALSE(result.ok()) << bytes.substr(0, 200);
    EXPECT_NE(result.error().message.find(named), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace holdfast::guard
