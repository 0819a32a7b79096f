// Judges `exec`: what is to be started in a container that runs already.
#pragma once

#include "shim/command_line.h"
#include "src/base/result.h"
#include "src/profile/config.h"

namespace holdfast::shim {

// Tells the monitor what is about to be started in a guarded container, and by whom. An error is a
// refusal by the container's profile. A container that is not under guard is nobody's business.
//
// The monitor knows the profile that the container was started with. Where there is none to ask,
// the file that it keeps of each container has the rule, and only a rule that denies is obeyed.
//
// Precondition: line.enters_container.
Status judge_exec(const CommandLine& line, const profile::Config& config);

}  // namespace holdfast::shim
