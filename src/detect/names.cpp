#include "src/detect/names.h"

#include <arpa/inet.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include <fmt/core.h>

#include "src/base/capability.h"

namespace holdfast::detect {

namespace {

struct Flag {
  std::uint64_t bit;
  const char* name;
};

constexpr std::array<Flag, 8> kNamespaces = {{
    {0x00000080, "CLONE_NEWTIME"},
    {CLONE_NEWNS, "CLONE_NEWNS"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP"},
    {CLONE_NEWUTS, "CLONE_NEWUTS"},
    {CLONE_NEWIPC, "CLONE_NEWIPC"},
    {CLONE_NEWUSER, "CLONE_NEWUSER"},
    {CLONE_NEWPID, "CLONE_NEWPID"},
    {CLONE_NEWNET, "CLONE_NEWNET"},
}};

constexpr std::array<Flag, 14> kMounts = {{
    {MS_RDONLY, "MS_RDONLY"},
    {MS_NOSUID, "MS_NOSUID"},
    {MS_NODEV, "MS_NODEV"},
    {MS_NOEXEC, "MS_NOEXEC"},
    {MS_SYNCHRONOUS, "MS_SYNCHRONOUS"},
    {MS_REMOUNT, "MS_REMOUNT"},
    {MS_NOATIME, "MS_NOATIME"},
    {MS_BIND, "MS_BIND"},
    {MS_MOVE, "MS_MOVE"},
    {MS_REC, "MS_REC"},
    {MS_UNBINDABLE, "MS_UNBINDABLE"},
    {MS_PRIVATE, "MS_PRIVATE"},
    {MS_SLAVE, "MS_SLAVE"},
    {MS_SHARED, "MS_SHARED"},
}};

// statfs(2); those that linux/magic.h lacks are written out.
constexpr std::array<Flag, 25> kFilesystems = {{
    {OVERLAYFS_SUPER_MAGIC, "overlay"},
    {TMPFS_MAGIC, "tmpfs"},
    {EXT4_SUPER_MAGIC, "ext4"},
    {XFS_SUPER_MAGIC, "xfs"},
    {BTRFS_SUPER_MAGIC, "btrfs"},
    {0x2fc12fc1, "zfs"},
    {F2FS_SUPER_MAGIC, "f2fs"},
    {SQUASHFS_MAGIC, "squashfs"},
    {EROFS_SUPER_MAGIC_V1, "erofs"},
    {FUSE_SUPER_MAGIC, "fuse"},
    {NFS_SUPER_MAGIC, "nfs"},
    {V9FS_MAGIC, "9p"},
    {PROC_SUPER_MAGIC, "proc"},
    {SYSFS_MAGIC, "sysfs"},
    {CGROUP2_SUPER_MAGIC, "cgroup2"},
    {CGROUP_SUPER_MAGIC, "cgroup"},
    {DEBUGFS_MAGIC, "debugfs"},
    {TRACEFS_MAGIC, "tracefs"},
    {SECURITYFS_MAGIC, "securityfs"},
    {BPF_FS_MAGIC, "bpf"},
    {DEVPTS_SUPER_MAGIC, "devpts"},
    {BINFMTFS_MAGIC, "binfmt_misc"},
    {NSFS_MAGIC, "nsfs"},
    {RAMFS_MAGIC, "ramfs"},
    {0x19800202, "mqueue"},
}};

std::vector<std::string> names_of(std::uint64_t flags, std::span<const Flag> table) {
  std::vector<std::string> names;
  for (const Flag& flag : table) {
    if ((flags & flag.bit) != 0) {
      names.emplace_back(flag.name);
    }
  }
  return names;
}

}  // namespace

std::string errno_name(int error_number) {
  if (error_number == 0) {
    return "";
  }
  const char* name = strerrorname_np(error_number);
  return name != nullptr ? name : fmt::format("errno {}", error_number);
}

std::vector<std::string> capability_names(std::uint64_t mask) {
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if (((mask >> bit) & 1) != 0) {
      names.push_back(bit < base::kCapabilities.size() ? base::kCapabilities.at(bit)
                                                       : fmt::format("CAP_{}", bit));
    }
  }
  return names;
}

std::vector<std::string> namespace_flags(std::uint64_t flags) {
  return names_of(flags, kNamespaces);
}

std::vector<std::string> mount_flags(std::uint64_t flags) { return names_of(flags, kMounts); }

std::string_view filesystem_name(std::uint32_t magic) {
  const auto* found = std::find_if(kFilesystems.begin(), kFilesystems.end(),
                                   [magic](const Flag& entry) { return entry.bit == magic; });
  return found == kFilesystems.end() ? "" : found->name;
}

std::string_view file_type(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFBLK:
      return "block-device";
    case S_IFCHR:
      return "character-device";
    case S_IFIFO:
      return "fifo";
    case S_IFSOCK:
      return "socket";
    default:
      return "";
  }
}

std::string syscall_name(std::uint64_t number) {
  const int checked = number > 0xffff ? -1 : static_cast<int>(number);
  const std::unique_ptr<char, decltype(&free)> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, checked), free);
  return name != nullptr ? name.get() : fmt::format("syscall {}", number);
}

std::string address_text(std::uint16_t family, const std::array<std::uint8_t, 16>& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address.data(), text.data(), text.size()) == nullptr ? "" : text.data();
}

std::string protocol_name(std::uint16_t protocol) {
  switch (protocol) {
    case 0:
      return "";
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_ICMP:
      return "icmp";
    case IPPROTO_ICMPV6:
      return "icmpv6";
    case IPPROTO_SCTP:
      return "sctp";
    case IPPROTO_RAW:
      return "raw";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

std::string device_name(std::uint32_t device) {
  // By hand, like all that nearly every event has.
  std::array<char, 16> text{};
  char* end = text.data() + text.size();
  char* at = std::to_chars(text.data(), end, device >> 20).ptr;
  *at++ = ':';
  return {text.data(), std::to_chars(at, end, device & 0xfffff).ptr};
}

}  // namespace holdfast::detect
