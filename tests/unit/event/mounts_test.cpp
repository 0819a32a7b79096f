#include "src/event/mounts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include <fmt/core.h>

#include "tests/unit/temp_dir.h"

namespace holdfast::event {
namespace {

constexpr const char* kMountinfo =
    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "121 21 0:45 /sub /mnt/with\\040blank rw - fuse.sshfs host: rw,user_id=0\n"
    "2 1 0:6 / /dev rw - devtmpfs udev rw\n";

TEST(Mounts, AreFoundByTheirNumber) {
  test::TempDir dir;
  dir.write("7/mountinfo", kMountinfo);
  const MountInfo fuse = mount_info("121", 7, dir.path());
  EXPECT_EQ(fuse.root, "/sub");
  EXPECT_EQ(fuse.point, "/mnt/with\\040blank");
  EXPECT_EQ(fuse.type, "fuse.sshfs");
  EXPECT_EQ(fuse.device, "0:45");
  // "1" and "21" begin or end others' numbers.
  EXPECT_EQ(mount_info("21", 7, dir.path()).device, "8:1");
  EXPECT_EQ(mount_info("1", 7, dir.path()).type, "");
  EXPECT_EQ(mount_info("", 7, dir.path()).type, "");
  EXPECT_EQ(mount_info("21", 8, dir.path()).type, "");
}

TEST(Mounts, OfADescriptorAreTheKernels) {
  const base::UniqueFd fd(open("/proc", O_PATH | O_CLOEXEC));
  struct stat status {};
  ASSERT_EQ(fstat(fd.get(), &status), 0);
  const FdInfo info = fd_info(fd.get());
  EXPECT_EQ(info.inode, status.st_ino);
  const MountInfo mount = mount_info(info.mount, getpid(), "/proc");
  EXPECT_EQ(mount.type, "proc");
  EXPECT_EQ(mount.device, fmt::format("{}:{}", major(status.st_dev), minor(status.st_dev)));
  EXPECT_TRUE(is_mounted_here(mount.device));
  EXPECT_FALSE(is_mounted_here("0:0"));
  EXPECT_EQ(fd_info(-1).mount, "");
}

TEST(Mounts, ACachedPathDoesNotLeaveItsRoot) {
  test::TempDir dir;
  dir.write("root/inside", "x");
  dir.write("outside", "x");
  const base::UniqueFd root(open(dir.path("root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(open_cached(root.get(), "/inside").valid());
  EXPECT_FALSE(open_cached(root.get(), "/../outside").valid());
}

}  // namespace
}  // namespace holdfast::event
