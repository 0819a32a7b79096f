#include "src/event/refused.h"

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
  event.tgid = kProcess;
  event.path = path;
  return event;
}

hf_class class_after(const std::string& path, const std::string& proc_root) {
  Event event = refused_write(path);
  refine_refused(event, kInit, proc_root);
  return event.class_id;
}

// Gives the process a root directory in the fake /proc.
void give_root(const std::string& proc_root, pid_t pid, const std::string& root) {
  const std::string folder = proc_root + "/" + std::to_string(pid);
  std::filesystem::create_directory(folder);
  std::filesystem::create_directory_symlink(root, folder + "/root");
  std::filesystem::create_symlink("/proc/self/mountinfo", folder + "/mountinfo");
}

TEST(Refused, TheSuperblockThatThePathLeadsToDecides) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("/etc/passwd", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Refused, AFileOfTheRootfsIsNoInterfaceWhateverItIsCalled) {
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

TEST(Refused, EveryFileSystemThatConfiguresTheKernelIsAnInterface) {
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

TEST(Refused, TheInitServesForAProcessThatIsGone) {
  const TempDir proc;
  give_root(proc.path(), kInit, "/");
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
}

TEST(Refused, WithBothGoneTheSpellingDecides) {
  const TempDir proc;
  EXPECT_EQ(class_after("/proc/sys/kernel/core_pattern", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("/etc/../sys/kernel/mm", proc.path()), HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("/processes", proc.path()), HF_ROOTFS_WRITE);
  EXPECT_EQ(class_after("relative", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Refused, ARelativePathBeginsAtTheWorkingDirectory) {
  const TempDir proc;
  give_root(proc.path(), kProcess, "/");
  std::filesystem::create_directory_symlink("/tmp", proc.path() + "/70/cwd");
  EXPECT_EQ(class_after("../proc/sys/kernel/core_pattern", proc.path()),
            HF_ESCAPE_KERNEL_INTERFACE);
  EXPECT_EQ(class_after("proc/sys/kernel/core_pattern", proc.path()), HF_ROOTFS_WRITE);
}

TEST(Refused, OnlyRefusedWritesAreLookedAt) {
  const TempDir proc;
  Event event = refused_write("/proc/sys/kernel/core_pattern");
  event.outcome = HF_OUTCOME_DENIED;
  refine_refused(event, kInit, proc.path());
  EXPECT_EQ(event.class_id, HF_ROOTFS_WRITE);
}

}  // namespace
}  // namespace holdfast::event
