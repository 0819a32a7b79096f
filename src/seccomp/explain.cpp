#include "src/seccomp/explain.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <string.h>

#include "src/seccomp/answer.h"
#include "src/seccomp/simulate.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOperators = {
    {{"SCMP_CMP_EQ", "=="},
     {"SCMP_CMP_NE", "!="},
     {"SCMP_CMP_LT", "<"},
     {"SCMP_CMP_LE", "<="},
     {"SCMP_CMP_GE", ">="},
     {"SCMP_CMP_GT", ">"}}};

std::string condition_text(const Condition& condition) {
  const auto& [index, value, value_two, op] = condition;
  if (op == "SCMP_CMP_MASKED_EQ") {
    return fmt::format("argument {} & {:#x} == {:#x}", index, value, value_two);
  }
  const auto* found = std::ranges::find(kOperators, op, &decltype(kOperators)::value_type::first);
  return fmt::format("argument {} {} {:#x}", index, found == kOperators.end() ? op : found->second,
                     value);
}

std::string error_text(int error) {
  const char* name = strerrorname_np(error);
  return name == nullptr ? std::to_string(error) : name;
}

std::string action_text(const Answer& answer) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 7> kTexts = {
      {{"SCMP_ACT_ALLOW", "allowed"},
       {"SCMP_ACT_LOG", "allowed and logged"},
       {"SCMP_ACT_NOTIFY", "asked of the agent"},
       {"SCMP_ACT_TRAP", "killed by SIGSYS"},
       {"SCMP_ACT_KILL", "thread killed"},
       {"SCMP_ACT_KILL_THREAD", "thread killed"},
       {"SCMP_ACT_KILL_PROCESS", "process killed"}}};
  const auto* found =
      std::ranges::find(kTexts, answer.action, &decltype(kTexts)::value_type::first);
  if (found != kTexts.end()) {
    return found->second;
  }
  return answer.action == "SCMP_ACT_ERRNO" ? "refused with " + error_text(answer.error())
                                           : "asked of a tracer";
}

std::string answer_text(const Answer& answer) {
  if (!answer.conditional()) {
    return action_text(answer);
  }
  std::vector<std::string> conditions;
  for (const json& arg : answer.rest.at("args")) {
    conditions.push_back(condition_text(read_condition(arg)));
  }
  return fmt::format("{} if {}", action_text(answer), fmt::join(conditions, " and "));
}

// An answer without conditions is the only one, and takes the place of the default.
std::vector<std::string> texts(const Filter& filter, const std::string& name) {
  std::vector<std::string> all;
  for (const Answer& answer : answers_of(filter, name)) {
    if (!answer.conditional()) {
      return {answer_text(answer)};
    }
    all.push_back(answer_text(answer));
  }
  if (all.empty() && default_of(filter).refuses() && (name == "socketcall" || name == "ipc")) {
    return {"as each call that is made through it"};
  }
  const std::string otherwise = action_text(default_of(filter));
  all.push_back(all.empty() ? otherwise : "otherwise " + otherwise);
  return all;
}

bool lists(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::count(list, name) != 0;
}

std::string architecture_name(std::uint32_t token) {
  switch (token) {
    case SCMP_ARCH_X86_64:
      return "x86_64";
    case SCMP_ARCH_X86:
      return "x86";
    case SCMP_ARCH_X32:
      return "x32";
    case SCMP_ARCH_AARCH64:
      return "aarch64";
    case SCMP_ARCH_ARM:
      return "arm";
    default:
      return fmt::format("{:#x}", token);
  }
}

// Whether a call of this number is one on the architecture (libseccomp has pseudo numbers for calls
// that it does not have), or is made through a multiplexer there.
bool has_call(std::uint32_t architecture, const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(architecture, name.c_str());
  return number >= 0 || (number <= -101 && number >= -224 && architecture == SCMP_ARCH_X86);
}

}  // namespace

Result<Explainer> Explainer::of(const std::optional<json>& engine, const json& composed,
                                const profile::SeccompPlan& plan, bool enforcing,
                                const std::string& profile) {
  Explainer explainer;
  explainer.engine_ = engine ? TRY(read_filter(*engine)) : open_filter();
  explainer.composed_ = TRY(read_filter(composed));
  explainer.plan_ = plan;
  explainer.refused_ = refused_calls(plan, enforcing);
  explainer.profile_ = profile;
  explainer.architectures_ = architectures_of(composed);
  return explainer;
}

std::string Explainer::decided_by(const std::string& name) const {
  const auto of_profile = [&](const char* key) {
    return fmt::format("profile {}: /seccomp/{}", profile_, key);
  };
  if (texts(engine_, name) == texts(composed_, name)) {
    return "engine";
  }
  if (lists(plan_.deny, name)) {
    return of_profile("deny");
  }
  if (refused_.names.contains(name) ||
      (refused_.restrict_clone && (name == "clone" || name == "clone3"))) {
    return "base container";
  }
  if (!plan_.allow_only.empty() && !lists(plan_.allow_only, name)) {
    return of_profile("allow_only");
  }
  if (lists(plan_.notify, name)) {
    return of_profile("notify");
  }
  return lists(plan_.log, name) ? of_profile("log") : fmt::format("profile {}: /seccomp", profile_);
}

Explained Explainer::call(const std::string& name) const {
  Explained explained{name, {}, texts(engine_, name), texts(composed_, name), decided_by(name)};
  for (const std::uint32_t architecture : architectures_) {
    if (has_call(architecture, name)) {
      explained.architectures.push_back(architecture_name(architecture));
    }
  }
  return explained;
}

std::vector<std::string> Explainer::names() const {
  std::set<std::string> all;
  for (const Filter* filter : {&engine_, &composed_}) {
    for (const Rule& rule : filter->rules) {
      all.insert(rule.names.begin(), rule.names.end());
    }
  }
  return {all.begin(), all.end()};
}

Explained Explainer::others() const {
  const Answer was = default_of(engine_);
  const Answer is = default_of(composed_);
  return {"(others)",
          {},
          {action_text(was)},
          {action_text(is)},
          was.same_as(is) ? "engine" : fmt::format("profile {}: /seccomp/allow_only", profile_)};
}

}  // namespace holdfast::seccomp
