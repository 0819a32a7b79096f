#include "src/event/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "src/base/process.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::event {
namespace {

constexpr std::uint64_t kTickNs = 10'000'000;  // sysconf(_SC_CLK_TCK) is 100 on every Linux

class FakeProc : public testing::Test {
 protected:
  void add(pid_t pid, pid_t parent, std::uint64_t start_ticks, const std::string& exe,
           char state = 'S') {
    const std::string base = "proc/" + std::to_string(pid) + "/";
    std::string stat = std::to_string(pid) + " (a (b) c) " + state + " " + std::to_string(parent);
    for (int field = 5; field < 22; ++field) {
      stat += " 0";
    }
    root_.write(base + "stat", stat + " " + std::to_string(start_ticks) + " 0 0\n");
    root_.write(base + "comm", exe.substr(exe.rfind('/') + 1) + "\n");
    std::filesystem::create_symlink(exe, root_.path(base + "exe"));
    std::filesystem::create_symlink("/work", root_.path(base + "cwd"));
  }

  static Event event_of(pid_t pid, pid_t parent, std::uint64_t start_ticks) {
    Event event;
    event.tgid = static_cast<std::uint32_t>(pid);
    event.ppid = static_cast<std::uint32_t>(parent);
    event.task_start_ns = start_ticks * kTickNs + 1234;
    event.exe = "/bin/sh";
    event.comm = "sh";
    return event;
  }

  [[nodiscard]] Process read(Event event, pid_t init = 0) const {
    return ProcessReader(root_.path("proc")).read(event, init);
  }

