#include "src/digest/executable.h"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "src/event/mounts.h"

namespace holdfast::digest {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;

constexpr std::array<std::string_view, 5> kOnDisk = {"ext4", "ext3", "xfs", "f2fs", "zfs"};

bool is_readable(const event::MountInfo& mount, const Executable& wanted) {
  if (mount.type == "tmpfs") {
    return true;
  }
  const bool is_root = mount.device == wanted.rootfs_device;
  const bool on_disk = std::ranges::find(kOnDisk, mount.type) != kOnDisk.end();
  return (is_root && (on_disk || mount.type == "overlay")) ||
         (on_disk && event::is_mounted_here(mount.device));
}

// A date that does not fit is later than any event.
std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = 0;
  const bool fits = !__builtin_mul_overflow(time.tv_sec, std::int64_t{1'000'000'000}, &sum) &&
                    !__builtin_add_overflow(sum, time.tv_nsec, &sum);
  return fits ? sum : kLatest;
}

// Of a regular file only.
std::optional<Version> version_of(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  return Version{static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_ctim)};
}

ssize_t read_block(int fd, std::vector<std::uint8_t>& block) {
  ssize_t got = 0;
  do {
    got = read(fd, block.data(), block.size());
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

const char* unhashed_name(Unhashed why) {
  constexpr std::array<const char*, kUnhashedCount> kNames = {
      "not-found", "changed", "filesystem", "too-large", "unreadable", "busy"};
  return kNames.at(static_cast<std::size_t>(why));
}

// Whatever is at the path, it is the file when the kernel has the same numbers for it. Looking at
// the file, and then opening it, asks its file system, so that comes last.
std::variant<OpenExecutable, Unhashed> open_executable(const Executable& wanted,
                                                       const std::string& proc_root) {
  const base::UniqueFd root = event::open_root(wanted.init, proc_root);
  const base::UniqueFd found =
      root.valid() ? event::open_cached(root.get(), wanted.path) : base::UniqueFd();
  const event::FdInfo info = found.valid() ? event::fd_info(found.get()) : event::FdInfo();
  if (info.inode == 0 || info.inode != wanted.inode) {
    return Unhashed::kNotFound;
  }
  const event::MountInfo mount = event::mount_info(info.mount, wanted.init, proc_root);
  if (mount.device != wanted.device) {
    return Unhashed::kNotFound;
  }
  if (!is_readable(mount, wanted)) {
    return Unhashed::kFilesystem;
  }
  const std::optional<Version> version = version_of(found.get());
  if (!version) {
    return Unhashed::kUnreadable;
  }
  if (version->changed_ns > wanted.time_ns) {
    return Unhashed::kChanged;
  }
  if (version->bytes > kMostBytes) {
    return Unhashed::kTooLarge;
  }
  OpenExecutable file{base::UniqueFd(open(fmt::format("/proc/self/fd/{}", found.get()).c_str(),
                                          O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)),
                      *version};
  if (!file.fd.valid()) {
    return Unhashed::kUnreadable;
  }
  return file;
}

std::variant<std::string, Unhashed> sha256_of(const OpenExecutable& file,
                                              const std::atomic<bool>& stop) {
  sha256_ctx context;
  sha256_init(&context);
  std::vector<std::uint8_t> block(kBlockBytes);
  // Not beyond its size: it may grow as we read.
  std::uint64_t left = file.version.bytes;
  ssize_t got = 1;
  while (left > 0 && got > 0 && !stop) {
    got = read_block(file.fd.get(), block);
    const auto used =
        std::min<std::uint64_t>(left, static_cast<std::uint64_t>(std::max<ssize_t>(got, 0)));
    sha256_update(&context, used, block.data());
    left -= used;
  }
  if (got < 0 || stop) {
    return Unhashed::kUnreadable;
  }
  if (version_of(file.fd.get()) != file.version) {
    return Unhashed::kChanged;
  }
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&context, digest.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace holdfast::digest
