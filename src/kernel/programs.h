// Which BPF program serves which back end, and where it is attached: the one table that drives
// loading and attaching.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <bpf/libbpf.h>

#include "src/base/result.h"
#include "src/kernel/kernel.h"

namespace holdfast::kernel {

enum class Use {
  kHook,        // a security hook: back ends lsm and modify-return
  kTrace,       // traces a kernel function for those two
  kTracepoint,  // back end tracepoint
  kAlways,      // every back end
  kOnDemand,    // every back end; runs when the monitor asks, is attached to nothing
};

// What most policies do not ask about: its programs are attached with the first container whose
// policy does.
enum class Topic { kUsual, kNetwork, kCapabilities };

struct Topics {
  bool network = false;
  bool capabilities = false;
  [[nodiscard]] bool include(Topic topic) const;
  bool operator==(const Topics&) const = default;
};

struct Program {
  const char* name;
  Use use;
  // kHook: name of the hook in include/linux/lsm_hook_defs.h. kTrace: the kernel function, by the
  // newest kernel's name.
  const char* target = nullptr;
  // Whether a kernel that lacks the target is good enough without.
  bool optional = false;
  // Of several programs for one target, the one whose target has that many parameters; -1: any.
  int parameters = -1;
  Topic topic = Topic::kUsual;
};

std::span<const Program> programs();

// Whether `program` is to be loaded on the running kernel for `backend`.
bool wanted(const Program& program, Backend backend);

// Kernel functions that `backend` needs and the running kernel lacks.
std::vector<std::string> missing_functions(Backend backend);

// Makes what was written as an LSM program one that runs before `function` and whose answer, when
// it is not 0, is the function's (BPF_MODIFY_RETURN). A function without an answer is only listened
// to. To be called between open and load.
Status retarget(bpf_program& program, const std::string& function);

// Makes a program that traces trace `function`. To be called between open and load.
Status trace(bpf_program& program, const std::string& function);

// Attaches a program, retargeted or not. nullptr and errno on failure; the caller owns the link.
bpf_link* attach(const bpf_program& program);

// Whether the running kernel's BTF has a function of that name.
bool has_function(const std::string& name);

// Gives back the memory of the kernel's BTF, once everything is loaded. Answers are remembered; a
// new question reads it again.
void forget_kernel_types();

// The function that calls the hook of `program`: "security_file_open". Only for kHook.
std::string security_function(const Program& program);

// The function that `program` traces, by the running kernel's name. Only for kTrace.
std::string traced_function(const Program& program);

}  // namespace holdfast::kernel
