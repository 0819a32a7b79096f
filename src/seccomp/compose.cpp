#include "src/seccomp/compose.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <string_view>

#include <fmt/core.h>

#include "src/base/quote.h"
#include "src/seccomp/answer.h"
#include "src/seccomp/clone.h"
#include "src/seccomp/filter.h"
#include "src/seccomp/groups.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;

Status check_known(const std::vector<std::string>& names, const char* list) {
  for (const std::string& name : names) {
    if (!is_syscall(name)) {
      return fail(fmt::format(
          "profile: /seccomp/{}: \"{}\" is no system call that this version of libseccomp knows; "
          "correct or remove it",
          list, base::shown(name)));
    }
  }
  return Ok{};
}

// 32-bit x86 makes the calls of sockets and of System V IPC through one call each; libseccomp gives
// those made so numbers of its own (seccomp-syscalls.h, __PNR_*).
const char* multiplexer_of(const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name.c_str());
  if (number <= -101 && number >= -120) {
    return "socketcall";
  }
  return number <= -201 && number >= -224 ? "ipc" : nullptr;
}

constexpr std::array kMultiplexers = {"socketcall", "ipc"};

// The plan's lists, and what they make of an answer.
class Narrowing {
 public:
  Narrowing(const profile::SeccompPlan& plan, const Refused& refused)
      : deny_(plan.deny.begin(), plan.deny.end()),
        notify_(plan.notify.begin(), plan.notify.end()),
        log_(plan.log.begin(), plan.log.end()),
        allow_only_(plan.allow_only.begin(), plan.allow_only.end()),
        base_(refused.names),
        refusal_(refusal(plan.error)),
        log_others_(plan.log_others) {}

  // Every name that a list speaks of.
  [[nodiscard]] Names names() const {
    Names all = base_;
    for (const Names* names : {&deny_, &notify_, &log_, &allow_only_}) {
      all.insert(names->begin(), names->end());
    }
    return all;
  }

  [[nodiscard]] bool denies(const std::string& name) const { return deny_.contains(name); }
  [[nodiscard]] bool limits() const { return !allow_only_.empty(); }
  [[nodiscard]] bool nothing() const { return names().empty(); }

  [[nodiscard]] Answer of(const std::string& name, const Answer& answer) const {
    if (deny_.contains(name) && strictness(answer.action) <= refusing()) {
      return refusal_;
    }
    if (answer.refuses()) {
      return answer;
    }
    if (base_.contains(name)) {
      return refusal_;
    }
    const Answer limited = unlisted(name) ? otherwise(answer, name) : answer;
    if (notify_.contains(name) && strictness(limited.action) < strictness("SCMP_ACT_NOTIFY")) {
      return {"SCMP_ACT_NOTIFY"};
    }
    return log_.contains(name) ? logged(limited) : limited;
  }

  // Of a call that no list and no rule names.
  [[nodiscard]] Answer by_default(const Answer& answer) const {
    return limits() && !answer.refuses() ? otherwise(answer, "") : answer;
  }

 private:
  [[nodiscard]] bool unlisted(const std::string& name) const {
    return limits() && !allow_only_.contains(name);
  }

  [[nodiscard]] static Answer logged(const Answer& answer) {
    return answer.action == "SCMP_ACT_ALLOW" ? Answer{"SCMP_ACT_LOG"} : answer;
  }

  [[nodiscard]] Answer otherwise(const Answer& answer, const std::string& name) const {
    if (log_others_) {
      return logged(answer);
    }
    // C libraries use clone where clone3 is not there, and give up where it is refused.
    return name == "clone3" && allow_only_.contains("clone") ? refusal(ENOSYS) : refusal_;
  }

  Names deny_, notify_, log_, allow_only_, base_;
  Answer refusal_;
  bool log_others_;
};

bool has_conditions(const Filter& filter, std::string_view multiplexer) {
  return std::ranges::any_of(filter.rules, [&](const Rule& rule) {
    return rule.conditional() && std::ranges::any_of(rule.names, [&](const std::string& name) {
             const char* of = multiplexer_of(name);
             return of != nullptr && multiplexer == of;
           });
  });
}

