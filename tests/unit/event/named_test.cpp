#include "src/event/named.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/temp_dir.h"

namespace holdfast::event {
namespace {

using test::TempDir;

constexpr pid_t kProcess = 70;
constexpr pid_t kInit = 7;

Event refused_write(const std::string& path) {
  Event event;
  event.outcome = HF_OUTCOME_REFUSED;
  event.class_id = HF_ROOTFS_WRITE;
  event.flags = HF_EVENT_USER_PATH;
  event.tgid = kProcess;
  event.path = path;
  return event;
}

hf_class class_after(const std::string& path, const std::string& proc_root) {
  Event event = refused_write(path);
  refine_named(event, kInit, proc_root);
  return event.class_id;
}

// Gives the process a root directory in the fake /proc.
void give_root(const std::string& proc_root, pid_t pid, const std::string& root) {
  const std::string folder = proc_root + "/" + std::to_string(pid);
  std::filesystem::create_directory(folder);
  std::filesystem::create_directory_symlink(root, folder + "/root");
  std::filesystem::create_symlink("/proc/self/mountinfo", folder + "/mountinfo");
}

TEST(Named, TheSuperblockThatThePathLeadsToDecides) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("/etc/passwd", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Named, AFileOfTheRootfsIsNoInterfaceWhateverItIsCalled) {
  const TempDir proc;
  const TempDir root;
  std::filesystem::create_directories(root.path() + "/proc/sys");
  give_root(proc.path(), kProcess, root.path());
  EXPECT_EQ(class_after("/proc/sys", proc.path()), HF_ROOTFS_WRITE);
}

// In the place of the process's own mounts, ones that say that everything here is on `type`.
void pretend_filesystem(const std::string& proc_root, pid_t pid, const std::string& type) {
  const std::string file = proc_root + "/" + std::to_string(pid) + "/mountinfo";
  std::ifstream lines("/proc/self/mountinfo");
  std::filesystem::remove(file);
  std::ofstream out(file);
  for (std::string line; std::getline(lines, line);) {
    out << line.substr(0, line.find(" - ")) << " - " << type << " none rw\n";
  }
}

TEST(Named, EveryFileSystemThatConfiguresTheKernelIsAnInterface) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  for (const char* type : {"proc", "sysfs", "debugfs", "tracefs", "securityfs", "binfmt_misc",
                           "bpf", "efivarfs", "configfs", "pstore", "selinuxfs"}) {
    pretend_filesystem(proc.path(), kProcess, type);
    EXPECT_EQ(class_after("/etc/passwd", proc.path()), HF_ESCAPE_KERNEL_INTERFACE) << type;
  }
  pretend_filesystem(proc.path(), kProcess, "tmpfs");
  EXPECT_EQ(class_after("/etc/passwd", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Named, TheInitServesForAProcessThatIsGone) {
  const TempDir proc;
  give_root(proc.path(), kInit, "/");
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
}

TEST(Named, AProcessThatEndsMeanwhileIsReplacedByTheInitOrTheSpelling) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  std::filesystem::remove(proc.path() + "/70/mountinfo");
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  give_root(proc.path(), kInit, "/");
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
}

TEST(Named, WithBothGoneTheSpellingDecides) {
  const TempDir proc;
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("/etc/../sys/kernel/mm", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("/processes", proc.path()), HF_ROOTFS_WRITE);
  EXPECT_EQ(class_after("relative", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Named, ARelativePathBeginsAtTheWorkingDirectory) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  std::filesystem::create_directory_symlink("/tmp", proc.path() + "/70/cwd");
  EXPECT_EQ(class_after("../proc/sys/kernel/core_pattern", proc.path()),
            HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("proc/sys/kernel/core_pattern", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Named, OnlyChangesThatAreKnownByTheirPathAloneAreLookedAt) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  Event event = refused_write("/proc/sys/kernel/core_pattern");
  event.flags = 0;
  EXPECT_TRUE(refine_named(event, kInit, proc.path()));
  EXPECT_EQ(event.class_id, HF_ROOTFS_WRITE);
  event.flags = HF_EVENT_USER_PATH;
  event.class_id = HF_ESCAPE_MOUNT;
  EXPECT_TRUE(refine_named(event, kInit, proc.path()));
  EXPECT_EQ(event.class_id, HF_ESCAPE_MOUNT);
}

Event removal(const std::string& path) {
  Event event = refused_write(path);
  event.outcome = HF_OUTCOME_SEEN;
  event.class_id = HF_ROOTFS_DELETE;
  return event;
}

TEST(Named, AChangeOnAnotherMountIsNoneOfTheRootfs) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  Event event = removal("/proc/../dev/shm/gone");
  EXPECT_FALSE(refine_named(event, 0, proc.path()));
}

TEST(Named, AChangeThatWentThroughGetsThePathThatItHas) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  Event event = removal("/usr/./bin/../lib/gone");
  EXPECT_TRUE(refine_named(event, 0, proc.path()));
  EXPECT_EQ(event.path, "/usr/lib/gone");
  EXPECT_EQ(event.flags & HF_EVENT_USER_PATH, 0U);
}

TEST(Named, AChangeOfAFileGetsThePathOfTheFile) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  Event event = removal("/usr/../etc/passwd");
  event.class_id = HF_ROOTFS_ATTR;
  EXPECT_TRUE(refine_named(event, 0, proc.path()));
  EXPECT_EQ(event.path, "/etc/passwd");
}

TEST(Named, AChangeThatWentThroughIsOfAnInterfaceWhereOneIsMounted) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  Event event = removal("/proc/sys/kernel/gone");
  EXPECT_TRUE(refine_named(event, 0, proc.path()));
  EXPECT_EQ(event.class_id, HF_ESCAPE_KERNEL_INTERFACE);
}

