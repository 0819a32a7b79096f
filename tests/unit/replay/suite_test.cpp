#include "src/replay/suite.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "src/replay/report.h"

namespace holdfast::replay {
namespace {

// Files in memory.
profile::Source source_of(const std::map<std::string, std::string>& files) {
  return {{"/p"},
          [files](const std::string& path) -> Result<std::optional<std::string>> {
            const auto found = files.find(path);
            return found == files.end() ? std::optional<std::string>()
                                        : std::optional(found->second);
          },
          [files](const std::string& directory) -> Result<std::vector<std::string>> {
            std::vector<std::string> names;
            for (const auto& [path, content] : files) {
              if (path.starts_with(directory + "/") &&
                  path.find('/', directory.size() + 1) == std::string::npos) {
                names.push_back(path.substr(directory.size() + 1));
              }
            }
            return names;
          }};
}

profile::Profile profile_of(const std::string& keys) {
  return profile::parse_profile(R"({"schema": "holdfast.profile/v1", "name": "web")" + keys + "}",
                                "web.json")
      .value();
}

// The problems of the cases in `lines`, under a profile that refuses every change of the rootfs.
std::vector<Outcome> run(const std::string& lines, const std::string& config = "") {
  std::map<std::string, std::string> files = {{"/p/web.tests/a.jsonl", lines}};
  if (!config.empty()) {
    files["/p/web.tests/config.json"] = config;
  }
  const auto suites = read_suites(source_of(files), "/p/web.json");
  if (!suites.ok()) {
    return {{"", "", suites.error().message}};
  }
  return run_suite(profile_of(R"(, "rootfs": {"guard": "enforce"})"), suites.value().front())
      .value();
}

TEST(Suite, ACaseHoldsOrSaysWhatTheProfileMakesOfIt) {
  const auto outcomes = run(
      "{\"class\": \"rootfs.write\", \"object\": {\"path\": \"/etc/x\"}, \"expect\": \"denied\"}\n"
      "\n"
      "{\"test\": \"named\", \"class\": \"rootfs.write\", \"object\": {\"path\": \"/etc/x\"},"
      " \"expect\": {\"answer\": \"denied\", \"severity\": \"warning\"}}\n");
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].problem, "");
  EXPECT_EQ(outcomes[0].name, "rootfs.write  /etc/x");
  EXPECT_EQ(outcomes[1].name, "named");
  EXPECT_EQ(outcomes[1].place, "/p/web.tests/a.jsonl:3");
  EXPECT_EQ(outcomes[1].problem,
            "expected denied, warning, the profile says denied as rootfs.write, error");
}

TEST(Suite, WhatIsMisspelledIsNoTest) {
  const auto problem = [](const std::string& line) { return run(line).front().problem; };
  EXPECT_NE(
      problem(R"({"class": "rootfs.write", "subject": {}, "expect": "denied"})").find("subject"),
      std::string::npos);
  EXPECT_NE(problem(R"({"class": "rootfs.write"})").find("/expect"), std::string::npos);
  for (const char* path : {"", "etc/x", "/run/../etc/x", "//etc/x"}) {
    EXPECT_NE(problem(R"({"class": "rootfs.write", "object": {"path": ")" + std::string(path) +
                      R"("}, "expect": "denied"})")
                  .find("is no path as the kernel tells it"),
              std::string::npos)
        << path;
  }
  EXPECT_NE(problem(R"({"class": "privilege.capability", "object": {"capabilities": ["CAP_X"]},)"
                    R"( "expect": "denied"})")
                .find("is no capability"),
            std::string::npos);
  EXPECT_NE(problem(R"({"class": "rootfs.write", "expect": "refused"})").find("not one of nothing"),
            std::string::npos);
  EXPECT_NE(problem("nonsense").find("/p/web.tests/a.jsonl:1"), std::string::npos);
  EXPECT_NE(problem("\n").find("holds no test"), std::string::npos);
}

TEST(Suite, ALineMayBeAboutWhatConfigJsonAsksFor) {
  const std::string config = R"({"ociVersion": "1.0.2", "root": {"path": "r"}, "mounts": [
    {"destination": "/host", "source": "/", "type": "bind", "options": ["rbind"]}]})";
  const auto suites = [&](const std::string& class_name) {
    return read_suites(source_of({{"/p/web.tests/config.json", config},
                                  {"/p/web.tests/a.jsonl",
                                   R"({"class": ")" + class_name + R"(", "expect": "denied"})"}}),
                       "/p/web.json");
  };
  const auto outcome = run_suite(profile_of(R"(, "admit": {"mounts": {"deny": ["/"]}})"),
                                 suites("admit.mounts").value().front());
  EXPECT_EQ(outcome.value().front().problem, "");
  EXPECT_EQ(
      run_suite(profile_of(""), suites("admit.mounts").value().front()).value().front().problem,
      "expected denied, the profile says nothing");
  EXPECT_NE(suites("admit.mount").error().message.find("known: admit.privileged"),
            std::string::npos);
}

TEST(Suite, TheConfigJsonBesideTheLinesIsTheContainers) {
  const std::string line =
      R"({"class": "escape.credentials", "object": {"capabilities": ["CAP_NET_ADMIN"]}, "expect": "nothing"})";
  EXPECT_NE(run(line).front().problem, "");
  EXPECT_EQ(run(line, R"({"ociVersion": "1.0.2", "root": {"path": "r"}, "process": {"cwd": "/",
    "args": ["a"], "user": {}, "capabilities": {"bounding": ["CAP_NET_ADMIN"]}}, "linux": {}})")
                .front()
                .problem,
            "");
}

TEST(Suite, AProfileWithoutTestsHasNone) {
  EXPECT_TRUE(read_suites(source_of({}), "/p/web.json").value().empty());
}

TEST(Report, TapNumbersThroughAllProfiles) {
  const std::vector<TestRun> runs = {{"a", {{"one", "f:1", ""}}},
                                     {"b", {{"two #1", "f:2", "wrong"}}}};
  EXPECT_EQ(tap(runs),
            "TAP version 13\n1..2\nok 1 - a: one\nnot ok 2 - b: two \\#1\n# f:2: wrong\n");
}

TEST(Report, JunitEscapes) {
  EXPECT_EQ(junit({{"a", {{"<one>", "f:1", "\"x\" & y"}}}}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"a\" tests=\"1\" failures=\"1\">\n"
            "    <testcase classname=\"a\" name=\"&lt;one&gt;\">\n"
            "      <failure message=\"&quot;x&quot; &amp; y\">f:1</failure>\n"
            "    </testcase>\n  </testsuite>\n</testsuites>\n");
}

}  // namespace
}  // namespace holdfast::replay
