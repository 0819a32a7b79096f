#include "src/profile/findings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace holdfast::profile {
namespace {

constexpr const char* kText = "{\n\"mode\": 1,\n\"rootfs\": {\n\"guard\": 2}}";

std::vector<Finding> placed() {
  return place_findings(
      {fail("/p/x.json: /rootfs/guard: is wrong: 100%"), fail("/p/x.json: is odd")}, "/p/x.json",
      kText, "x,1.json");
}

TEST(Findings, StandWhereTheirKeyStands) {
  const auto findings = placed();
  EXPECT_EQ(findings_text(findings),
            "x,1.json:4: /rootfs/guard: is wrong: 100%\nx,1.json:1: is odd\n");
  EXPECT_EQ(findings.front().pointer, "/rootfs/guard");
}

TEST(Findings, AreEscapedForGithub) {
  EXPECT_EQ(
      findings_github({placed().front()}),
      "::error file=x%2C1.json,line=4,title=holdfast profile::/rootfs/guard: is wrong: 100%25\n");
}

TEST(Findings, AreSarif) {
  const auto sarif = nlohmann::json::parse(findings_sarif(placed()));
  EXPECT_EQ(sarif["version"], "2.1.0");
  const auto& results = sarif["runs"][0]["results"];
  ASSERT_EQ(results.size(), 2U);
  const auto& place = results[0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "x,1.json");
  EXPECT_EQ(place["region"]["startLine"], 4);
}

TEST(Findings, OfNothingAreAnEmptyList) {
  EXPECT_EQ(findings_text({}), "");
  EXPECT_EQ(findings_json({}), "[]\n");
  EXPECT_EQ(nlohmann::json::parse(findings_sarif({}))["runs"][0]["results"].size(), 0U);
}

}  // namespace
}  // namespace holdfast::profile
