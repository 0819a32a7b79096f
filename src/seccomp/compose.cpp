#include "src/seccomp/compose.h"

#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <fmt/core.h>

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
          list, name));
    }
  }
  return Ok{};
}

void erase_names(Rule& rule, const Names& names) {
  std::erase_if(rule.names, [&](const std::string& name) { return names.contains(name); });
}

// Whether `rule` says about its calls nothing that an unconditional EPERM does not say more
// strictly.
bool gives_way(const Rule& rule) {
  const int strict = strictness(rule.action);
  return strict < refusing() || (strict == refusing() && rule.conditional());
}

bool refused_outright(const Filter& filter, const std::string& name) {
  return std::any_of(filter.rules.begin(), filter.rules.end(), [&](const Rule& rule) {
    return rule.has(name) && !rule.conditional() && strictness(rule.action) >= refusing();
  });
}

// Refuses `names` with EPERM; where the engine refuses one already, its own way stays.
void refuse(const Names& names, Filter& filter) {
  for (Rule& rule : filter.rules) {
    if (gives_way(rule)) {
      erase_names(rule, names);
    }
  }
  std::erase_if(filter.rules, [](const Rule& rule) { return rule.names.empty(); });
  if (strictness(filter.default_action) >= refusing()) {
    return;
  }
  Rule added{{}, "SCMP_ACT_ERRNO", {{"errnoRet", EPERM}}};
  std::copy_if(names.begin(), names.end(), std::back_inserter(added.names),
               [&](const std::string& name) { return !refused_outright(filter, name); });
  if (!added.names.empty()) {
    filter.rules.push_back(std::move(added));
  }
}

bool mentioned(const Filter& filter, const std::string& name) {
  return std::any_of(filter.rules.begin(), filter.rules.end(),
                     [&](const Rule& rule) { return rule.has(name); });
}

// Takes the logged names out of an allowing rule into one of their own behind it.
void split_logged(const Rule& rule, const Names& names, std::vector<Rule>& out) {
  Rule others = rule;
  erase_names(others, names);
  Rule logged = rule;
  logged.action = "SCMP_ACT_LOG";
  std::erase_if(logged.names, [&](const std::string& name) { return !names.contains(name); });
  for (Rule* part : {&others, &logged}) {
    if (!part->names.empty()) {
      out.push_back(std::move(*part));
    }
  }
}

// Logs `names` where they are allowed. A call that is allowed by default but has a rule for some
// arguments stays unlogged: a second, unconditional rule would take the first one's place.
void log(const Names& names, Filter& filter) {
  Rule added{{}, "SCMP_ACT_LOG", json::object()};
  if (filter.default_action == "SCMP_ACT_ALLOW") {
    std::copy_if(names.begin(), names.end(), std::back_inserter(added.names),
                 [&](const std::string& name) { return !mentioned(filter, name); });
  }
  std::vector<Rule> rules;
  for (const Rule& rule : filter.rules) {
    if (rule.action == "SCMP_ACT_ALLOW") {
      split_logged(rule, names, rules);
    } else {
      rules.push_back(rule);
    }
  }
  filter.rules = std::move(rules);
  if (!added.names.empty()) {
    filter.rules.push_back(std::move(added));
  }
}

}  // namespace

bool is_syscall(const std::string& name) {
  return seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

Result<std::optional<json>> compose(const std::optional<json>& engine,
                                    const profile::SeccompPlan& plan, bool enforcing) {
  TRY(check_known(plan.deny, "deny"));
  TRY(check_known(plan.log, "log"));
  const Refused refused = refused_calls(plan, enforcing);
  if (refused.names.empty() && !refused.restrict_clone && plan.log.empty()) {
    return engine;
  }
  Filter filter = engine ? TRY(read_filter(*engine)) : open_filter();
  refuse(refused.names, filter);
  if (refused.restrict_clone) {
    restrict_clone(filter);
  }
  log(Names(plan.log.begin(), plan.log.end()), filter);
  return std::optional(write_filter(filter));
}

}  // namespace holdfast::seccomp