  test::TempDir root_;
};

TEST_F(FakeProc, AddsWhatTheKernelDidNotSend) {
  add(50, 10, 700, "/bin/sh");
  const Process process = read(event_of(50, 10, 700));
  EXPECT_FALSE(process.gone);
  EXPECT_EQ(process.cwd, "/work");
  EXPECT_EQ(process.exe, "/bin/sh");
}

TEST_F(FakeProc, SaysThatAZombieIsGone) {
  add(50, 10, 700, "/bin/sh", 'Z');
  EXPECT_TRUE(read(event_of(50, 10, 700)).gone);
}

TEST_F(FakeProc, DoesNotTellAStrangerWhoGotThePid) {
  add(50, 10, 701, "/usr/bin/innocent");
  const Process process = read(event_of(50, 10, 700));
  EXPECT_TRUE(process.gone);
  EXPECT_TRUE(process.cwd.empty());
  EXPECT_EQ(process.exe, "/bin/sh");
}

TEST_F(FakeProc, KeepsWhatTheKernelSentOfAProcessThatIsGone) {
  add(10, 1, 500, "/bin/init");
  const Process process = read(event_of(50, 10, 700));
  EXPECT_TRUE(process.gone);
  EXPECT_EQ(process.comm, "sh");
  ASSERT_EQ(process.ancestors.size(), 1U);  // the tree of fake processes ends at 10
  EXPECT_EQ(process.ancestors[0].exe, "/bin/init");
}

TEST_F(FakeProc, WalksUpToTheContainersInit) {
  add(5, 1, 100, "/usr/bin/conmon");
  add(10, 5, 200, "/bin/init");
  add(20, 10, 300, "/bin/bash");
  add(30, 20, 400, "/bin/sh");
  const Process process = read(event_of(30, 20, 400), 10);
  ASSERT_EQ(process.ancestors.size(), 2U);
  EXPECT_EQ(process.ancestors[0].exe, "/bin/bash");
  EXPECT_EQ(process.ancestors[1].pid, 10);
  EXPECT_TRUE(read(event_of(10, 5, 200), 10).ancestors.empty());
}

hf_ancestor sent(pid_t pid, std::uint64_t start_ticks) {
  return {start_ticks * kTickNs + 99, static_cast<std::uint32_t>(pid), 3};
}

TEST_F(FakeProc, AncestorsThatHaveEndedAreTold) {
  add(10, 5, 200, "/bin/init");
  add(20, 10, 999, "/usr/bin/stranger");  // has the pid of one that ended
  Event event = event_of(50, 30, 700);
  event.ancestors = {sent(30, 600), sent(20, 300), sent(10, 200), sent(5, 100)};
  const Process process = read(event, 10);
  ASSERT_EQ(process.ancestors.size(), 3U);
  EXPECT_EQ(process.ancestors[0].pid, 30);
  EXPECT_EQ(process.ancestors[0].exec_id, 3U);
  EXPECT_EQ(process.ancestors[0].start_ns, sent(30, 600).start_ns);
  EXPECT_EQ(process.ancestors[1].pid, 20);
  EXPECT_EQ(process.ancestors[1].exe, "");
  EXPECT_EQ(process.ancestors[2].exe, "/bin/init");
}

TEST_F(FakeProc, GoesOnWhereTheKernelsAncestorsEnd) {
  constexpr pid_t kTop = 4;
  Event event = event_of(100, 99, 700);
  for (std::size_t i = 0; i < HF_ANCESTORS; ++i) {
    const auto pid = static_cast<pid_t>(99 - i);
    add(pid, pid - 1, 600, "/bin/sh");
    event.ancestors.at(i) = sent(pid, 600);
  }
  const auto next = static_cast<pid_t>(99 - HF_ANCESTORS);
  add(next, kTop, 600, "/bin/bash");
  add(kTop, 1, 600, "/bin/init");
  const Process process = read(event, kTop);
  ASSERT_EQ(process.ancestors.size(), HF_ANCESTORS + 2);
  EXPECT_EQ(process.ancestors[HF_ANCESTORS].exe, "/bin/bash");
  EXPECT_EQ(process.ancestors[HF_ANCESTORS].start_ns, 0U) << "not the kernel's";
  EXPECT_EQ(process.ancestors.back().pid, kTop);
}

TEST_F(FakeProc, StopsAtAParentThatIsYoungerThanItsChild) {
  add(20, 1, 900, "/usr/bin/stranger");
  add(30, 20, 400, "/bin/sh");
  EXPECT_TRUE(read(event_of(30, 20, 400)).ancestors.empty());
}

TEST_F(FakeProc, StopsInALoopOfParents) {
  add(20, 30, 400, "/bin/a");
  add(30, 20, 400, "/bin/b");
  EXPECT_EQ(read(event_of(30, 20, 400)).ancestors.size(), kMaxAncestors);
}

TEST_F(FakeProc, RedactsTheCommandLineThatTheKernelSent) {
  Event event = event_of(50, 10, 700);
  event.argv = {"login", "--password=hunter2"};
  event.flags = HF_EVENT_ARGS_TRUNCATED;
  const Process process = read(event);
  EXPECT_EQ(process.argv, (std::vector<std::string>{"login", "--password=[redacted]"}));
  EXPECT_TRUE(process.argv_truncated);
}

TEST_F(FakeProc, SurvivesAStatFileThatIsNonsense) {
  for (const char* text : {"", "50", "50 (sh", "50 (sh) S", "50 (sh) S x y z"}) {
    root_.write("proc/50/stat", text);
    EXPECT_TRUE(read(event_of(50, 0, 700)).gone) << text;
  }
}

TEST(ProcessReader, ReadsTheRealProc) {
  Event event;
  event.tgid = static_cast<std::uint32_t>(getpid());
  event.task_start_ns = base::process_stat("/proc", getpid()).value().start_ticks * kTickNs;
  const Process ourselves = ProcessReader().read(event, 0);
  EXPECT_FALSE(ourselves.gone);
  EXPECT_EQ(ourselves.cwd, std::filesystem::current_path());
}

TEST(ProcessReader, TellsWhoIsThereNow) {
  const Process ourselves = ProcessReader().read_living(getpid());
  EXPECT_FALSE(ourselves.gone);
  EXPECT_EQ(ourselves.ppid, getppid());
  EXPECT_EQ(ourselves.uid, getuid());
  EXPECT_EQ(ourselves.gid, getgid());
  EXPECT_FALSE(ourselves.argv.empty());
  EXPECT_EQ(ourselves.exe, std::filesystem::read_symlink("/proc/self/exe"));
  ASSERT_FALSE(ourselves.ancestors.empty());
  EXPECT_EQ(ourselves.ancestors.front().pid, getppid());
}

TEST(ProcessReader, KnowsThatWeDidNotStartAtBoot) {
  Event event;
  event.tgid = static_cast<std::uint32_t>(getpid());
  EXPECT_TRUE(ProcessReader().read(event, 0).gone);
}

}  // namespace
}  // namespace holdfast::event
