#include "src/kernel/programs.h"

#include <bpf/btf.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include <fmt/core.h>

namespace holdfast::kernel {
namespace {

constexpr bool kOptional = true;

constexpr std::array kPrograms = {
    Program{"hf_tag_threads", Use::kOnDemand},
    Program{"hf_identify_file", Use::kOnDemand},
    Program{"hf_find_rename_lock", Use::kOnDemand},
    Program{"hf_cgroup_attach_task", Use::kAlways},
    Program{"hf_task_newtask", Use::kAlways},
    Program{"hf_task_alloc", Use::kHook, "task_alloc"},
    Program{"hf_file_open", Use::kHook, "file_open"},
    Program{"hf_bprm_check", Use::kHook, "bprm_check_security"},
    Program{"hf_bprm_committed", Use::kHook, "bprm_committed_creds"},
    Program{"hf_mmap_file", Use::kHook, "mmap_file"},
    Program{"hf_file_mprotect", Use::kHook, "file_mprotect"},
    Program{"hf_sb_mount", Use::kHook, "sb_mount"},
    Program{"hf_sb_umount", Use::kHook, "sb_umount"},
    Program{"hf_move_mount", Use::kHook, "move_mount"},
    Program{"hf_sb_pivotroot", Use::kHook, "sb_pivotroot"},
    Program{"hf_capable", Use::kHook, "capable"},
    Program{"hf_capability", Use::kHook, "capable", !kOptional, -1, Topic::kCapabilities},
    Program{"hf_userns_create", Use::kHook, "userns_create", kOptional},
    Program{"hf_ptrace", Use::kHook, "ptrace_access_check"},
    Program{"hf_bpf", Use::kHook, "bpf"},
    Program{"hf_perf_event_open", Use::kHook, "perf_event_open"},
    Program{"hf_task_kill", Use::kHook, "task_kill"},
    Program{"hf_bprm_creds", Use::kHook, "bprm_creds_from_file"},
    Program{"hf_fix_setuid", Use::kHook, "task_fix_setuid"},
    Program{"hf_unix_connect", Use::kHook, "unix_stream_connect"},
    Program{"hf_unix_may_send", Use::kHook, "unix_may_send"},
    Program{"hf_socket_connect", Use::kHook, "socket_connect", !kOptional, -1, Topic::kNetwork},
    Program{"hf_socket_sendmsg", Use::kHook, "socket_sendmsg", !kOptional, -1, Topic::kNetwork},
    Program{"hf_socket_listen", Use::kHook, "socket_listen", !kOptional, -1, Topic::kNetwork},
    Program{"hf_socket_bind", Use::kHook, "socket_bind", !kOptional, -1, Topic::kNetwork},
    Program{"hf_socket_create", Use::kHook, "socket_create", !kOptional, -1, Topic::kNetwork},
    Program{"hf_path_mknod", Use::kHook, "path_mknod"},
    Program{"hf_path_mkdir", Use::kHook, "path_mkdir"},
    Program{"hf_path_symlink", Use::kHook, "path_symlink"},
    Program{"hf_path_unlink", Use::kHook, "path_unlink"},
    Program{"hf_path_rmdir", Use::kHook, "path_rmdir"},
    Program{"hf_path_link", Use::kHook, "path_link"},
    Program{"hf_path_rename", Use::kHook, "path_rename"},
    Program{"hf_path_truncate", Use::kHook, "path_truncate"},
    Program{"hf_path_chmod", Use::kHook, "path_chmod"},
    Program{"hf_path_chown", Use::kHook, "path_chown"},
    Program{"hf_inode_setattr", Use::kHook, "inode_setattr", kOptional, 2},
    Program{"hf_inode_setattr_idmap", Use::kHook, "inode_setattr", kOptional, 3},
    Program{"hf_inode_setxattr", Use::kHook, "inode_setxattr"},
    Program{"hf_inode_removexattr", Use::kHook, "inode_removexattr"},
    Program{"hf_inode_set_acl", Use::kHook, "inode_set_acl", kOptional},
    Program{"hf_inode_remove_acl", Use::kHook, "inode_remove_acl", kOptional},
    Program{"hf_inode_file_setattr", Use::kHook, "inode_file_setattr", kOptional},
    Program{"hf_file_ioctl", Use::kHook, "file_ioctl"},
    Program{"hf_file_ioctl_compat", Use::kHook, "file_ioctl_compat", kOptional},
    Program{"hf_want_write_file", Use::kTrace, "mnt_want_write_file"},
    Program{"hf_want_write", Use::kTrace, "mnt_get_write_access"},
    Program{"hf_tp_sys_exit", Use::kTracepoint},
    Program{"hf_tp_exec", Use::kTracepoint},
    Program{"hf_tp_signal", Use::kTracepoint},
};

struct Renamed {
  std::string_view target;
  std::string_view function;
};
// Hooks whose function in security/security.c is called otherwise.
constexpr std::array kRenamed = {
    Renamed{"bprm_check_security", "security_bprm_check"},
    Renamed{"userns_create", "security_create_user_ns"},
};
// Renamed by 3e15dcf77b23 (6.8): what older kernels call it.
constexpr Renamed kFormer = {"mnt_get_write_access", "__mnt_want_write"};

struct Prototype {
  int parameters = 0;
  bool returns = false;
};

// The kernel's own BTF, some ten megabytes, and what was asked of it.
struct KernelTypes {
  std::unique_ptr<btf, void (*)(btf*)> types{nullptr, btf__free};
  std::map<std::string, std::optional<Prototype>> known;
};

KernelTypes& kernel_types() {
  static KernelTypes kernel;
  return kernel;
}

std::optional<Prototype> look_up(const btf* types, const std::string& function) {
  const int id = btf__find_by_name_kind(types, function.c_str(), BTF_KIND_FUNC);
  if (id < 0) {
    return std::nullopt;
  }
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(id));
  const btf_type* prototype = btf__type_by_id(types, type->type);
  return Prototype{btf_vlen(prototype), prototype->type != 0};
}

std::optional<Prototype> prototype_of(const std::string& function) {
  KernelTypes& kernel = kernel_types();
  const auto known = kernel.known.find(function);
  if (known != kernel.known.end()) {
    return known->second;
  }
  if (!kernel.types) {
    kernel.types.reset(btf__load_vmlinux_btf());
  }
  const auto found = kernel.types ? look_up(kernel.types.get(), function) : std::nullopt;
  kernel.known[function] = found;
  return found;
}

std::string function_of(const Program& program, Backend backend) {
  if (program.use == Use::kTrace) {
    return traced_function(program);
  }
  return backend == Backend::kLsm ? fmt::format("bpf_lsm_{}", program.target)
                                  : security_function(program);
}

}  // namespace

