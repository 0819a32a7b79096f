#include "src/engine/running.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::engine {
namespace {

class RunningTest : public testing::Test {
 protected:
  void put_process(const std::string& pid, const std::string& name, const std::string& uid,
                   const std::string& nspid, std::string cmdline) const {
    for (char& byte : cmdline) {
      byte = byte == ' ' ? '\0' : byte;
    }
    dir.write("proc/" + pid + "/status",
              "Name:\t" + name + "\nUid:\t" + uid + "\t0\t0\t0\nNSpid:\t" + nspid + "\n");
    dir.write("proc/" + pid + "/cmdline", cmdline + std::string(1, '\0'));
  }
  [[nodiscard]] std::vector<Running> running() const {
    return running_containers(Tree::open(dir.path()).value(), owner);
  }

  test::TempDir dir;
  Owner owner;
};

TEST_F(RunningTest, ConmonNamesItsContainerOnce) {
  put_process("10", "conmon", "0", "10",
              "/usr/bin/conmon --api-version 1 -c abc -n web --exit-dir /run/libpod/exits");
  put_process("11", "conmon", "0", "11", "/usr/bin/conmon -c abc -u session -n web -e");
  put_process("12", "conmon", "0", "12",
              "/usr/bin/conmon -c def -n k8s_pod --exit-dir /var/run/crio/exits");
  put_process("13", "sh", "0", "13", "sh -c ghi");
  ASSERT_EQ(running().size(), 2U);
  EXPECT_EQ(running()[0].engine, Engine::kPodman);
  EXPECT_EQ(running()[0].id, "abc");
  EXPECT_EQ(running()[0].name, "web");
  EXPECT_EQ(running()[1].engine, Engine::kCrio);
}

// A container's process may take conmon's name.
TEST_F(RunningTest, ProcessesOfContainersAndOfOthersDoNotCount) {
  put_process("10", "conmon", "0", "10\t1", "conmon -c forged -n forged");
  put_process("11", "conmon", "4242", "11", "conmon -c theirs -n theirs");
  EXPECT_TRUE(running().empty());
}

TEST_F(RunningTest, UsersSeeTheirOwn) {
  put_process("10", "conmon", std::to_string(geteuid()), "10", "conmon -c mine -n mine");
  put_process("11", "conmon", "4242", "11", "conmon -c theirs -n theirs");
  owner = {"/home/u/.config", "/home/u/.local/state"};
  ASSERT_EQ(running().size(), 1U);
  EXPECT_EQ(running()[0].id, "mine");
}

TEST_F(RunningTest, ContainerdsBundlesCountWhileTheirInitLives) {
  const std::string bundles = "run/containerd/io.containerd.runtime.v2.task/";
  dir.write(bundles + "moby/0123/init.pid", "20");
  dir.write(bundles + "k8s.io/4567/init.pid", "21");
  dir.write(bundles + "k8s.io/89ab/init.pid", "22");
  dir.write(bundles + "k8s.io/cdef/config.json", "{}");
  put_process("20", "nginx", "0", "20\t1", "nginx");
  put_process("21", "pause", "0", "21\t1", "/pause");
  ASSERT_EQ(running().size(), 2U);
  EXPECT_EQ(running()[0].engine, Engine::kContainerd);
  EXPECT_EQ(running()[0].id, "4567");
  EXPECT_EQ(running()[1].engine, Engine::kDocker);
}

}  // namespace
}  // namespace holdfast::engine
