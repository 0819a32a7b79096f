#include "src/seccomp/clone.h"

#include <algorithm>
#include <cerrno>

#include "src/seccomp/groups.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;

constexpr const char* kMaskedEqual = "SCMP_CMP_MASKED_EQ";

// Which argument of clone(2) holds the flags.
#if defined(__s390x__)
constexpr int kFlagsArgument = 1;
#else
constexpr int kFlagsArgument = 0;
#endif

json masked_equal(std::uint64_t mask, std::uint64_t value) {
  return {{"index", kFlagsArgument}, {"value", mask}, {"valueTwo", value}, {"op", kMaskedEqual}};
}

// `arg` and "no namespace flag", as one condition; false when nothing passes both, or when
// one condition cannot say it (the stricter answer then).
bool narrow(json& arg) {
  const Condition condition = read_condition(arg);
  if (condition.op == "SCMP_CMP_EQ") {
    return (condition.value & kCloneNamespaces) == 0;
  }
  if (condition.op != kMaskedEqual || (condition.value_two & kCloneNamespaces) != 0) {
    return false;
  }
  arg["value"] = condition.value | kCloneNamespaces;
  return true;
}

// Adds "no namespace flag" to the conditions of a rule; false when no call is left that fits.
bool narrow_rule(Rule& rule) {
  if (!rule.conditional()) {
    rule.rest["args"] = json::array({masked_equal(kCloneNamespaces, 0)});
    return true;
  }
  json& conditions = rule.rest["args"];
  const auto on_flags = [](const json& arg) { return read_condition(arg).index == kFlagsArgument; };
  // runc takes several conditions on one argument as alternatives, crun as conjunction.
  const auto count = std::count_if(conditions.begin(), conditions.end(), on_flags);
  if (count == 0) {
    conditions.push_back(masked_equal(kCloneNamespaces, 0));
    return true;
  }
  return count == 1 && narrow(*std::find_if(conditions.begin(), conditions.end(), on_flags));
}

bool keeps_from_happening(const std::string& action) { return strictness(action) >= refusing(); }

// `rule` with clone narrowed, in its place, so that composing again finds everything as it is.
void narrow_into(const Rule& rule, const std::string& default_action, std::vector<Rule>& out) {
  Rule others = rule;
  std::erase(others.names, "clone");
  if (!others.names.empty()) {
    out.push_back(std::move(others));
  }
  Rule narrowed{{"clone"}, rule.action, rule.rest};
  if (rule.action != default_action && narrow_rule(narrowed)) {
    out.push_back(std::move(narrowed));
  }
}

void narrow_clone(Filter& filter) {
  std::vector<Rule> rules;
  for (const Rule& rule : filter.rules) {
    if (rule.has("clone") && !keeps_from_happening(rule.action)) {
      narrow_into(rule, filter.default_action, rules);
    } else {
      rules.push_back(rule);
    }
  }
  filter.rules = std::move(rules);
}

bool has_rule(const Filter& filter, const Rule& wanted) {
  return std::any_of(filter.rules.begin(), filter.rules.end(), [&](const Rule& rule) {
    return rule.has(wanted.names.front()) && rule.action == wanted.action &&
           rule.rest == wanted.rest;
  });
}

bool refused_outright(const Filter& filter, const std::string& name) {
  return std::any_of(filter.rules.begin(), filter.rules.end(), [&](const Rule& rule) {
    return rule.has(name) && !rule.conditional() && keeps_from_happening(rule.action);
  });
}

// A filter that allows by default can only say "this flag is set", one flag a rule.
void refuse_flags(Filter& filter) {
  if (refused_outright(filter, "clone")) {
    return;
  }
  for (std::uint64_t flag = 1; flag <= kCloneNamespaces; flag <<= 1) {
    if ((flag & kCloneNamespaces) == 0) {
      continue;
    }
    Rule rule{{"clone"}, "SCMP_ACT_ERRNO", {{"errnoRet", EPERM}}};
    rule.rest["args"] = json::array({masked_equal(flag, flag)});
    if (!has_rule(filter, rule)) {
      filter.rules.push_back(std::move(rule));
    }
  }
}

void close_clone3(Filter& filter) {
  const bool open_by_default = !keeps_from_happening(filter.default_action);
  bool was_open = open_by_default && !refused_outright(filter, "clone3");
  for (Rule& rule : filter.rules) {
    const bool open = !keeps_from_happening(rule.action);
    if (rule.has("clone3") && (open || (was_open && rule.conditional()))) {
      std::erase(rule.names, "clone3");
      was_open = was_open || open;
    }
  }
  std::erase_if(filter.rules, [](const Rule& rule) { return rule.names.empty(); });
  if (was_open && !refused_outright(filter, "clone3")) {
    filter.rules.push_back(Rule{{"clone3"}, "SCMP_ACT_ERRNO", {{"errnoRet", ENOSYS}}});
  }
}

}  // namespace

void restrict_clone(Filter& filter) {
  narrow_clone(filter);
  if (!keeps_from_happening(filter.default_action)) {
    refuse_flags(filter);
  }
  close_clone3(filter);
}

}  // namespace holdfast::seccomp
