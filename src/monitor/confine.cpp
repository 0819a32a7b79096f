#include "src/monitor/confine.h"

#include <seccomp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include <fmt/core.h>

namespace holdfast::monitor {
namespace {

constexpr std::array<const char*, 57> kNever = {
    // Programs and other processes' memory.
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "kcmp", "pidfd_getfd", "userfaultfd", "personality",
    // Mounts and namespaces.
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "setns", "unshare", "open_by_handle_at",
    // Credentials.
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "capset", "add_key", "request_key", "keyctl",
    // The kernel and the machine.
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
    "swapon", "swapoff", "syslog", "acct", "quotactl", "settimeofday", "clock_settime", "adjtimex",
    "clock_adjtime", "sethostname", "setdomainname", "io_uring_setup", "mknod", "mknodat"};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

// 0, or a negative errno.
int refuse(const Filter& filter, const char* name) {
  const int number = seccomp_syscall_resolve_name(name);
  // This architecture may not have it.
  return number == __NR_SCMP_ERROR || number < 0
             ? 0
             : seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 0);
}

int refuse_networks(const Filter& filter) {
  return seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                          SCMP_A0_64(SCMP_CMP_NE, AF_UNIX));
}

Status failed(const char* what, int error) {
  return fail_errno(fmt::format("cannot confine the monitor: {}", what), -error);
}

}  // namespace

Status confine() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) {
    return failed("no filter can be made", -ENOMEM);
  }
  for (const char* name : kNever) {
    if (const int error = refuse(filter, name); error != 0) {
      return failed(name, error);
    }
  }
  if (const int error = refuse_networks(filter); error != 0) {
    return failed("socket", error);
  }
  if (const int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1); error != 0) {
    return failed("the threads", error);
  }
  const int error = seccomp_load(filter.get());
  return error == 0 ? Status(Ok{}) : failed("the kernel does not take the filter", error);
}

}  // namespace holdfast::monitor
