#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "src/base/file.h"
#include "src/kernel/kernel.h"
#include "src/kernel/object.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {
namespace {

struct DestroyProbe {
  void operator()(hf_probe_skeleton* skeleton) const { hf_probe_skeleton::destroy(skeleton); }
};
using ProbeSkeleton = std::unique_ptr<hf_probe_skeleton, DestroyProbe>;

// libbpf's own account of a refusal is for us, not for the person who asks doctor.
int say_nothing(libbpf_print_level, const char*, va_list) { return 0; }

ProbeSkeleton load(bool lsm) {
  ProbeSkeleton skeleton(hf_probe_skeleton::open(nullptr));
  if (!skeleton) {
    return nullptr;
  }
  bpf_program__set_autoload(skeleton->progs.hf_probe_lsm, lsm);
  bpf_program__set_autoload(skeleton->progs.hf_probe_tracepoint, !lsm);
  return hf_probe_skeleton::load(skeleton.get()) == 0 ? std::move(skeleton) : nullptr;
}

// Attaches the LSM program, opens a file, and looks whether the program ran.
bool lsm_runs(hf_probe_skeleton& skeleton) {
  skeleton.bss->hf_probe_tgid = static_cast<__u32>(getpid());
  const Link link(bpf_program__attach(skeleton.progs.hf_probe_lsm));
  if (!link) {
    return false;
  }
  (void)base::open_file("/proc/self/stat", O_RDONLY);
  return skeleton.bss->hf_probe_seen != 0;
}

void try_lsm(Probe& probe) {
  const ProbeSkeleton skeleton = load(true);
  if (!skeleton) {
    probe.missing.emplace_back(
        "this kernel does not load BPF LSM programs; it needs CONFIG_BPF_LSM=y, BTF, and root with "
        "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN");
    return;
  }
  if (!lsm_runs(*skeleton)) {
    probe.missing.emplace_back(
        "BPF LSM programs load but never run; add bpf to lsm= on the kernel command line and "
        "reboot");
    return;
  }
  probe.findings.emplace_back("BPF LSM programs load, attach and run");
  probe.backend = Backend::kLsm;
}

void try_tracepoint(Probe& probe) {
  const ProbeSkeleton skeleton = load(false);
  const Link link(skeleton ? bpf_program__attach(skeleton->progs.hf_probe_tracepoint) : nullptr);
  if (!link) {
    probe.missing.emplace_back(
        "this kernel does not load BPF tracepoint programs with BTF; it needs "
        "CONFIG_DEBUG_INFO_BTF=y "
        "and root with CAP_BPF and CAP_PERFMON");
    return;
  }
  probe.findings.emplace_back("BPF tracepoint programs load and attach");
  if (!probe.backend) {
    probe.backend = Backend::kTracepoint;
  }
}

}  // namespace

Probe probe() {
  Probe probe;
  libbpf_print_fn_t former = libbpf_set_print(say_nothing);
  try_lsm(probe);
  try_tracepoint(probe);
  libbpf_set_print(former);
  return probe;
}

}  // namespace holdfast::kernel
