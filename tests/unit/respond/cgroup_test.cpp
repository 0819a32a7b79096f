#include "src/respond/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/respond/fake_cgroup.h"

namespace holdfast::respond {
namespace {

using test::FakeCgroup;

std::string error_of(const Result<Cgroup>& opened) {
  return opened.ok() ? "" : opened.error().message;
}

TEST(RespondCgroup, IsFrozenThawedAndKilledByItsFiles) {
  const FakeCgroup fake;
  const Cgroup cgroup = Cgroup::open(fake.name(), fake.proc()).value();
  ASSERT_TRUE(cgroup.set_frozen(true).ok());
  EXPECT_EQ(fake.file("cgroup.freeze"), "1");
  ASSERT_TRUE(cgroup.set_frozen(false).ok());
  EXPECT_EQ(fake.file("cgroup.freeze"), "0");
  ASSERT_TRUE(cgroup.kill().ok());
  EXPECT_EQ(fake.file("cgroup.kill"), "1");
}

TEST(RespondCgroup, ThatIsNotTheRegisteredOneIsRefused) {
  const FakeCgroup fake;
  CgroupName name = fake.name();
  name.id += 1;
  EXPECT_NE(error_of(Cgroup::open(name, fake.proc())).find("is not the one"), std::string::npos);
  name = fake.name();
  name.id = 0;
  EXPECT_NE(error_of(Cgroup::open(name, fake.proc())).find("no cgroup v2 of its own"),
            std::string::npos);
  name = {fake.mount(), "/", 1};
  EXPECT_NE(error_of(Cgroup::open(name, fake.proc())).find("is the root"), std::string::npos);
}

TEST(RespondCgroup, ThatWasMadeAnewIsNotWrittenTo) {
  const FakeCgroup fake;
  const Cgroup cgroup = Cgroup::open(fake.name(), fake.proc()).value();
  std::filesystem::rename(fake.dir().path("cg/pod/web"), fake.dir().path("cg/pod/old"));
  fake.dir().write("cg/pod/web/cgroup.kill", "");
  ASSERT_TRUE(cgroup.kill().ok());
  EXPECT_EQ(fake.file("cgroup.kill"), "") << "another's by the same name";
  EXPECT_EQ(fake.dir().read("cg/pod/old/cgroup.kill"), "1");
}

TEST(RespondCgroup, ThatHoldsTheMonitorIsRefused) {
  const FakeCgroup fake;
  fake.dir().write("proc/self/cgroup", "0::/pod/web/below\n");
  EXPECT_NE(error_of(Cgroup::open(fake.name(), fake.proc())).find("the monitor itself"),
            std::string::npos);
}

TEST(RespondCgroup, WithAProcessOlderThanTheContainerIsRefused) {
  const FakeCgroup fake("100\n101\n");
  fake.process(100, 1, 5000);
  fake.process(101, 100, 5001);
  const Cgroup cgroup = Cgroup::open(fake.name(), fake.proc()).value();
  EXPECT_TRUE(cgroup.check_members(5000).ok());
  fake.dir().write("cg/pod/web/below/cgroup.procs", "102\n");
  fake.process(102, 1, 4999);
  const Status refused = cgroup.check_members(5000);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("process 102, which is older"), std::string::npos);
}

TEST(RespondCgroup, IsWaitedForUntilAllOfItHasStopped) {
  const FakeCgroup fake;
  const Cgroup cgroup = Cgroup::open(fake.name(), fake.proc()).value();
  EXPECT_FALSE(cgroup.wait_frozen(true, std::chrono::milliseconds(20)).value());
  fake.is_frozen();
  EXPECT_TRUE(cgroup.wait_frozen(true, std::chrono::milliseconds(20)).value());
}

}  // namespace
}  // namespace holdfast::respond
