// What a policy makes of an act: the decisions of bpf/lib/decide.bpf.c, in user space. Pure.
#pragma once

#include <string>

#include "src/detect/alert.h"
#include "src/detect/detect.h"
#include "src/profile/compile.h"
#include "src/replay/act.h"

namespace holdfast::replay {

// What comes of an act, from weakest to strongest.
enum class Answer { kNothing, kRecorded, kAlerted, kDenied, kKilled };

const char* answer_name(Answer answer);

struct Decision {
  Answer answer = Answer::kNothing;
  // As it would be told; with kNothing only the class means something. It may be of another class
  // than the act: a path with a rule of its own is file.sensitive, an unlisted program
  // exec.unexpected.
  detect::Alert alert;
};

// Judges `act` under a profile: as a kernel does that can refuse, and then as the monitor does.
// `context` is what detect() is told.
Decision decide(const profile::Compiled& compiled, const Act& act, const detect::Context& context);

}  // namespace holdfast::replay