bool Topics::include(Topic topic) const {
  switch (topic) {
    case Topic::kUsual:
      return true;
    case Topic::kNetwork:
      return network;
    case Topic::kCapabilities:
      return capabilities;
  }
  return true;
}

std::span<const Program> programs() { return kPrograms; }

std::string security_function(const Program& program) {
  for (const Renamed& renamed : kRenamed) {
    if (renamed.target == program.target) {
      return std::string(renamed.function);
    }
  }
  return fmt::format("security_{}", program.target);
}

std::string traced_function(const Program& program) {
  const bool former = program.target == kFormer.target && !has_function(program.target);
  return std::string(former ? kFormer.function : program.target);
}

bool wanted(const Program& program, Backend backend) {
  switch (program.use) {
    case Use::kAlways:
    case Use::kOnDemand:
      return true;
    case Use::kTracepoint:
      return backend == Backend::kTracepoint;
    case Use::kHook:
    case Use::kTrace:
      break;
  }
  if (!backend_enforces(backend)) {
    return false;
  }
  if (!program.optional) {
    return true;  // where it is missing, loading fails and says so
  }
  const auto found = prototype_of(function_of(program, backend));
  return found && (program.parameters < 0 || found->parameters == program.parameters);
}

void forget_kernel_types() { kernel_types().types.reset(); }

bool has_function(const std::string& name) { return prototype_of(name).has_value(); }

std::vector<std::string> missing_functions(Backend backend) {
  std::vector<std::string> missing;
  for (const Program& program : programs()) {
    const bool attached_to_function = program.use == Use::kHook || program.use == Use::kTrace;
    if (!attached_to_function || program.optional || !backend_enforces(backend)) {
      continue;
    }
    std::string function = function_of(program, backend);
    if (!prototype_of(function)) {
      missing.push_back(std::move(function));
    }
  }
  return missing;
}

Status retarget(bpf_program& program, const std::string& function) {
  const auto found = prototype_of(function);
  if (!found) {
    return fail(fmt::format("this kernel has no function {}", function));
  }
  bpf_program__set_type(&program, BPF_PROG_TYPE_TRACING);
  bpf_program__set_expected_attach_type(&program,
                                        found->returns ? BPF_MODIFY_RETURN : BPF_TRACE_FENTRY);
  const int error = bpf_program__set_attach_target(&program, 0, function.c_str());
  return error == 0 ? Status(Ok{}) : fail_errno("cannot attach to " + function, -error);
}

Status trace(bpf_program& program, const std::string& function) {
  const int error = bpf_program__set_attach_target(&program, 0, function.c_str());
  return error == 0 ? Status(Ok{}) : fail_errno("cannot trace " + function, -error);
}

// Not bpf_program__attach: since libbpf 1.2 (d6e6286a12e7) that one gives up on a program whose
// type was changed.
bpf_link* attach(const bpf_program& program) {
  return bpf_program__type(&program) == BPF_PROG_TYPE_TRACING ? bpf_program__attach_trace(&program)
                                                              : bpf_program__attach_lsm(&program);
}

}  // namespace holdfast::kernel
