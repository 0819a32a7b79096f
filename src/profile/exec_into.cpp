#include "src/profile/exec_into.h"

#include <algorithm>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/base/quote.h"

namespace holdfast::profile {

int judge_exec(const ExecInto& rule, const std::string& program) {
  if (rule.action == HF_OFF) {
    return HF_OFF;
  }
  const std::string path = base::clean_path(program);
  const bool listed = !path.empty() && std::ranges::any_of(rule.allow, [&](const auto& prefix) {
    return base::is_at_or_below(path, prefix);
  });
  return listed ? HF_RECORD : rule.action;
}

std::string exec_refusal(const ExecInto& rule, const std::string& program) {
  const std::string what =
      program.empty() ? "a program that cannot be told" : "\"" + base::shown(program) + "\"";
  return fmt::format(
      "its profile does not let {} be started in it by exec; exec_into.allow {}", what,
      rule.allow.empty() ? "lists nothing" : fmt::format("lists {}", fmt::join(rule.allow, ", ")));
}

}  // namespace holdfast::profile