// A rule for a multiplexer would take the place of what libseccomp makes of its single calls, so it
// goes; but libseccomp (2.5.4) cannot make anything of those with conditions, and then nothing can
// be called through it. Only where the default refuses: there no call is open but by its own name.
void close_multiplexer(const std::string& multiplexer, Filter& filter) {
  if (strictness(filter.default_action) < refusing()) {
    return;
  }
  bool was_open = false;
  for (Rule& rule : filter.rules) {
    if (strictness(rule.action) < refusing()) {
      was_open = std::erase(rule.names, multiplexer) != 0 || was_open;
    }
  }
  std::erase_if(filter.rules, [](const Rule& rule) { return rule.names.empty(); });
  if (was_open && has_conditions(filter, multiplexer)) {
    // In front, as libseccomp wants it, and with an error of its own: runtimes leave out what is
    // the default.
    const int error = default_of(filter).error() == EPERM ? ENOSYS : EPERM;
    filter.rules.insert(filter.rules.begin(),
                        Rule{{multiplexer}, "SCMP_ACT_ERRNO", refusal(error).rest});
  }
}

bool narrower(const Answers& answers) {
  return std::ranges::any_of(answers, [](const Answer& answer) {
    return strictness(answer.action) >= strictness("SCMP_ACT_NOTIFY");
  });
}

// Changes `filter` call by call; returns the multiplexers some of whose calls became narrower.
Names narrow_calls(const Narrowing& narrowing, Filter& filter) {
  const Answer before = default_of(filter);
  const Answer after = narrowing.by_default(before);
  Names names = narrowing.names();
  Names multiplexers;
  if (narrowing.limits()) {
    names.insert("clone3");
    for (const Rule& rule : filter.rules) {
      names.insert(rule.names.begin(), rule.names.end());
    }
    if (after.refuses()) {
      multiplexers.insert(kMultiplexers.begin(), kMultiplexers.end());
      std::erase_if(names, [&](const std::string& name) {
        return multiplexers.contains(name) && !narrowing.denies(name);
      });
    }
  }
  Changes changes;
  for (const std::string& name : names) {
    const Answers now = change(answers_of(filter, name), before, after,
                               [&](const Answer& answer) { return narrowing.of(name, answer); });
    const bool changed = changes.set(filter, name, now);
    if (!changed || !(now.empty() || narrower(now))) {
      continue;
    }
    if (const char* multiplexer = multiplexer_of(name)) {
      multiplexers.insert(multiplexer);
    }
  }
  changes.apply(filter);
  if (!after.same_as(before)) {
    set_default(filter, after);
  }
  return multiplexers;
}

Status check_listener(const std::optional<json>& engine, const profile::SeccompPlan& plan) {
  if (plan.notify.empty() || (engine && engine->is_object() && engine->contains("listenerPath"))) {
    return Ok{};
  }
  return fail(
      "profile: /seccomp/notify: config.json names no agent that would answer; give "
      "linux.seccomp.listenerPath in it, the socket of the agent, or remove notify");
}

}  // namespace

bool is_syscall(const std::string& name) {
  return seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

Result<std::optional<json>> compose(const std::optional<json>& engine,
                                    const profile::SeccompPlan& plan, bool enforcing) {
  TRY(check_known(plan.deny, "deny"));
  TRY(check_known(plan.log, "log"));
  TRY(check_known(plan.notify, "notify"));
  TRY(check_known(plan.allow_only, "allow_only"));
  TRY(check_listener(engine, plan));
  const Refused refused = refused_calls(plan, enforcing);
  const Narrowing narrowing(plan, refused);
  if (narrowing.nothing() && !refused.restrict_clone) {
    return engine;
  }
  Filter filter = engine ? TRY(read_filter(*engine)) : open_filter();
  for (const std::string& multiplexer : narrow_calls(narrowing, filter)) {
    close_multiplexer(multiplexer, filter);
  }
  if (refused.restrict_clone) {
    restrict_clone(filter);
  }
  TRY(check_size(filter));
  return std::optional(write_filter(filter));
}

}  // namespace holdfast::seccomp
