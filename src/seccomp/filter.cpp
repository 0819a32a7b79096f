#include "src/seccomp/filter.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "src/base/json.h"
#include "src/base/quote.h"

namespace holdfast::seccomp {
namespace {

using base::JsonView;
using nlohmann::json;

struct Action {
  std::string_view name;
  int strictness;
};
constexpr std::array<Action, 9> kActions = {{{"SCMP_ACT_ALLOW", 0},
                                             {"SCMP_ACT_LOG", 1},
                                             {"SCMP_ACT_TRACE", 2},
                                             {"SCMP_ACT_NOTIFY", 3},
                                             {"SCMP_ACT_ERRNO", 4},
                                             {"SCMP_ACT_TRAP", 5},
                                             {"SCMP_ACT_KILL", 6},
                                             {"SCMP_ACT_KILL_THREAD", 6},
                                             {"SCMP_ACT_KILL_PROCESS", 7}}};

Result<std::string> read_action(const JsonView& view, const char* key) {
  std::string action = TRY(view.need_string(key, "give an action such as SCMP_ACT_ALLOW"));
  if (strictness(action) < 0) {
    return view.error_at(key, fmt::format("\"{}\" is not a seccomp action that holdfast knows; "
                                          "correct config.json, or use a profile with seccomp base "
                                          "none and no lists",
                                          base::shown(action)));
  }
  return action;
}

std::uint64_t number(const json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_number_integer() ? member->get<std::uint64_t>() : 0;
}

// A copy of the members of `object` that are not named: the others may be large.
json without(const json& object, std::initializer_list<std::string_view> names) {
  json rest = json::object();
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(names, key) == names.end()) {
      rest.emplace(key, value);
    }
  }
  return rest;
}

Result<Rule> read_rule(const JsonView& view) {
  Rule rule;
  const JsonView names = TRY(view.need("names", "give the names of system calls"));
  rule.names = TRY(names.strings());
  rule.action = TRY(read_action(view, "action"));
  if (const auto args = view.find("args")) {
    for (const JsonView& argument : TRY(args->items())) {
      TRY(argument.must_be_object());
    }
  }
  rule.rest = without(view.raw(), {"names", "action"});
  if (rule.rest.dump().size() > kMaxRuleBytes) {
    return view.error(
        fmt::format("is longer than {} bytes without its names; split it, or shorten its comment",
                    kMaxRuleBytes));
  }
  return rule;
}

}  // namespace

bool Rule::has(const std::string& name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Rule::conditional() const {
  const auto args = rest.find("args");
  return args != rest.end() && args->is_array() && !args->empty();
}

int strictness(const std::string& action) {
  const auto found = std::find_if(kActions.begin(), kActions.end(),
                                  [&](const Action& known) { return known.name == action; });
  return found == kActions.end() ? -1 : found->strictness;
}

int refusing() { return strictness("SCMP_ACT_ERRNO"); }

Condition read_condition(const json& arg) {
  const auto op = arg.find("op");
  return {number(arg, "index"), number(arg, "value"), number(arg, "valueTwo"),
          op != arg.end() && op->is_string() ? op->get<std::string>() : ""};
}

Status check_size(const Filter& filter) {
  std::size_t names = 0;
  for (const Rule& rule : filter.rules) {
    names += std::max(rule.names.size(), std::size_t{1});
  }
  if (names > kMaxNames) {
    return fail(fmt::format(
        "config.json: /linux/seccomp/syscalls: has, with the profile's rules, more than {} names; "
        "put rules that are alike into one, and remove those that say what defaultAction says",
        kMaxNames));
  }
  return Ok{};
}

Result<Filter> read_filter(const json& engine) {
  const JsonView view(engine, "config.json", JsonView::Null::kIsAbsent, "/linux/seccomp");
  TRY(view.must_be_object());
  Filter filter;
  filter.default_action = TRY(read_action(view, "defaultAction"));
  if (const auto rules = view.find("syscalls")) {
    for (const JsonView& item : TRY(rules->items())) {
      TRY(item.must_be_object());
      filter.rules.push_back(TRY(read_rule(item)));
    }
  }
  filter.rest = without(engine, {"defaultAction", "syscalls"});
  TRY(check_size(filter));
  return filter;
}

Filter open_filter() {
  Filter filter;
  filter.default_action = "SCMP_ACT_ALLOW";
  filter.rest = json::object();
#if defined(__x86_64__)
  filter.rest["architectures"] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
#elif defined(__aarch64__)
  filter.rest["architectures"] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#endif
  // Elsewhere: none named, which is the native one.
  return filter;
}

json write_filter(const Filter& filter) {
  json document = filter.rest;
  document["defaultAction"] = filter.default_action;
  json rules = json::array();
  for (const Rule& rule : filter.rules) {
    json entry = rule.rest;
    entry["names"] = rule.names;
    entry["action"] = rule.action;
    rules.push_back(std::move(entry));
  }
  document["syscalls"] = std::move(rules);
  return document;
}

}  // namespace holdfast::seccomp
