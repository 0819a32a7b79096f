#include "src/seccomp/simulate.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "src/base/unique_fd.h"
#include "src/seccomp/answer.h"
#include "src/seccomp/filter.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

std::uint32_t action_of(const Answer& answer) {
  static const std::map<std::string, std::uint32_t> kActions = {
      {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
      {"SCMP_ACT_LOG", SCMP_ACT_LOG},
      {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
      {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
      {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
      {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
      {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS}};
  const auto simple = kActions.find(answer.action);
  if (simple != kActions.end()) {
    return simple->second;
  }
  if (answer.action == "SCMP_ACT_TRACE") {
    return SCMP_ACT_TRACE(static_cast<std::uint32_t>(answer.error()));
  }
  return SCMP_ACT_ERRNO(static_cast<std::uint32_t>(answer.error()));
}

scmp_compare compare_of(const std::string& op) {
  static const std::map<std::string, scmp_compare> kOperators = {
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_LT", SCMP_CMP_LT},
      {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_GE", SCMP_CMP_GE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
  const auto found = kOperators.find(op);
  return found == kOperators.end() ? _SCMP_CMP_MIN : found->second;
}

std::vector<scmp_arg_cmp> conditions_of(const Rule& rule) {
  std::vector<scmp_arg_cmp> conditions;
  if (!rule.conditional()) {
    return conditions;
  }
  for (const json& arg : rule.rest.at("args")) {
    const Condition condition = read_condition(arg);
    conditions.push_back({static_cast<unsigned>(condition.index), compare_of(condition.op),
                          condition.value, condition.value_two});
  }
  return conditions;
}

// runc makes alternatives of several conditions on one argument.
std::vector<std::vector<scmp_arg_cmp>> alternatives(const std::vector<scmp_arg_cmp>& conditions) {
  std::set<unsigned> seen;
  const bool one_each = std::ranges::all_of(
      conditions, [&](const scmp_arg_cmp& one) { return seen.insert(one.arg).second; });
  if (one_each) {
    return {conditions};
  }
  std::vector<std::vector<scmp_arg_cmp>> all;
  for (const scmp_arg_cmp& condition : conditions) {
    all.push_back({condition});
  }
  return all;
}

// Runtimes leave out rules whose answer is the default anyway (libseccomp would refuse them) and
// names that their libseccomp does not know.
Status add_rule(const Context& context, const Rule& rule, std::uint32_t default_action) {
  const std::uint32_t action = action_of({rule.action, rule.rest});
  for (const auto& conditions : alternatives(conditions_of(rule))) {
    for (const std::string& name : rule.names) {
      const int call = seccomp_syscall_resolve_name(name.c_str());
      if (call == __NR_SCMP_ERROR || action == default_action) {
        continue;
      }
      const int status = seccomp_rule_add_array(
          context.get(), action, call, static_cast<unsigned>(conditions.size()), conditions.data());
      if (status != 0) {
        return fail(fmt::format("libseccomp refuses the rule {} for {}: {}; correct the filter",
                                rule.action, name, std::strerror(-status)));
      }
    }
  }
  return Ok{};
}

Result<Context> build(const json& document) {
  const Filter filter = TRY(read_filter(document));
  const std::uint32_t default_action = action_of(default_of(filter));
  Context context(seccomp_init(default_action));
  if (!context) {
    return fail("libseccomp takes no filter with the default action " + filter.default_action);
  }
  for (const std::uint32_t architecture : architectures_of(document)) {
    const int status = seccomp_arch_add(context.get(), architecture);
    if (status != 0 && status != -EEXIST) {
      return fail(fmt::format("libseccomp cannot filter for architecture {:#x}", architecture));
    }
  }
  for (const Rule& rule : filter.rules) {
    TRY(add_rule(context, rule, default_action));
  }
  return context;
}

// What libseccomp's `write` puts into a file.
template <typename Write>
Result<std::string> exported(const json& filter, Write write) {
  const Context context = TRY(build(filter));
  const base::UniqueFd fd(memfd_create("filter", MFD_CLOEXEC));
  if (!fd.valid() || write(context.get(), fd.get()) != 0) {
    return fail("libseccomp cannot write the filter into memory");
  }
  const off_t size = lseek(fd.get(), 0, SEEK_END);
  std::string bytes(static_cast<std::size_t>(std::max<off_t>(size, 0)), '\0');
  if (size <= 0 || pread(fd.get(), bytes.data(), bytes.size(), 0) != size) {
    return fail("cannot read the filter that libseccomp made");
  }
  return bytes;
}

}  // namespace

Result<Simulation> Simulation::of(const json& filter) {
  const std::string bytes = TRY(exported(filter, seccomp_export_bpf));
  Simulation simulation;
  simulation.program_.resize(bytes.size() / sizeof(Instruction));
  std::memcpy(simulation.program_.data(), bytes.data(),
              simulation.program_.size() * sizeof(Instruction));
  return simulation;
}

std::uint32_t Simulation::answer(const seccomp_data& call) const {
  std::uint32_t a = 0;
  for (std::size_t pc = 0; pc < program_.size(); ++pc) {
    const Instruction& op = program_[pc];
    switch (op.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (op.k > sizeof(call) - sizeof(a)) {
          return SECCOMP_RET_KILL_THREAD;
        }
        std::memcpy(&a, reinterpret_cast<const char*>(&call) + op.k, sizeof(a));
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= op.k;
        break;
      case BPF_JMP | BPF_JA:
        pc += op.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        pc += a == op.k ? op.jt : op.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        pc += a > op.k ? op.jt : op.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        pc += a >= op.k ? op.jt : op.jf;
        break;
      case BPF_RET | BPF_K:
        return op.k;
      default:
        // libseccomp makes no other instruction.
        return SECCOMP_RET_KILL_THREAD;
    }
  }
  return SECCOMP_RET_KILL_THREAD;
}

Result<std::string> pseudo_code(const json& filter) { return exported(filter, seccomp_export_pfc); }

std::vector<std::uint32_t> architectures_of(const json& filter) {
  std::vector<std::uint32_t> tokens = {seccomp_arch_native()};
  for (const json& item : filter.value("architectures", json::array())) {
    std::string name = item.is_string() ? item.get<std::string>() : "";
    name.erase(0, std::string("SCMP_ARCH_").size());
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::uint32_t token = seccomp_arch_resolve_name(name.c_str());
    if (token != 0 && std::ranges::count(tokens, token) == 0) {
      tokens.push_back(token);
    }
  }
  return tokens;
}

int strictness(std::uint32_t answer) {
  static const std::map<std::uint32_t, const char*> kActions = {
      {SECCOMP_RET_ALLOW, "SCMP_ACT_ALLOW"},
      {SECCOMP_RET_LOG, "SCMP_ACT_LOG"},
      {SECCOMP_RET_TRACE, "SCMP_ACT_TRACE"},
      {SECCOMP_RET_USER_NOTIF, "SCMP_ACT_NOTIFY"},
      {SECCOMP_RET_ERRNO, "SCMP_ACT_ERRNO"},
      {SECCOMP_RET_TRAP, "SCMP_ACT_TRAP"},
      {SECCOMP_RET_KILL_THREAD, "SCMP_ACT_KILL_THREAD"}};
  const auto found = kActions.find(answer & SECCOMP_RET_ACTION_FULL);
  return strictness(std::string(found == kActions.end() ? "SCMP_ACT_KILL_PROCESS" : found->second));
}

}  // namespace holdfast::seccomp
