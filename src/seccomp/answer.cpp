#include "src/seccomp/answer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

namespace holdfast::seccomp {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOpposites = {
    {{"SCMP_CMP_EQ", "SCMP_CMP_NE"},
     {"SCMP_CMP_NE", "SCMP_CMP_EQ"},
     {"SCMP_CMP_LT", "SCMP_CMP_GE"},
     {"SCMP_CMP_GE", "SCMP_CMP_LT"},
     {"SCMP_CMP_GT", "SCMP_CMP_LE"},
     {"SCMP_CMP_LE", "SCMP_CMP_GT"}}};

std::optional<json> opposite(json condition) {
  const auto op = condition.find("op");
  if (op == condition.end() || !op->is_string()) {
    return std::nullopt;
  }
  const auto* found = std::ranges::find(kOpposites, op->get_ref<const std::string&>(),
                                        &decltype(kOpposites)::value_type::first);
  if (found == kOpposites.end()) {
    return std::nullopt;
  }
  *op = found->second;
  return condition;
}

// Several conditions on one argument are alternatives for runc and a conjunction for crun.
bool one_each(const json& conditions) {
  std::set<std::string> seen;
  return std::ranges::all_of(conditions, [&](const json& condition) {
    return condition.contains("index") && seen.insert(condition["index"].dump()).second;
  });
}

// `answer` for every argument that `other` does not speak of; none where rules cannot say it.
std::optional<Answers> elsewhere(const Answer& answer, const Answer& other) {
  const json& conditions = other.rest.at("args");
  if (!one_each(conditions)) {
    return std::nullopt;
  }
  Answers all;
  for (const json& condition : conditions) {
    const auto reverse = opposite(condition);
    if (!reverse) {
      return std::nullopt;
    }
    all.push_back(answer);
    all.back().rest["args"] = json::array({*reverse});
  }
  return all;
}

Answer unconditional(Answer answer) {
  answer.rest.erase("args");
  return answer;
}

Answer strictest(const Answers& answers, Answer most) {
  for (const Answer& answer : answers) {
    if (strictness(answer.action) > strictness(most.action)) {
      most = answer;
    }
  }
  return unconditional(most);
}

Answers without_default(const Answer& only, const Answer& after) {
  return only.same_as(after) ? Answers() : Answers{only};
}

// The answers of `changed`, and `rest` for all arguments that they leave over.
std::optional<Answers> with_rest(const Answers& changed, const Answer& rest) {
  Answers others;
  std::ranges::copy_if(changed, std::back_inserter(others),
                       [&](const Answer& answer) { return !answer.same_as(rest); });
  if (others.empty()) {
    return Answers{rest};
  }
  if (others.size() != 1) {
    return std::nullopt;
  }
  std::optional<Answers> left = elsewhere(rest, others.front());
  if (left) {
    left->insert(left->begin(), others.front());
  }
  return left;
}

bool contains_same(const Answers& answers, const Answer& wanted) {
  return std::ranges::any_of(answers, [&](const Answer& answer) { return answer.same_as(wanted); });
}

bool all_same_as(const Answers& answers, const Answer& one) {
  return std::ranges::all_of(answers, [&](const Answer& answer) { return answer.same_as(one); });
}

bool same(const Answers& a, const Answers& b) {
  return std::ranges::equal(a, b, [](const Answer& x, const Answer& y) { return x.same_as(y); });
}

Answers with_conditions(const Answers& have, const Stricter& stricter) {
  Answers changed;
  for (const Answer& answer : have) {
    Answer now = stricter(answer);
    if (!now.same_as(answer) && answer.conditional()) {
      now.rest["args"] = answer.rest.at("args");
    }
    changed.push_back(now.same_as(answer) ? answer : std::move(now));
  }
  return changed;
}

}  // namespace

bool Answer::conditional() const { return Rule{{}, action, rest}.conditional(); }

int Answer::error() const {
  if (action != "SCMP_ACT_ERRNO" && action != "SCMP_ACT_TRACE") {
    return 0;
  }
  const auto given = rest.find("errnoRet");
  return given != rest.end() && given->is_number_integer() ? given->get<int>() : EPERM;
}

bool Answer::same_as(const Answer& other) const {
  return action == other.action && error() == other.error();
}

bool Answer::refuses() const { return strictness(action) >= refusing(); }

Answer refusal(int error) { return {"SCMP_ACT_ERRNO", {{"errnoRet", error}}}; }

Answers answers_of(const Filter& filter, const std::string& name) {
  Answers answers;
  for (const Rule& rule : filter.rules) {
    if (rule.has(name)) {
      answers.push_back({rule.action, rule.rest});
    }
  }
  return answers;
}

Answer default_of(const Filter& filter) {
  Answer answer{filter.default_action, json::object()};
  const auto error = filter.rest.find("defaultErrnoRet");
  // crun refuses an errno of an action that has none.
  const bool has_error = answer.action == "SCMP_ACT_ERRNO" || answer.action == "SCMP_ACT_TRACE";
  if (has_error && error != filter.rest.end()) {
    answer.rest["errnoRet"] = *error;
  }
  return answer;
}

void set_default(Filter& filter, const Answer& answer) {
  filter.default_action = answer.action;
  filter.rest.erase("defaultErrnoRet");
  const auto error = answer.rest.find("errnoRet");
  if (error != answer.rest.end()) {
    filter.rest["defaultErrnoRet"] = *error;
  }
}

Answers change(const Answers& have, const Answer& before, const Answer& after,
               const Stricter& stricter) {
  const Answers changed = with_conditions(have, stricter);
  const Answer rest = unconditional(stricter(before));
  if (before.same_as(after) && rest.same_as(before) && same(changed, have)) {
    return have;
  }
  if (changed.empty()) {
    return without_default(rest, after);
  }
  if (rest.same_as(after) || !std::ranges::all_of(changed, &Answer::conditional)) {
    return all_same_as(changed, after) ? Answers() : changed;
  }
  if (const auto whole = with_rest(changed, rest)) {
    return *whole;
  }
  // Composed before: what could be said has been.
  if (contains_same(changed, rest)) {
    return changed;
  }
  return strictness(rest.action) < strictness("SCMP_ACT_NOTIFY") && before.same_as(after)
             ? have
             : Answers{strictest(changed, rest)};
}

bool Changes::set(const Filter& filter, const std::string& name, const Answers& now) {
  const Answers have = answers_of(filter, name);
  const auto equal = [](const Answer& a, const Answer& b) {
    return a.action == b.action && a.rest == b.rest;
  };
  if (std::ranges::is_permutation(have, now, equal)) {
    return false;
  }
  names_.insert(name);
  for (const Answer& answer : now) {
    const auto same = std::ranges::find_if(rules_, [&](const Rule& rule) {
      return rule.action == answer.action && rule.rest == answer.rest;
    });
    Rule& rule =
        same != rules_.end() ? *same : rules_.emplace_back(Rule{{}, answer.action, answer.rest});
    if (!rule.has(name)) {
      rule.names.push_back(name);
    }
  }
  return true;
}

void Changes::apply(Filter& filter) const {
  for (Rule& rule : filter.rules) {
    std::erase_if(rule.names, [&](const std::string& name) { return names_.contains(name); });
  }
  std::erase_if(filter.rules, [](const Rule& rule) { return rule.names.empty(); });
  filter.rules.insert(filter.rules.end(), rules_.begin(), rules_.end());
}

}  // namespace holdfast::seccomp