TEST(Named, WhatBelongsToAProcessInProcIsNoInterface) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  for (const char* path : {"/proc/self/fd/1", "/proc/thread-self/comm", "/proc/1/comm"}) {
    Event event = removal(path);
    EXPECT_FALSE(refine_named(event, 0, proc.path())) << path;
  }
}

TEST(Named, WithBothGoneTheSpellingTellsAnInterfaceOfAChangeAsWell) {
  const TempDir proc;
  const auto class_of = [&proc](const std::string& path) {
    Event event = removal(path);
    refine_named(event, kInit, proc.path());
    return event.class_id;
  };
  EXPECT_EQ(class_of("/sys/kernel/tracing/instances/x"), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_of("/proc/sys/kernel/x"), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_of("/proc/self/fd/1"), HF_ROOTFS_DELETE);
  EXPECT_EQ(class_of("/sys/fs/cgroup/x"), HF_ROOTFS_DELETE);
}

// Says that the process is in the mount namespace `id`.
void give_mounts(const std::string& proc_root, pid_t pid, const std::string& id) {
  const std::string folder = proc_root + "/" + std::to_string(pid) + "/ns";
  std::filesystem::create_directory(folder);
  std::filesystem::create_symlink("mnt:[" + id + "]", folder + "/mnt");
}

TEST(Named, ARootThatChrootMadeIsNotThatOfTheContainer) {
  const TempDir proc;
  give_root(proc.path(), kInit, "/");
  give_root(proc.path(), kProcess, "/dev/shm");
  give_mounts(proc.path(), kInit, "1");
  give_mounts(proc.path(), kProcess, "1");
  Event event = removal("/gone");
  EXPECT_FALSE(refine_named(event, kInit, proc.path()));
}

TEST(Named, ARootOfTheProcessesOwnMountsIs) {
  const TempDir proc;
  give_root(proc.path(), kInit, "/");
  give_root(proc.path(), kProcess, "/dev/shm");
  give_mounts(proc.path(), kInit, "1");
  give_mounts(proc.path(), kProcess, "2");
  Event event = removal("/gone");
  EXPECT_TRUE(refine_named(event, kInit, proc.path()));
}

TEST(Named, APathThatTheKernelBuiltBeginsAtTheRootOfTheInit) {
  const TempDir proc;
  give_root(proc.path(), kInit, "/");
  give_root(proc.path(), kProcess, "/dev/shm");
  give_mounts(proc.path(), kInit, "1");
  give_mounts(proc.path(), kProcess, "1");
  Event event = removal("/usr/lib/./gone");
  event.flags |= HF_EVENT_BUILT_PATH;
  EXPECT_TRUE(refine_named(event, kInit, proc.path()));
  EXPECT_EQ(event.path, "/usr/lib/gone");
}

TEST(Named, WithBothGoneAChangeStandsAsItIsSpelled) {
  const TempDir proc;
  Event event = removal("/dev/shm/gone");
  EXPECT_TRUE(refine_named(event, kInit, proc.path()));
  EXPECT_EQ(event.path, "/dev/shm/gone");
}

}  // namespace
}  // namespace holdfast::event
