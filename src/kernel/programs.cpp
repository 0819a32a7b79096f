#include "src/kernel/programs.h"

#include <bpf/btf.h>

#include <array>
#include <memory>

namespace holdfast::kernel {
namespace {

constexpr std::array kPrograms = {
    Program{"hf_tag_threads", Use::kIterator, nullptr, -1},
    Program{"hf_identify_file", Use::kIterator, nullptr, -1},
    Program{"hf_task_alloc", Use::kLsm, nullptr, -1},
    Program{"hf_cgroup_attach_task", Use::kAlways, nullptr, -1},
    Program{"hf_file_open", Use::kLsm, nullptr, -1},
    Program{"hf_bprm_check", Use::kLsm, nullptr, -1},
    Program{"hf_bprm_committed", Use::kLsm, nullptr, -1},
    Program{"hf_sb_mount", Use::kLsm, nullptr, -1},
    Program{"hf_sb_umount", Use::kLsm, nullptr, -1},
    Program{"hf_move_mount", Use::kLsm, nullptr, -1},
    Program{"hf_sb_pivotroot", Use::kLsm, nullptr, -1},
    Program{"hf_capable", Use::kLsm, nullptr, -1},
    Program{"hf_userns_create", Use::kLsm, "bpf_lsm_userns_create", -1},
    Program{"hf_ptrace", Use::kLsm, nullptr, -1},
    Program{"hf_bpf", Use::kLsm, nullptr, -1},
    Program{"hf_perf_event_open", Use::kLsm, nullptr, -1},
    Program{"hf_path_mknod", Use::kLsm, nullptr, -1},
    Program{"hf_path_mkdir", Use::kLsm, nullptr, -1},
    Program{"hf_path_symlink", Use::kLsm, nullptr, -1},
    Program{"hf_path_unlink", Use::kLsm, nullptr, -1},
    Program{"hf_path_rmdir", Use::kLsm, nullptr, -1},
    Program{"hf_path_link", Use::kLsm, nullptr, -1},
    Program{"hf_path_rename", Use::kLsm, nullptr, -1},
    Program{"hf_path_truncate", Use::kLsm, nullptr, -1},
    Program{"hf_path_chmod", Use::kLsm, nullptr, -1},
    Program{"hf_path_chown", Use::kLsm, nullptr, -1},
    Program{"hf_inode_setattr", Use::kLsm, "bpf_lsm_inode_setattr", 2},
    Program{"hf_inode_setattr_idmap", Use::kLsm, "bpf_lsm_inode_setattr", 3},
    Program{"hf_inode_setxattr", Use::kLsm, nullptr, -1},
    Program{"hf_inode_removexattr", Use::kLsm, nullptr, -1},
    Program{"hf_inode_set_acl", Use::kLsm, "bpf_lsm_inode_set_acl", -1},
    Program{"hf_inode_remove_acl", Use::kLsm, "bpf_lsm_inode_remove_acl", -1},
    Program{"hf_inode_file_setattr", Use::kLsm, "bpf_lsm_inode_file_setattr", -1},
    Program{"hf_file_ioctl", Use::kLsm, nullptr, -1},
    Program{"hf_file_ioctl_compat", Use::kLsm, "bpf_lsm_file_ioctl_compat", -1},
    Program{"hf_want_write", Use::kLsm, "mnt_want_write", -1},
    Program{"hf_open_want_write", Use::kLsm, "__mnt_want_write", -1},
    Program{"hf_get_write_access", Use::kLsm, "mnt_get_write_access", -1},
    Program{"hf_want_write_file", Use::kLsm, "mnt_want_write_file", -1},
    Program{"hf_tp_sys_exit", Use::kTracepoint, nullptr, -1},
    Program{"hf_tp_fork", Use::kTracepoint, nullptr, -1},
    Program{"hf_tp_exec", Use::kTracepoint, nullptr, -1},
};

// Parameters of a kernel function by the kernel's own BTF; -1 when it has no such function.
int parameters_of(const char* function) {
  // Parsed once: some ten megabytes, read again for every question otherwise.
  static const std::unique_ptr<btf, void (*)(btf*)> kernel_btf(btf__load_vmlinux_btf(), btf__free);
  if (!kernel_btf) {
    return -1;
  }
  const int id = btf__find_by_name_kind(kernel_btf.get(), function, BTF_KIND_FUNC);
  if (id < 0) {
    return -1;
  }
  const btf_type* type = btf__type_by_id(kernel_btf.get(), static_cast<__u32>(id));
  const btf_type* prototype = btf__type_by_id(kernel_btf.get(), type->type);
  return btf_vlen(prototype);
}

}  // namespace

std::span<const Program> programs() { return kPrograms; }

bool wanted(const Program& program, Backend backend) {
  const Use other = backend == Backend::kLsm ? Use::kTracepoint : Use::kLsm;
  if (program.use == other) {
    return false;
  }
  if (program.needs_function == nullptr) {
    return true;
  }
  const int parameters = parameters_of(program.needs_function);
  return parameters >= 0 && (program.parameters < 0 || parameters == program.parameters);
}

}  // namespace holdfast::kernel
