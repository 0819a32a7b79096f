// What a filter answers to one system call, and how that is changed.
//
// A runtime gives libseccomp one rule for each name and entry of linux.seccomp.syscalls. A rule
// without conditions takes the place of those with, so a call's rules are changed together.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/seccomp/filter.h"

namespace holdfast::seccomp {

// An action and what belongs to it; `rest` as in Rule: args (none: whatever the arguments),
// errnoRet.
struct Answer {
  std::string action;
  nlohmann::json rest = nlohmann::json::object();

  [[nodiscard]] bool conditional() const;
  // The error of SCMP_ACT_ERRNO and SCMP_ACT_TRACE (EPERM where none is given); else 0.
  [[nodiscard]] int error() const;
  // The same action and error; the conditions do not count.
  [[nodiscard]] bool same_as(const Answer& other) const;
  [[nodiscard]] bool refuses() const;
};
using Answers = std::vector<Answer>;

Answer refusal(int error);

// What the rules of `filter` say about `name`, in their order.
Answers answers_of(const Filter& filter, const std::string& name);
// What it says about calls without a rule.
Answer default_of(const Filter& filter);
void set_default(Filter& filter, const Answer& answer);

// An answer that is at least as strict, with the same conditions or none (they are not looked at).
using Stricter = std::function<Answer(const Answer&)>;

// Changes what a call is answered: by its rules (`have`), and else by `before`, the default. What
// is to be said apart from `after`, the default to be, is returned. Where rules cannot tell the
// default's arguments from the others, the strictest answer is given to all of them; but only for a
// refusal or a notification: a call that cannot be logged is left as it is.
Answers change(const Answers& have, const Answer& before, const Answer& after,
               const Stricter& stricter);

// Collects changed answers, and puts calls that have the same one into one rule.
class Changes {
 public:
  // True when `now` is not what the filter has.
  bool set(const Filter& filter, const std::string& name, const Answers& now);
  void apply(Filter& filter) const;

 private:
  std::set<std::string> names_;
  std::vector<Rule> rules_;
};

}  // namespace holdfast::seccomp
