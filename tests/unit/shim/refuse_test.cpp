#include "shim/refuse.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace holdfast::shim {
namespace {

constexpr std::time_t kNoon = 1700000000;  // 2023-11-14T22:13:20Z

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Refuse : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/holdfast-refuse-XXXXXX";
    ASSERT_GE(log_fd_ = mkstemp(name.data()), 0);
    log_ = name;
  }
  void TearDown() override {
    close(log_fd_);
    unlink(log_.c_str());
  }

  std::string log_;
  int log_fd_ = -1;
};

TEST(LogLine, IsOneJsonObjectOfThreeMembers) {
  const std::string line = log_line("holdfast: a \"quoted\"\nthing \xff", true, kNoon);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json.size(), 3U);
  EXPECT_EQ(json.at("level"), "error");
  EXPECT_EQ(json.at("msg"), "holdfast: a \"quoted\" thing \xef\xbf\xbd");
  EXPECT_EQ(json.at("time"), "2023-11-14T22:13:20Z");
}

TEST(LogLine, IsLogfmtAsRuncWritesItOtherwise) {
  EXPECT_EQ(log_line("no \"x\"", false, kNoon),
            "time=\"2023-11-14T22:13:20Z\" level=error msg=\"no \\\"x\\\"\"\n");
}

TEST(Reworded, HasNoPhraseThatPodmanTakesForAFaultOfTheImage) {
  EXPECT_EQ(reworded("cannot open /x: No such file or directory"),
            "cannot open /x: it does not exist");
  EXPECT_EQ(reworded("Permission denied; Operation not permitted"),
            "access is refused; the kernel refuses it");
  EXPECT_EQ(reworded("nothing of that"), "nothing of that");
  EXPECT_EQ(reworded(""), "");
}

TEST_F(Refuse, AppendsOneLineToTheLogAndOneToStandardError) {
  std::ofstream(log_) << "before\n";
  CommandLine line;
  line.log = log_;
  line.log_json = true;
  testing::internal::CaptureStderr();
  EXPECT_EQ(refuse(line, "the profile \"x\" is unknown"), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "holdfast: the profile \"x\" is unknown\n");
  const std::string log = content_of(log_);
  ASSERT_TRUE(log.starts_with("before\n{")) << log;
  const auto json = nlohmann::json::parse(log.substr(7));
  EXPECT_EQ(json.at("msg"), "holdfast: the profile \"x\" is unknown");
}

TEST_F(Refuse, StillTellsStandardErrorWhenTheLogCannotBeWritten) {
  CommandLine line;
  line.log = "/nowhere/at/all";
  testing::internal::CaptureStderr();
  EXPECT_EQ(refuse(line, "sentence"), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "holdfast: sentence\n");
}

}  // namespace
}  // namespace holdfast::shim
