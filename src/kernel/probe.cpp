#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "src/base/file.h"
#include "src/kernel/kernel.h"
#include "src/kernel/object.h"
#include "src/kernel/programs.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {
namespace {

struct DestroyProbe {
  void operator()(hf_probe_skeleton* skeleton) const { hf_probe_skeleton::destroy(skeleton); }
};
using ProbeSkeleton = std::unique_ptr<hf_probe_skeleton, DestroyProbe>;

// libbpf's own account of a refusal is for us, not for the person who asks doctor.
int say_nothing(libbpf_print_level, const char*, va_list) { return 0; }

// The programs of the probe that `backend` would load; nullptr when the kernel refuses them.
ProbeSkeleton load(Backend backend) {
  ProbeSkeleton skeleton(hf_probe_skeleton::open(nullptr));
  if (!skeleton) {
    return nullptr;
  }
  const bool traces = backend == Backend::kTracepoint;
  bpf_program__set_autoload(skeleton->progs.hf_probe_lsm, !traces);
  bpf_program__set_autoload(skeleton->progs.hf_probe_tracepoint, traces);
  if (backend == Backend::kModifyReturn &&
      !retarget(*skeleton->progs.hf_probe_lsm, "security_file_open").ok()) {
    return nullptr;
  }
  return hf_probe_skeleton::load(skeleton.get()) == 0 ? std::move(skeleton) : nullptr;
}

// Attaches the program of file_open, opens a file, and looks whether the program ran.
bool runs(hf_probe_skeleton& skeleton) {
  skeleton.bss->hf_probe_tgid = static_cast<__u32>(getpid());
  const Link link(attach(*skeleton.progs.hf_probe_lsm));
  if (!link) {
    return false;
  }
  (void)base::open_file("/proc/self/stat", O_RDONLY);
  return skeleton.bss->hf_probe_seen != 0;
}

// Whether the kernel has everything that the programs of a back end are attached to.
bool is_complete(Probe& probe, Backend backend) {
  const std::vector<std::string> lacking = missing_functions(backend);
  if (!lacking.empty()) {
    probe.missing.push_back(fmt::format(
        "this kernel lacks what the back end {} needs: {}; it needs CONFIG_SECURITY_PATH=y and BTF",
        backend_name(backend), fmt::join(lacking, ", ")));
  }
  return lacking.empty();
}

// What lsm= has to keep, for it takes the place of the kernel's own list: "lockdown,yama,"; "…,"
// where securityfs does not tell.
std::string active_lsms() {
  const auto active = base::read_file("/sys/kernel/security/lsm", 4096);
  return active.ok() && !active.value().empty() ? active.value() + "," : "…,";
}

void try_lsm(Probe& probe) {
  const ProbeSkeleton skeleton = load(Backend::kLsm);
  if (!skeleton) {
    probe.missing.emplace_back(
        "this kernel does not load BPF LSM programs; it needs CONFIG_BPF_LSM=y, BTF, and root with "
        "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN");
    return;
  }
  if (!runs(*skeleton)) {
    probe.missing.push_back(fmt::format(
        "BPF LSM programs load but never run: boot with lsm={}bpf on the kernel command "
        "line",
        active_lsms()));
    return;
  }
  if (!is_complete(probe, Backend::kLsm)) {
    return;
  }
  probe.findings.emplace_back("BPF LSM programs load, attach and run");
  probe.backends.push_back(Backend::kLsm);
}

void try_modify_return(Probe& probe) {
  const ProbeSkeleton skeleton = load(Backend::kModifyReturn);
  if (!skeleton || !runs(*skeleton)) {
    if (!probe.backends.empty()) {
      return;  // a stronger one runs
    }
    probe.missing.emplace_back(
        "this kernel lets no BPF program change what its security functions answer; it needs "
        "CONFIG_SECURITY_PATH=y, CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y, BTF, and root with "
        "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN");
    return;
  }
  if (!is_complete(probe, Backend::kModifyReturn)) {
    return;
  }
  probe.findings.emplace_back("BPF programs that change the answer of security functions run");
  probe.backends.push_back(Backend::kModifyReturn);
}

void try_tracepoint(Probe& probe) {
  const ProbeSkeleton skeleton = load(Backend::kTracepoint);
  const Link link(skeleton ? attach(*skeleton->progs.hf_probe_tracepoint) : nullptr);
  if (!link) {
    probe.missing.emplace_back(
        "this kernel does not load BPF tracepoint programs with BTF; it needs "
        "CONFIG_DEBUG_INFO_BTF=y "
        "and root with CAP_BPF and CAP_PERFMON");
    return;
  }
  probe.findings.emplace_back("BPF tracepoint programs load and attach");
  probe.backends.push_back(Backend::kTracepoint);
}

}  // namespace

Probe probe() {
  Probe probe;
  libbpf_print_fn_t former = libbpf_set_print(say_nothing);
  try_lsm(probe);
  try_modify_return(probe);
  try_tracepoint(probe);
  libbpf_set_print(former);
  return probe;
}

}  // namespace holdfast::kernel
