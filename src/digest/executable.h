// The SHA-256 of a file that the kernel told of, found again by the kernel's numbers for it. Its
// content is what it is shortly after: who can write to it can make it another in between.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "src/base/unique_fd.h"

namespace holdfast::digest {

// Larger files are left alone.
inline constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;

// Of the event about it.
struct Executable {
  pid_t init = 0;             // of the container
  std::string rootfs_device;  // of its root, as `device`
  std::string path;           // below the root of `init`, printable
  std::string device;         // of its superblock: "8:1"
  std::uint64_t inode = 0;
  std::int64_t time_ns = 0;  // since 1970: when it was executed, the last time
};

// Why a file has no digest.
enum class Unhashed {
  kNotFound,    // it has gone, has another name, or the kernel forgot where it is
  kChanged,     // it was changed since it was executed, as far as its times tell
  kFilesystem,  // it lets one wait: see open_executable()
  kTooLarge,
  kUnreadable,
  kBusy,  // there is more to read than there is time for
};
inline constexpr std::size_t kUnhashedCount = 6;
const char* unhashed_name(Unhashed why);  // "not-found"

// What changes with a file's content.
struct Version {
  std::uint64_t bytes = 0;
  std::int64_t changed_ns = 0;  // st_ctim, which only a change of the clock makes wrong
  auto operator<=>(const Version&) const = default;
};

struct OpenExecutable {
  base::UniqueFd fd;  // for reading
  Version version;
};

// Opens the file where its file system is one that answers from memory or from a disk, and that the
// container did not mount itself: FUSE and networks let one wait for ever. So can a container with
// CAP_SYS_ADMIN of the host, all the same (fanotify(7)). Not on btrfs, whose inode numbers are of a
// subvolume. `proc_root`: normally /proc.
std::variant<OpenExecutable, Unhashed> open_executable(const Executable& wanted,
                                                       const std::string& proc_root);

// In hexadecimal digits. Ends early, as unreadable, once `stop` is set.
std::variant<std::string, Unhashed> sha256_of(const OpenExecutable& file,
                                              const std::atomic<bool>& stop);

}  // namespace holdfast::digest
