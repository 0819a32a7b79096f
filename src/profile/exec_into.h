// Programs that a runtime's `exec` starts in a running container, judged before they run.
#pragma once

#include <string>
#include <vector>

#include "bpf/abi/policy.h"

namespace holdfast::profile {

// A profile's `exec_into`. Plain data.
struct ExecInto {
  int action = HF_OFF;             // enum hf_action up to HF_DENY, for what is not listed
  std::vector<std::string> allow;  // absolute, clean: programs, or directories of programs
  bool operator==(const ExecInto&) const = default;
};

// What is done about `program`, the first argument as the process document has it: HF_OFF where the
// profile has nothing to say, HF_RECORD for a listed program. One that is not an absolute path is
// looked up on a PATH that the caller chooses, and so is never a listed one; nor is "", a program
// that is not known.
int judge_exec(const ExecInto& rule, const std::string& program);

// Why a rule that denies does not let it in, as a sentence's end with the remedy.
std::string exec_refusal(const ExecInto& rule, const std::string& program);

}  // namespace holdfast::profile
