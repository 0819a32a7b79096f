#include "src/forward/watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace holdfast::forward {

namespace {

constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

Result<Watch> Watch::on(const std::string& path) {
  base::UniqueFd fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.valid()) {
    return fail_errno("cannot watch the alert file", errno);
  }
  Watch watch(std::move(fd), std::filesystem::path(path).parent_path());
  TRY(watch.follow());
  return watch;
}

Status Watch::take() {
  alignas(inotify_event) std::array<char, 65536> events;
  while (read(fd_.get(), events.data(), events.size()) > 0) {
  }
  return follow();
}

// The same watch is returned again where nothing changed. A directory that came while the one above
// it was not watched yet is looked for again.
Status Watch::follow() {
  std::filesystem::path directory;
  std::filesystem::path missing;
  int watch = -1;
  do {
    directory = directory_.empty() ? "." : directory_;
    missing.clear();
    while ((watch = inotify_add_watch(fd_.get(), directory.c_str(), kEvents)) < 0 &&
           errno == ENOENT && directory.has_relative_path()) {
      missing = directory;
      directory = directory.parent_path();
    }
  } while (!missing.empty() && access(missing.c_str(), F_OK) == 0);
  if (watch < 0) {
    return fail_errno("cannot watch the directory " + directory.string(), errno);
  }
  if (watch_ >= 0 && watch != watch_) {
    inotify_rm_watch(fd_.get(), watch_);
  }
  watch_ = watch;
  return Ok{};
}

}  // namespace holdfast::forward
