#include "tests/unit/seccomp/simulate.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>

namespace holdfast::seccomp {
namespace {

using nlohmann::json;

std::uint32_t action_of(const std::string& name, unsigned errno_value) {
  static const std::map<std::string, std::uint32_t> kActions = {
      {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
      {"SCMP_ACT_LOG", SCMP_ACT_LOG},
      {"SCMP_ACT_KILL", SCMP_ACT_KILL},
      {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
      {"SCMP_ACT_TRAP", SCMP_ACT_TRAP}};
  return name == "SCMP_ACT_ERRNO" ? SCMP_ACT_ERRNO(errno_value) : kActions.at(name);
}

std::vector<scmp_arg_cmp> conditions_of(const json& rule) {
  static const std::map<std::string, scmp_compare> kOperators = {
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
  std::vector<scmp_arg_cmp> conditions;
  for (const json& arg : rule.value("args", json::array())) {
    conditions.push_back({arg.value("index", 0U), kOperators.at(arg.at("op").get<std::string>()),
                          arg.value("value", std::uint64_t{0}),
                          arg.value("valueTwo", std::uint64_t{0})});
  }
  return conditions;
}

// runc leaves out rules whose answer is the default anyway; libseccomp would refuse them.
void add_rule(scmp_filter_ctx context, const json& rule, std::uint32_t default_action) {
  const std::uint32_t action =
      action_of(rule.at("action").get<std::string>(), rule.value("errnoRet", 1U));
  const std::vector<scmp_arg_cmp> conditions = conditions_of(rule);
  for (const json& name : rule.at("names")) {
    const int number = seccomp_syscall_resolve_name(name.get<std::string>().c_str());
    if (number == __NR_SCMP_ERROR || action == default_action) {
      continue;
    }
    EXPECT_EQ(seccomp_rule_add_array(context, action, number,
                                     static_cast<unsigned>(conditions.size()), conditions.data()),
              0)
        << name << " " << rule;
  }
}

}  // namespace

Simulation::Simulation(const json& filter) {
  const std::uint32_t default_action =
      action_of(filter.at("defaultAction").get<std::string>(), filter.value("defaultErrnoRet", 1U));
  scmp_filter_ctx context = seccomp_init(default_action);
  for (const json& rule : filter.at("syscalls")) {
    add_rule(context, rule, default_action);
  }
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  EXPECT_EQ(seccomp_export_bpf(context, fd), 0);
  program_.resize(static_cast<std::size_t>(lseek(fd, 0, SEEK_END)) / sizeof(Instruction));
  const auto bytes = static_cast<ssize_t>(program_.size() * sizeof(Instruction));
  EXPECT_EQ(pread(fd, program_.data(), static_cast<std::size_t>(bytes), 0), bytes);
  close(fd);
  seccomp_release(context);
}

std::uint32_t Simulation::answer(const std::string& syscall, std::uint64_t arg0) const {
  seccomp_data data{};
  data.nr = seccomp_syscall_resolve_name(syscall.c_str());
  data.arch = seccomp_arch_native();
  data.args[0] = arg0;
  std::uint32_t a = 0;
  for (std::size_t pc = 0; pc < program_.size(); ++pc) {
    const Instruction& op = program_[pc];
    switch (op.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + op.k, sizeof(a));
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
        ADD_FAILURE() << "instruction " << op.code;
        return 0;
    }
  }
  ADD_FAILURE() << "fell off the end";
  return 0;
}

}  // namespace holdfast::seccomp
