#include "src/respond/incident.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "src/base/file.h"

namespace holdfast::respond {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "incident-";

// One component below `directory`, never a link. openat2(2) says it best; where a filter of the
// host hides it, these flags say the same of a single component.
base::UniqueFd open_below(int directory, const std::string& name, int flags, unsigned mode) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC | O_NOFOLLOW;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = syscall(SYS_openat2, directory, name.c_str(), &how, sizeof(how));
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
    return base::UniqueFd(static_cast<int>(fd));
  }
  return base::UniqueFd(openat(directory, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
}

Result<base::UniqueFd> open_root(const std::string& root) {
  std::error_code error;
  fs::create_directories(fs::path(root).parent_path(), error);
  if (mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the directory " + root, errno);
  }
  base::UniqueFd fd(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot open the directory " + root, errno);
  }
  if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(root + " can be written by others; chown it to root and chmod it to 0700");
  }
  return fd;
}

// Their names sort by time.
void make_room(const std::string& root, std::size_t most) {
  std::vector<fs::path> known;
  std::error_code error;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with(kPrefix)) {
      known.push_back(at->path());
    }
  }
  std::ranges::sort(known);
  for (std::size_t i = 0; i + most <= known.size(); ++i) {
    fs::remove_all(known[i], error);
  }
}

}  // namespace

Result<Incident> Incident::make(const std::string& root, std::string_view time,
                                std::uint64_t number, const IncidentLimits& limits) {
  const base::UniqueFd folder = TRY(open_root(root));
  make_room(root, limits.incidents);
  const std::string name = fmt::format("{}{}-{}", kPrefix, time, number);
  if (mkdirat(folder.get(), name.c_str(), 0700) != 0) {
    return fail_errno(fmt::format("cannot make the directory {}/{}", root, name), errno);
  }
  base::UniqueFd directory = open_below(folder.get(), name, O_RDONLY | O_DIRECTORY, 0);
  if (!directory.valid()) {
    return fail_errno(fmt::format("cannot open the directory {}/{}", root, name), errno);
  }
  return Incident(root + "/" + name, std::move(directory), limits);
}

Result<bool> Incident::add(const std::string& name, std::string_view bytes) {
  const std::size_t room = limits_.all_bytes - std::min(used_, limits_.all_bytes);
  const std::size_t kept = std::min({bytes.size(), limits_.file_bytes, room});
  if (kept == 0 && !bytes.empty()) {
    return false;
  }
  TRY(write(name, bytes.substr(0, kept)));
  used_ += kept;
  files_.push_back({name, kept, kept < bytes.size()});
  return true;
}

Status Incident::finish(const std::string& name, std::string_view bytes) {
  return write(name, bytes);
}

Status Incident::write(const std::string& name, std::string_view bytes) {
  const std::string path = path_ + "/" + name;
  const base::UniqueFd fd = open_below(directory_.get(), name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!fd.valid()) {
    return fail_errno("cannot make " + path, errno);
  }
  return base::write_all(fd.get(), bytes, path);
}

}  // namespace holdfast::respond
