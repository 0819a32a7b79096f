#include "src/base/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "src/base/process.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::base {
namespace {

namespace fs = std::filesystem;

class Cgroup : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& content) { temp_.write(path, content); }
  void process(int pid, int parent) {
    put("proc/" + std::to_string(pid) + "/stat",
        std::to_string(pid) + " (a) b) S " + std::to_string(parent) +
            " 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n");
  }
  std::string proc() { return root_ / "proc"; }

  test::TempDir temp_;
  const fs::path root_ = temp_.path();
};

TEST_F(Cgroup, OfVersionTwoIsTheLineThatBeginsWithZero) {
  EXPECT_EQ(parse_cgroup("0::/pod/ctr\n", "f").value(), "/pod/ctr");
  EXPECT_EQ(parse_cgroup("9:name=systemd:/x\n8:pids:/y\n0::/z: odd\n", "f").value(), "/z: odd");
  EXPECT_EQ(parse_cgroup("0::/", "f").value(), "/");
}

TEST_F(Cgroup, IsEmptyOnAHostWithoutVersionTwo) {
  EXPECT_EQ(parse_cgroup("8:pids:/y\n", "f").value(), "");
  EXPECT_EQ(parse_cgroup("", "f").value(), "");
}

TEST_F(Cgroup, ThatIsNoPathIsRefused) {
  EXPECT_FALSE(parse_cgroup("0::", "f").ok());
  EXPECT_FALSE(parse_cgroup("0::relative\n", "f").ok());
  EXPECT_FALSE(parse_cgroup("0::/../outside\n", "f").ok());
}

TEST_F(Cgroup, IsReadFromTheProcFileOfTheProcess) {
  put("proc/7/cgroup", "0::/ctr\n");
  EXPECT_EQ(cgroup_of(proc(), 7).value(), "/ctr");
  EXPECT_FALSE(cgroup_of(proc(), 8).ok());
}

TEST_F(Cgroup, MountIsTheUnifiedOneOrTheFolderOfAHybridHost) {
  const std::string sys = root_ / "sys";
  EXPECT_EQ(cgroup2_mount(sys), "");
  EXPECT_FALSE(is_hybrid(sys));
  put("sys/unified/cgroup.controllers", "");
  EXPECT_EQ(cgroup2_mount(sys), sys + "/unified");
  EXPECT_TRUE(is_hybrid(sys));
  put("sys/cgroup.controllers", "");
  EXPECT_EQ(cgroup2_mount(sys), sys);
  EXPECT_FALSE(is_hybrid(sys));
}

TEST_F(Cgroup, MembersThatDoNotDescendFromTheInitAreForeign) {
  process(100, 1);
  process(101, 100);
  process(102, 101);
  process(200, 1);
  put("cg/cgroup.procs", "100\n101\n102\n");
  EXPECT_TRUE(foreign_members(proc(), root_ / "cg", 100).value().empty());
  put("cg/cgroup.procs", "200\n100\n102\n200\n");
  EXPECT_EQ(foreign_members(proc(), root_ / "cg", 100).value(), std::vector<pid_t>{200});
}

TEST_F(Cgroup, MemberThatHasGoneIsNotForeign) {
  process(100, 1);
  put("cg/cgroup.procs", "100\n4000\n");
  EXPECT_TRUE(foreign_members(proc(), root_ / "cg", 100).value().empty());
}

TEST_F(Cgroup, MemberOfAnotherPidNamespaceIsForeign) {
  process(100, 1);
  put("cg/cgroup.procs", "0\n100\n");
  EXPECT_EQ(foreign_members(proc(), root_ / "cg", 100).value(), std::vector<pid_t>{0});
}

TEST_F(Cgroup, ProcsFileThatIsNotNumbersIsRefused) {
  EXPECT_FALSE(parse_procs("12\nx\n", "f").ok());
  EXPECT_FALSE(parse_procs("-1\n", "f").ok());
  EXPECT_FALSE(parse_procs("99999999999\n", "f").ok());
}

TEST_F(Cgroup, StatIsReadBehindTheCommandsName) {
  process(5, 4);
  const ProcessStat stat = process_stat(proc(), 5).value();
  EXPECT_EQ(stat.state, 'S');
  EXPECT_EQ(stat.parent, 4);
  EXPECT_EQ(stat.start_ticks, 77U);
  EXPECT_FALSE(parse_stat("5 (x) S 4", "f").ok());
  EXPECT_FALSE(parse_stat("nothing", "f").ok());
  EXPECT_FALSE(parse_stat("", "f").ok());
}

}  // namespace
}  // namespace holdfast::base
