#include "src/event/refused.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "src/base/path.h"
#include "src/base/unique_fd.h"

namespace holdfast::event {
namespace {

// File systems through which a process configures the kernel, as in bpf/lib/interface.h.
constexpr std::array<unsigned long, 8> kInterfaces = {
    PROC_SUPER_MAGIC, SYSFS_MAGIC,    DEBUGFS_MAGIC, TRACEFS_MAGIC,
    SECURITYFS_MAGIC, BINFMTFS_MAGIC, BPF_FS_MAGIC,  EFIVARFS_MAGIC,
};

// Opens `path` as process `pid` sees it, without leaving its root and without opening what is
// there.
base::UniqueFd open_as(pid_t pid, const std::string& path, const std::string& proc_root) {
  const bool absolute = path.front() == '/';
  const std::string start = fmt::format("{}/{}/{}", proc_root, pid, absolute ? "root" : "cwd");
  const base::UniqueFd from(open(start.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH;
  return base::UniqueFd(
      static_cast<int>(syscall(SYS_openat2, from.get(), path.c_str(), &how, sizeof(how))));
}

base::UniqueFd open_as_caller(const Event& event, pid_t init, const std::string& proc_root) {
  base::UniqueFd fd = open_as(static_cast<pid_t>(event.tgid), event.path, proc_root);
  if (!fd.valid() && init != 0 && event.path.front() == '/') {
    fd = open_as(init, event.path, proc_root);
  }
  return fd;
}

bool is_interface(const Event& event, pid_t init, const std::string& proc_root) {
  const base::UniqueFd fd = open_as_caller(event, init, proc_root);
  struct statfs info {};
  if (fd.valid() && fstatfs(fd.get(), &info) == 0) {
    const auto magic = static_cast<unsigned long>(info.f_type);
    return std::find(kInterfaces.begin(), kInterfaces.end(), magic) != kInterfaces.end();
  }
  const std::string path = base::clean_path(event.path);
  return base::is_at_or_below(path, "/proc") || base::is_at_or_below(path, "/sys");
}

}  // namespace

void refine_refused(Event& event, pid_t init, const std::string& proc_root) {
  if (event.outcome != HF_OUTCOME_REFUSED || event.class_id != HF_ROOTFS_WRITE ||
      event.path.empty()) {
    return;
  }
  if (is_interface(event, init, proc_root)) {
    event.class_id = HF_ESCAPE_KERNEL_INTERFACE;
  }
}

}  // namespace holdfast::event
