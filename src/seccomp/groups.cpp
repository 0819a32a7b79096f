#include "src/seccomp/groups.h"

#include <initializer_list>
#include <vector>

#include "src/seccomp/compose.h"

namespace holdfast::seccomp {
namespace {

// Calls that no ordinary container makes and no guard of ours judges. Refused whatever capabilities
// config.json grants: a container that needs one is given a profile with base "none".
//
// Not here, on purpose: settimeofday and its kin, reboot, chroot, mknod (the kernel asks for a
// capability, and config.json's grant is the administrator's word), ptrace and process_vm_readv
// (ordinary inside one container), io_uring (ordinary in databases; profiles may deny it).
constexpr std::initializer_list<const char*> kAlways = {
    // Kernel keyrings know no containers: one could read another's keys of the same uid, and their
    // code has had several privilege escalations (CVE-2016-0728 among them).
    "add_key", "keyctl", "request_key",
    // Stops the kernel in the middle of copying, which turns narrow races into dependable exploits.
    "userfaultfd",
    // Administration of the whole host: swap, quotas, process accounting.
    "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
    // Gone or forgotten calls that only old attacks make.
    "lookup_dcookie", "nfsservctl", "uselib", "vm86", "vm86old", "_sysctl", "create_module",
    "get_kernel_syms", "query_module"};

// Calls that belong to a class which the kernel guard judges. They are refused here only where the
// guard cannot refuse and the profile wants the class refused.
struct Judged {
  std::uint32_t class_id;
  std::initializer_list<const char*> names;
};
constexpr Judged kJudged[] = {
    {HF_ESCAPE_MOUNT,
     {"mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsmount",
      "fsconfig", "fspick", "mount_setattr"}},
    {HF_ESCAPE_NAMESPACE, {"setns", "unshare"}},
    {HF_ESCAPE_MODULE, {"init_module", "finit_module", "delete_module"}},
    {HF_ESCAPE_BPF, {"bpf", "perf_event_open"}},
    {HF_ESCAPE_KEXEC, {"kexec_load", "kexec_file_load"}},
    {HF_ESCAPE_IO, {"iopl", "ioperm"}},
    // Opens any file of a file system by its handle ("shocker").
    {HF_ESCAPE_OUTSIDE_MOUNT, {"open_by_handle_at"}},
};

// An older libseccomp does not know the newest names; neither would the runtime, which ignores
// them.
void insert_known(std::initializer_list<const char*> names, std::set<std::string>& out) {
  for (const char* name : names) {
    if (is_syscall(name)) {
      out.insert(name);
    }
  }
}

}  // namespace

Refused refused_calls(const profile::SeccompPlan& plan, bool enforcing) {
  Refused refused;
  if (!plan.base) {
    return refused;
  }
  insert_known(kAlways, refused.names);
  if (enforcing) {
    return refused;
  }
  for (const Judged& group : kJudged) {
    if (plan.refuse[group.class_id]) {
      insert_known(group.names, refused.names);
    }
  }
  refused.restrict_clone = plan.refuse[HF_ESCAPE_NAMESPACE];
  return refused;
}

}  // namespace holdfast::seccomp
