#include "src/monitor/cgroup_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace holdfast::monitor {

CgroupWatch::CgroupWatch(std::string mount)
    : mount_(std::move(mount)),
      fd_(mount_.empty() ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

bool CgroupWatch::add(const std::string& id, const std::string& cgroup) {
  if (!fd_.valid() || cgroup.empty()) {
    return false;
  }
  const std::string path = mount_ + cgroup + "/cgroup.events";
  const int watch = inotify_add_watch(fd_.get(), path.c_str(), IN_MODIFY);
  if (watch < 0) {
    return false;
  }
  const auto [at, is_new] = ids_.try_emplace(watch, id);
  if (is_new) {
    watches_[id] = watch;
  }
  return at->second == id;
}

void CgroupWatch::remove(const std::string& id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) {
    return;
  }
  inotify_rm_watch(fd_.get(), found->second);
  ids_.erase(found->second);
  watches_.erase(found);
}

CgroupWatch::Changed CgroupWatch::take() {
  Changed changed;
  std::array<std::byte, 4096> buffer{};
  ssize_t got = 0;
  while ((got = read(fd_.get(), buffer.data(), buffer.size())) > 0) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      at += sizeof(event) + event.len;
      changed.lost = changed.lost || (event.mask & IN_Q_OVERFLOW) != 0;
      const auto known = ids_.find(event.wd);
      if (known == ids_.end()) {
        continue;
      }
      changed.ids.push_back(known->second);
      // The kernel has taken the watch away. (Not yet with a cgroup that is removed.)
      if ((event.mask & IN_IGNORED) != 0) {
        watches_.erase(known->second);
        ids_.erase(known);
      }
    }
  }
  return changed;
}

}  // namespace holdfast::monitor
