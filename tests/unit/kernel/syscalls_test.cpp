#include "bpf/lib/syscalls.h"

#include <cstdint>

#include <gtest/gtest.h>
#include <seccomp.h>

namespace holdfast::kernel {
namespace {

struct Call {
  const char* name;
  int number;
  std::uint32_t arch;
};

#define HF_CALL_64(enumerator, name, number, ia32, part) Call{name, number, SCMP_ARCH_X86_64},
#define HF_CALL_32(enumerator, name, number, ia32, part) Call{name, ia32, SCMP_ARCH_X86},
#define HF_CALL_32_ONLY(name, ia32, enumerator) Call{name, ia32, SCMP_ARCH_X86},
constexpr Call kCalls[] = {HF_SYSCALLS(HF_CALL_64) HF_SYSCALLS(HF_CALL_32)
                               HF_SYSCALLS_IA32(HF_CALL_32_ONLY)};

// What libseccomp does not know it is too old for; its negative numbers stand for socketcall and
// for what an architecture lacks, which the table writes as 0: a 0 where it knows a number is
// wrong.
TEST(Syscalls, NumbersAreThoseOfTheKernel) {
  int known = 0;
  for (const Call& call : kCalls) {
    const int number = seccomp_syscall_resolve_name_arch(call.arch, call.name);
    if (number >= 0) {
      EXPECT_EQ(call.number, number) << call.name << " of architecture " << call.arch;
      ++known;
    }
    EXPECT_LT(call.number, HF_NR_MAX) << call.name;
  }
  EXPECT_GT(known, 100);
}

}  // namespace
}  // namespace holdfast::kernel
