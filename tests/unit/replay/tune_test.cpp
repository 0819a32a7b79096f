#include "src/replay/tune.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/profile/profile.h"

namespace holdfast::replay {
namespace {

using nlohmann::json;

json alert(const std::string& container, const std::string& path, int second = 1) {
  return {{"time", "2026-01-01T00:00:0" + std::to_string(second) + ".000000000Z"},
          {"kind", "alert"},
          {"class", "rootfs.write"},
          {"severity", "warning"},
          {"action", "alerted"},
          {"count", 1},
          {"container", {{"id", container}, {"profile", "web"}}},
          {"process", {{"exe", "/usr/sbin/web"}, {"layer", "image"}}},
          {"object", {{"path", path}}}};
}

json with(json line, const char* pointer, const json& value) {
  line[json::json_pointer(pointer)] = value;
  return line;
}

std::vector<Proposal> proposals_of(const std::vector<json>& lines, std::uint64_t min = 3) {
  Tuner tuner;
  for (const json& line : lines) {
    tuner.add(line);
  }
  return tuner.proposals(min);
}

// What three of that line lead to.
std::size_t proposed(const json& line) { return proposals_of({line, line, line}).size(); }

TEST(Tune, ProposesWhatIsFrequentWithItsProgramAndPath) {
  const auto found =
      proposals_of({alert("a", "/var/cache/web/x", 2), alert("b", "/var/cache/web/x"),
                    with(alert("a", "/var/cache/web/x", 3), "/count", 5U)});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].profile, "web");
  EXPECT_EQ(found[0].exception.class_name, "rootfs.write");
  EXPECT_EQ(found[0].exception.exe, "/usr/sbin/web");
  EXPECT_EQ(found[0].exception.path, "/var/cache/web/x");
  EXPECT_EQ(found[0].count, 7U);
  EXPECT_EQ(found[0].containers.size(), 2U);
  EXPECT_EQ(found[0].first, "2026-01-01T00:00:01.000000000Z");
  EXPECT_EQ(found[0].last, "2026-01-01T00:00:03.000000000Z");
}

TEST(Tune, SeveralPathsOfADirectoryAreOneGlob) {
  const auto found =
      proposals_of({alert("a", "/var/cache/web/x"), alert("a", "/var/cache/web/y"),
                    alert("a", "/var/cache/web/[z]"), alert("a", "/var/cache/web/y")});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].exception.path, "/var/cache/web/*");
  EXPECT_EQ(found[0].paths, 3U);
  EXPECT_EQ(found[0].count, 4U);
}

TEST(Tune, NoGlobOpensWhatIsTheImagesOrTheWholeTree) {
  for (const std::string directory : {"/", "/srv/", "/etc/web/", "/usr/local/bin/"}) {
    EXPECT_TRUE(proposals_of({alert("a", directory + "x"), alert("a", directory + "y"),
                              alert("a", directory + "z")})
                    .empty())
        << directory;
  }
}

TEST(Tune, APathIsNotReadAsAGlob) {
  const json line = alert("a", R"(/var/cache/web/*?[\x0a)");
  const auto found = proposals_of({line, line, line});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].exception.path, R"(/var/cache/web/\*\?\[\\x0a)");
}

TEST(Tune, WhatIsSeldomOrOfFewContainersIsNotProposed) {
  const json line = alert("a", "/var/cache/web/x");
  EXPECT_EQ(proposals_of({line, line}).size(), 0U);
  EXPECT_EQ(proposals_of({line, line, line, alert("b", "/var/cache/web/other")}).size(), 1U);
  EXPECT_EQ(proposals_of({line, line, line, alert("b", "/srv/1"), alert("c", "/srv/2")}).size(),
            0U);
}

TEST(Tune, NeverProposesWhatWasRefusedIsGraveOrMarksAnIntruder) {
  const json line = alert("a", "/var/cache/web/x");
  ASSERT_EQ(proposed(line), 1U);
  EXPECT_EQ(proposed(with(line, "/action", "denied")), 0U);
  EXPECT_EQ(proposed(with(line, "/action", "killed")), 0U);
  for (const char* severity : {"critical", "alert", "emergency", "unknown"}) {
    EXPECT_EQ(proposed(with(line, "/severity", severity)), 0U) << severity;
  }
  for (const char* class_name :
       {"escape.mount", "tamper.monitor", "drift.exec", "fileless.exec", "process.injection",
        "network.unexpected", "exec.unexpected", "monitor.lost", "admit.mounts"}) {
    EXPECT_EQ(proposed(with(line, "/class", class_name)), 0U) << class_name;
  }
  EXPECT_EQ(proposed(with(line, "/process/layer", "upper")), 0U);
}

TEST(Tune, ReadsAlertsThatABudgetHeldBackAndNoOtherRecords) {
  const json record = with(alert("a", "/var/cache/web/x"), "/kind", "record");
  EXPECT_EQ(proposed(record), 0U);
  EXPECT_EQ(proposed(with(record, "/exception", "ordinary")), 0U);
  EXPECT_EQ(proposed(with(record, "/held_back", "too many")), 1U);
}

TEST(Tune, WhatNoExceptionWouldFitIsNotProposed) {
  const json line = alert("a", "/var/cache/web/x");
  EXPECT_EQ(proposed(with(line, "/object/path_as_spelled", true)), 0U);
  EXPECT_EQ(proposed(with(line, "/process/exe", "")), 0U);
}

TEST(Tune, CountsOfRepeatsBelongToTheLineTheyRepeat) {
  const json line = alert("a", "/var/cache/web/x");
  json repeat = with(with(alert("a", "/x", 5), "/object/path_truncated", true), "/count", 40U);
  repeat["process"].erase("exe");
  const auto found = proposals_of({line, repeat});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].count, 41U);
  EXPECT_EQ(found[0].exception.path, "/var/cache/web/x");
  EXPECT_TRUE(proposals_of({repeat}).empty()) << "of something that is not known";
}

TEST(Tune, StrangeLinesAreNothing) {
  EXPECT_EQ(proposed(json::object()), 0U);
  EXPECT_EQ(proposed({{"container", 7}, {"object", json::array()}, {"count", -1}}), 0U);
}

TEST(Tune, ThePatchIsAProfileOnceItsReasonsAreGiven) {
  const json line = alert("a", "/var/cache/web/x");
  nlohmann::ordered_json patch = patch_of("web", {{"rootfs.*", "", "/srv/*", "It is a cache."}},
                                          proposals_of({line, line, line}));
  EXPECT_FALSE(profile::parse_profile(patch.dump(), "patch").ok());
  patch["exceptions"][1]["reason"] = "its cache";
  const auto parsed = profile::parse_profile(patch.dump(), "patch");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed.value().extends, "web");
  EXPECT_EQ(parsed.value().exceptions.at(0).reason, "It is a cache.") << "of the one in use";
  EXPECT_EQ(parsed.value().exceptions.at(1).path, "/var/cache/web/x");
}

}  // namespace
}  // namespace holdfast::replay
