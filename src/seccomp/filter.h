// linux.seccomp of config.json as typed rules, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"

namespace holdfast::seccomp {

// One entry of "syscalls". What is not named here stays in `rest` and is written back.
struct Rule {
  std::vector<std::string> names;
  std::string action;
  nlohmann::json rest;  // the entry without names and action: args, errnoRet, comments

  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] bool conditional() const;
};

// One entry of "args" of a rule; what is missing is 0 or "".
struct Condition {
  std::uint64_t index = 0;  // of the argument, from 0
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
  std::string op;  // "SCMP_CMP_EQ", …
};
Condition read_condition(const nlohmann::json& arg);

struct Filter {
  std::string default_action;
  std::vector<Rule> rules;
  nlohmann::json rest;  // architectures, flags, listenerPath, defaultErrnoRet …
};

// How strict an action is, in the kernel's own order (seccomp(2): the strictest of several filters
// wins): 0 is allow; -1 is a word that is not an action.
int strictness(const std::string& action);
// Of SCMP_ACT_ERRNO: everything at least this strict keeps the call from happening.
int refusing();

// Of a filter, and of an entry beside its names. Each name is answered by every rule about it, so
// that the work grows with both; engines write some 500 names, and entries of a few hundred bytes.
inline constexpr std::size_t kMaxNames = 4096;
inline constexpr std::size_t kMaxRuleBytes = 8192;

// Whether the filter keeps to kMaxNames: one that was read does, one that was made need not.
Status check_size(const Filter& filter);

Result<Filter> read_filter(const nlohmann::json& engine);
// The filter that config.json without one stands for: everything is allowed, on every architecture
// that this kernel runs. (An architecture that is not listed is killed.)
Filter open_filter();
nlohmann::json write_filter(const Filter& filter);

}  // namespace holdfast::seccomp
