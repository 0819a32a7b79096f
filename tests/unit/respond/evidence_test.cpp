#include "src/respond/evidence.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/unit/respond/fake_cgroup.h"

namespace holdfast::respond {
namespace {

using test::FakeCgroup;
using Json = nlohmann::json;

class Evidence : public testing::Test {
 protected:
  Evidence() : fake_("100\n101\n") {
    fake_.process(100, 1, 5000);
    fake_.process(101, 100, 5001);
    const test::TempDir& dir = fake_.dir();
    dir.write("proc/100/status", "Name:\tsh\n");
    dir.write("proc/100/maps", "00400000-0048b000 r-xp /bin/sh\n");
    dir.write("proc/100/cmdline", std::string("curl\0--password=hunter2", 23));
    dir.write("proc/100/net/tcp", "  sl  local_address\n");
    std::filesystem::create_directory(dir.path("proc/100/fd"));
    std::filesystem::create_symlink("/etc/passwd", dir.path("proc/100/fd/3"));
    dir.write("upper/tmp/new", "x");
    dir.write("proc/self/mountinfo", "36 22 0:50 / /rootfs rw - overlay overlay rw,upperdir=" +
                                         dir.path("upper") + ",workdir=/w\n");
    dir.write("alerts", R"({"message":"web","container":{"id":"other"}})"
                        "\n"
                        R"({"message":"first","container":{"id":"web"}})"
                        "\n"
                        R"({"message":"last","container":{"id":"web"}})"
                        "\n");
    order_.target.container.id = "web";
    order_.target.container.name = "../../etc";
    order_.target.cgroup = "/pod/web";
    order_.target.rootfs = "/rootfs";
    settings_ = {dir.path("incidents"), dir.path("alerts"), fake_.proc(), {}};
  }

  std::string keep() {
    const Cgroup cgroup = Cgroup::open(fake_.name(), fake_.proc()).value();
    return keep_evidence(settings_, order_, cgroup).value();
  }
  static std::string read(const std::string& path) {
    return base::read_file(path, std::size_t{1} << 20).value();
  }

  FakeCgroup fake_;
  Order order_;
  EvidenceSettings settings_;
};

TEST_F(Evidence, HasProcessesFilesSocketsChangesAndTheLastAlerts) {
  fake_.is_frozen();
  order_.alert = R"({"class":"file.sensitive","origin":{"queue":""}})";
  const std::string path = keep();
  const Json index = Json::parse(read(path + "/index.json"));
  EXPECT_EQ(index["alert"], Json({{"class", "file.sensitive"}}));
  ASSERT_EQ(index["processes"].size(), 2U);
  EXPECT_EQ(index["processes"][1]["ppid"], 100);
  EXPECT_EQ(index["frozen_throughout"], true);
  EXPECT_EQ(index["overlay"], true);
  EXPECT_EQ(read(path + "/100.status"), "Name:\tsh\n");
  EXPECT_NE(read(path + "/100.maps").find("/bin/sh"), std::string::npos);
  EXPECT_EQ(Json::parse(read(path + "/100.files.json"))[0]["target"], "/etc/passwd");
  EXPECT_NE(read(path + "/net-.tcp").find("local_address"), std::string::npos);
  EXPECT_NE(read(path + "/changes.json").find("/tmp/new"), std::string::npos);
  const std::string records = read(path + "/records.jsonl");
  EXPECT_LT(records.find("first"), records.find("last"));
  EXPECT_EQ(records.find("other"), std::string::npos);
}

TEST_F(Evidence, HasNoSecretOfACommandLineAndNoNameOfTheContainers) {
  const std::string path = keep();
  EXPECT_EQ(read(path + "/index.json").find("hunter2"), std::string::npos);
  EXPECT_EQ(path.find("etc"), std::string::npos);
}

TEST_F(Evidence, SaysWhenTheContainerWasThawedMeanwhile) {
  const std::string path = keep();
  EXPECT_EQ(Json::parse(read(path + "/index.json"))["frozen_throughout"], false);
}

TEST_F(Evidence, LeavesOutAProcessThatIsNotTheContainers) {
  fake_.dir().write("proc/101/cgroup", "0::/elsewhere\n");
  const Json index = Json::parse(read(keep() + "/index.json"));
  ASSERT_EQ(index["processes"].size(), 1U);
  EXPECT_EQ(index["processes"][0]["pid"], 100);
}

TEST_F(Evidence, IsBoundedWhateverTheContainerWrites) {
  settings_.limits = {.file_bytes = 100, .all_bytes = 400};
  fake_.dir().write("proc/100/maps", std::string(100000, 'm'));
  const std::string path = keep();
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    bytes += file.path().filename() == "index.json" ? 0 : file.file_size();
  }
  EXPECT_LE(bytes, 400U);
}

}  // namespace
}  // namespace holdfast::respond
