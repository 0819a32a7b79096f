#include "src/detect/rules.h"

#include <algorithm>
#include <array>
#include <span>

#include "src/base/path.h"
#include "src/profile/places.h"

namespace holdfast::detect {

namespace {

using enum Severity;

// Two lines a row: verb and severity above, what others call it below.
// clang-format off
constexpr std::array<Rule, 60> kRules = {{
    {HF_ESCAPE_OUTSIDE_MOUNT, HF_OP_CHDIR, kCritical,
     "work in {path}, which lies outside its mounts",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_OUTSIDE_MOUNT, HF_OP_NONE, kCritical, "reach {path}, which lies outside its mounts",
     {{"T1611"}}, "", ""},

    {HF_ESCAPE_NAMESPACE, HF_OP_SETNS, kCritical, "enter another namespace{flags}",
     {{"T1611"}}, "Change thread namespace", ""},
    {HF_ESCAPE_NAMESPACE, HF_OP_CLONE, kCritical, "make new namespaces{flags}",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_NAMESPACE, HF_OP_UNSHARE, kCritical, "make new namespaces{flags}",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_NAMESPACE, HF_OP_NONE, kCritical, "act in a namespace that is not its container's",
     {{"T1611"}}, "", ""},

    {HF_ESCAPE_CREDENTIALS, HF_OP_NONE, kCritical,
     "act with credentials its configuration never gave it{caps}",
     {{"T1068", "T1611"}}, "", ""},

    {HF_ESCAPE_HOST_EXEC, HF_OP_MMAP, kCritical, "use the container's file {path} as code on the host",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_HOST_EXEC, HF_OP_NONE, kCritical, "run the container's file {path} on the host",
     {{"T1611"}}, "", ""},

    {HF_ESCAPE_MOUNT, HF_OP_UMOUNT, kCritical, "unmount {path}",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_MOUNT, HF_OP_MOVE_MOUNT, kCritical, "move a mount to {path}",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_MOUNT, HF_OP_PIVOT_ROOT, kCritical, "make {path} its root directory",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_MOUNT, HF_OP_SYSCALL, kCritical, "change mounts by {syscall}",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_MOUNT, HF_OP_NONE, kCritical, "mount on {path}{flags}",
     {{"T1611"}}, "Mount Launched in Privileged Container", "disk_mount"},

    {HF_ESCAPE_KERNEL_INTERFACE, HF_OP_NONE, kCritical, "open the kernel interface {path}",
     {{"T1611"}}, "", ""},

    {HF_ESCAPE_DEVICE, HF_OP_MKNOD, kCritical, "make the device node {path}",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_DEVICE, HF_OP_NONE, kCritical,
     "open the device {path}, which its configuration does not grant",
     {{"T1611", "T1006"}}, "", ""},

    {HF_ESCAPE_MODULE, HF_OP_NONE, kCritical, "load or remove a kernel module{syscall}",
     {{"T1547.006", "T1611"}}, "Linux Kernel Module Injection Detected", "kernel_module_loading"},

    {HF_ESCAPE_KEXEC, HF_OP_NONE, kCritical, "load another kernel{syscall}",
     {{"T1611", "T1542"}}, "", ""},

    {HF_ESCAPE_IO, HF_OP_NONE, kCritical, "reach the hardware by raw ports{syscall}",
     {{"T1611"}}, "", ""},

    {HF_ESCAPE_BPF, HF_OP_PERF, kCritical, "watch the kernel by perf_event_open",
     {{"T1611"}}, "", ""},
    {HF_ESCAPE_BPF, HF_OP_NONE, kCritical, "use bpf in the kernel",
     {{"T1014", "T1611"}}, "", ""},

    {HF_ESCAPE_PTRACE, HF_OP_NONE, kCritical,
     "trace or change a process outside the container{target}",
     {{"T1055.008", "T1611"}}, "PTRACE attached to process", "ptrace_code_injection"},

    {HF_ESCAPE_CGROUP, HF_OP_NONE, kCritical,
     "move a process out of its container's cgroup{target}",
     {{"T1611", "T1562.001"}}, "", ""},

    {HF_ROOTFS_WRITE, HF_OP_TRUNCATE, kError, "truncate {path}",
     {{"T1565.001"}}, "", ""},
    {HF_ROOTFS_WRITE, HF_OP_NONE, kError, "write to {path}",
     {{"T1554"}}, "", ""},

    {HF_ROOTFS_CREATE, HF_OP_MKDIR, kError, "make the directory {path}",
     {{"T1105"}}, "", ""},
    {HF_ROOTFS_CREATE, HF_OP_MKNOD, kError, "make the special file {path}",
     {{"T1105"}}, "", ""},
    {HF_ROOTFS_CREATE, HF_OP_SYMLINK, kError, "make the symbolic link {path}",
     {{"T1036"}}, "", ""},
    {HF_ROOTFS_CREATE, HF_OP_NONE, kError, "create {path}",
     {{"T1105"}}, "", "dropped_executable"},

    {HF_ROOTFS_DELETE, HF_OP_RMDIR, kError, "remove the directory {path}",
     {{"T1070.004"}}, "", ""},
    {HF_ROOTFS_DELETE, HF_OP_NONE, kError, "delete {path}",
     {{"T1070.004"}}, "", ""},

    {HF_ROOTFS_RENAME, HF_OP_NONE, kError, "rename {path}",
     {{"T1036"}}, "", ""},

    {HF_ROOTFS_LINK, HF_OP_NONE, kError, "make a hard link of {path}",
     {{"T1036"}}, "", ""},

    {HF_ROOTFS_ATTR, HF_OP_CHMOD, kError, "change the mode of {path}",
     {{"T1222.002"}}, "", ""},
    {HF_ROOTFS_ATTR, HF_OP_CHOWN, kError, "change the owner of {path}",
     {{"T1222.002"}}, "", ""},
    {HF_ROOTFS_ATTR, HF_OP_UTIMES, kError, "change the times of {path}",
     {{"T1070.006"}}, "", ""},
    {HF_ROOTFS_ATTR, HF_OP_SETXATTR, kError, "set an extended attribute of {path}",
     {{"T1222.002"}}, "", ""},
    {HF_ROOTFS_ATTR, HF_OP_REMOVEXATTR, kError, "remove an extended attribute of {path}",
     {{"T1222.002"}}, "", ""},
    {HF_ROOTFS_ATTR, HF_OP_NONE, kError, "change the attributes of {path}",
     {{"T1222.002"}}, "", ""},

    {HF_DRIFT_EXEC, HF_OP_EXEC_SCRIPT, kError, "run the script {path}, which is not from the image",
     {{"T1059.004", "T1105"}}, "", ""},
    {HF_DRIFT_EXEC, HF_OP_NONE, kError, "run {path}, which is not from the image",
     {{"T1105", "T1554"}}, "Drop and execute new binary in container", "dropped_executable"},

    {HF_DRIFT_LIBRARY, HF_OP_NONE, kError, "load code from {path}, which is not from the image",
     {{"T1574.006", "T1105"}}, "", ""},

    {HF_FILELESS_EXEC, HF_OP_NONE, kCritical, "run a program that is no file on disk ({path})",
     {{"T1620"}}, "Fileless execution via memfd_create", "fileless_execution"},

    {HF_ESCAPE_RUNTIME_OVERWRITE, HF_OP_NONE, kCritical,
     "overwrite the container runtime's own program {path}",
     {{"T1611", "T1554"}}, "", ""},

    {HF_ESCAPE_SOCKET, HF_OP_NONE, kCritical, "talk to the control socket {path} of the host",
     {{"T1611", "T1610"}}, "", "docker_abuse"},

    {HF_TAMPER_MONITOR, HF_OP_SIGNAL, kCritical, "send a signal to holdfast's monitor{target}",
     {{"T1562.001"}}, "", ""},
    {HF_TAMPER_MONITOR, HF_OP_PTRACE, kCritical, "trace holdfast's monitor{target}",
     {{"T1562.001"}}, "", ""},
    {HF_TAMPER_MONITOR, HF_OP_NONE, kCritical, "reach holdfast's own {path}",
     {{"T1562.001"}}, "", ""},

    {HF_EXEC_UNEXPECTED, HF_OP_NONE, kWarning, "run {path}, which its profile does not list",
     {{"T1059.004"}}, "", ""},

    {HF_FILE_SENSITIVE, HF_OP_NONE, kWarning, "reach {path}, for which its profile has a rule",
     {{"T1552.001", "T1005"}}, "Read sensitive file untrusted", ""},

    {HF_NETWORK_UNEXPECTED, HF_OP_LISTEN, kWarning, "listen on {address}",
     {{"T1571"}}, "", ""},
    {HF_NETWORK_UNEXPECTED, HF_OP_BIND, kWarning, "receive on {address}",
     {{"T1571"}}, "", ""},
    {HF_NETWORK_UNEXPECTED, HF_OP_SOCKET, kWarning, "make a socket whose peers cannot be judged{address}",
     {{"T1040"}}, "Packet socket created in container", ""},
    {HF_NETWORK_UNEXPECTED, HF_OP_NONE, kWarning, "connect to {address}",
     {{"T1071", "T1095"}}, "Unexpected outbound connection destination", ""},

    {HF_PRIVILEGE_SETUID, HF_OP_EXEC, kNotice, "become another user by running {path}",
     {{"T1548.001"}}, "", ""},
    {HF_PRIVILEGE_SETUID, HF_OP_NONE, kWarning, "become root",
     {{"T1548.001"}}, "", ""},

    {HF_PRIVILEGE_CAPABILITY, HF_OP_NONE, kWarning,
     "use a capability that its profile does not list{caps}",
     {{"T1068"}}, "", ""},

    {HF_PROCESS_INJECTION, HF_OP_NONE, kWarning,
     "trace or change a process that is no child of it{target}",
     {{"T1055.008"}}, "PTRACE attached to process", "ptrace_code_injection"},

    {HF_PROCESS_REVERSE_SHELL, HF_OP_NONE, kError,
     "run {path} with a network connection as its input or output",
     {{"T1059.004", "T1095"}}, "Redirect STDOUT/STDIN to Network Connection in Container", "stdio_over_socket"},
}};
// clang-format on

// The rows of a class, which stand together.
constexpr auto kRowsOf = [] {
  std::array<std::span<const Rule>, HF_CLASS_COUNT> rows_of;
  for (std::size_t begin = 0, end = 0; begin < kRules.size(); begin = end) {
    const hf_class class_id = kRules.at(begin).class_id;
    while (end < kRules.size() && kRules.at(end).class_id == class_id) {
      ++end;
    }
    rows_of.at(class_id) = std::span(kRules).subspan(begin, end - begin);
  }
  return rows_of;
}();

static_assert([] {
  std::size_t rows = 0;
  for (const std::span<const Rule> of_class : kRowsOf) {
    rows += of_class.size();
  }
  return rows == kRules.size();
}());

constexpr std::array<std::string_view, 18> kPrograms = {
    "/bin",       "/sbin",        "/lib",           "/lib32",          "/lib64",
    "/libx32",    "/usr/bin",     "/usr/sbin",      "/usr/lib",        "/usr/lib32",
    "/usr/lib64", "/usr/libexec", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib",
    "/etc",       "/boot",        "/root/.ssh",
};

// None of the directories is "/". The first letter tells most apart, and costs no call.
bool lies_in(std::string_view path, std::span<const std::string_view> directories) {
  return path.size() > 1 && std::ranges::any_of(directories, [path](std::string_view directory) {
           return path[1] == directory[1] && base::is_at_or_below(path, directory);
         });
}

// /home/USER/REST
bool lies_in_home(std::string_view path, std::string_view rest) {
  constexpr std::string_view kHome = "/home/";
  if (!path.starts_with(kHome)) {
    return false;
  }
  const std::size_t slash = path.find('/', kHome.size());
  return slash != std::string_view::npos && path.substr(slash).starts_with(rest);
}

}  // namespace

std::span<const Rule> rules() { return kRules; }

const Rule& rule_for(hf_class class_id, hf_operation operation) {
  // Never returned: decoding lets no unknown class through, and a test finds a class without a row.
  static constexpr Rule kUnknown = {
      HF_CLASS_NONE, HF_OP_NONE, kWarning, "do something to {path}", {}, "", ""};
  if (class_id >= HF_CLASS_COUNT) {
    return kUnknown;
  }
  const auto fits = [operation](const Rule& rule) {
    return rule.operation == operation || rule.operation == HF_OP_NONE;
  };
  const std::span<const Rule> rows = kRowsOf.at(class_id);
  const auto found = std::ranges::find_if(rows, fits);
  return found == rows.end() ? kUnknown : *found;
}

Place place_of(std::string_view path) {
  if (lies_in(path, kPrograms) || lies_in_home(path, "/.ssh/")) {
    return Place::kProgram;
  }
  if (lies_in(path, profile::kTemporaryPlaces) || lies_in_home(path, "/.cache/")) {
    return Place::kTemporary;
  }
  if (base::is_at_or_below(path, "/var/lib")) {
    return Place::kState;
  }
  return Place::kOther;
}

}  // namespace holdfast::detect
