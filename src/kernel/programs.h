// Which BPF program serves which back end: the one table that drives loading and attaching.
#pragma once

#include <span>

#include "src/kernel/kernel.h"

namespace holdfast::kernel {

enum class Use {
  kLsm,         // attached while a container is registered, back end lsm
  kTracepoint,  // the same, back end tracepoint
  kAlways,      // the same, both back ends
  kIterator,    // run when the monitor asks, both back ends
};

struct Program {
  const char* name;
  Use use;
  // Loaded only where the kernel's BTF has this function, with this many parameters if not
  // negative.
  const char* needs_function;
  int parameters;
};

std::span<const Program> programs();

// Whether `program` is to be loaded on the running kernel for `backend`.
bool wanted(const Program& program, Backend backend);

}  // namespace holdfast::kernel
