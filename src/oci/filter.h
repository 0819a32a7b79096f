// Annotations by which a container's author changes the seccomp filter of config.json.
#pragma once

#include <array>

namespace holdfast::oci {

// crun.1, "OCI annotations": a filter in place of the one in config.json (two of them), a plugin
// that changes it, a receiver that is asked instead.
inline constexpr std::array<const char*, 4> kFilterAnnotations = {
    "run.oci.seccomp_bpf_data", "run.oci.seccomp_bpf_file", "run.oci.seccomp.plugins",
    "run.oci.seccomp.receiver"};

}  // namespace holdfast::oci
