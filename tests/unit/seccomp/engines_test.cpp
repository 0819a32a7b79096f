// What composing does to the default filters of engines, proven over every system call of every
// architecture they filter and over arguments around every value they compare with.
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/seccomp/compose.h"
#include "src/seccomp/filter.h"
#include "src/seccomp/groups.h"
#include "src/seccomp/simulate.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;
using profile::SeccompPlan;
using Names = std::set<std::string>;

// Above the last call of any architecture; all above are alike.
constexpr int kNumbers = 700;
constexpr int kX32Bit = 0x40000000;
constexpr std::uint64_t kHighBit = std::uint64_t{1} << 32;

std::optional<json> engine(const std::string& name) {
  if (name == "none") {
    return std::nullopt;
  }
  if (name == "open") {
    return json{{"defaultAction", "SCMP_ACT_ALLOW"},
                {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
                {"syscalls",
                 {{{"names", {"mount"}},
                   {"action", "SCMP_ACT_ERRNO"},
                   {"args", {{{"index", 3}, {"value", 0x1000}, {"op", "SCMP_CMP_EQ"}}}}},
                  {{"names", {"keyctl", "ptrace"}}, {"action", "SCMP_ACT_KILL_PROCESS"}}}}};
  }
  const std::string path = std::string(HOLDFAST_TEST_DATA) + "/seccomp/" + name + ".json";
  return json::parse(base::read_file(path, 1 << 20).value());
}

// Values of each argument, by index.
using Samples = std::map<unsigned, std::set<std::uint64_t>>;

void add_samples(const json& filter, const std::string& name, Samples& samples) {
  for (const json& rule : filter.at("syscalls")) {
    if (std::ranges::count(rule.at("names"), json(name)) == 0) {
      continue;
    }
    for (const json& arg : rule.value("args", json::array())) {
      const auto value = arg.at("value").get<std::uint64_t>();
      auto& values = samples[arg.at("index").get<unsigned>()];
      for (const std::uint64_t near : {value - 1, value, value + 1, ~value, value | kHighBit}) {
        values.insert(near);
      }
      for (std::uint64_t bit = 1; bit != 0; bit <<= 1) {
        values.insert(bit);
      }
    }
  }
}

std::vector<seccomp_data> calls_of(seccomp_data call, const Samples& samples) {
  std::vector<seccomp_data> calls = {call};
  std::fill(std::begin(call.args), std::end(call.args), ~0ULL);
  calls.push_back(call);
  std::vector<seccomp_data> crossed = {seccomp_data{call.nr, call.arch, 0, {}}};
  for (const auto& [index, values] : samples) {
    std::vector<seccomp_data> next;
    for (const seccomp_data& one : crossed) {
      for (const std::uint64_t value : values) {
        next.push_back(one);
        next.back().args[index] = value;
      }
    }
    crossed = std::move(next);
  }
  calls.insert(calls.end(), crossed.begin(), crossed.end());
  return calls;
}

std::string name_of(std::uint32_t architecture, int number) {
  char* text = seccomp_syscall_resolve_num_arch(architecture, number);
  std::string name = text == nullptr ? "" : text;
  free(text);
  return name;
}

// Whether 32-bit x86 makes the call through socketcall or ipc.
bool is_multiplexed(const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name.c_str());
  return number <= -101 && number >= -224;
}

struct Case {
  SeccompPlan plan;
  bool enforcing = true;
};

// Names that the plan may change.
Names concerned(const Case& one) {
  Names names = {"clone", "clone3"};
  const Names base = refused_calls(one.plan, one.enforcing).names;
  for (const auto* list : {&one.plan.deny, &one.plan.log, &one.plan.notify}) {
    names.insert(list->begin(), list->end());
  }
  names.insert(base.begin(), base.end());
  if (std::ranges::any_of(names, is_multiplexed) || !one.plan.allow_only.empty()) {
    names.insert({"socketcall", "ipc"});
  }
  return names;
}

bool lists(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::count(list, name) != 0;
}

struct Proof {
  const Case& one;
  Names changeable;
  Simulation before;
  Simulation after;

  void check(const std::string& name, const seccomp_data& call) const {
    const std::uint32_t was = before.answer(call);
    const std::uint32_t is = after.answer(call);
    const std::uint32_t refused = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(one.plan.error);
    const int killing = strictness(std::string("SCMP_ACT_TRAP"));
    EXPECT_GE(strictness(is), strictness(was)) << at(name, call) << was << " " << is;
    if (lists(one.plan.deny, name)) {
      EXPECT_TRUE(is == refused || strictness(is) >= killing) << at(name, call) << is;
      return;
    }
    const bool limited = !one.plan.allow_only.empty() && !lists(one.plan.allow_only, name);
    if (limited && !one.plan.log_others) {
      EXPECT_GE(strictness(is), refusing()) << at(name, call) << is;
    } else if (!limited && !changeable.contains(name)) {
      EXPECT_EQ(is, was) << at(name, call);
    }
  }

  static std::string at(const std::string& name, const seccomp_data& call) {
    return name + " " + std::to_string(call.nr) + " of " + std::to_string(call.arch) + "(" +
           std::to_string(call.args[0]) + ", …): ";
  }
};

// How many calls were tried.
std::size_t prove(const std::string& engine_name, const Case& one) {
  std::optional<json> of = engine(engine_name);
  if (of && !one.plan.notify.empty()) {
    (*of)["listenerPath"] = "/run/agent.sock";
  }
  const Result<std::optional<json>> composed = compose(of, one.plan, one.enforcing);
  EXPECT_TRUE(composed.ok()) << composed.error().message;
  const json after = composed.value().value();
  const json before = of ? *of : write_filter(open_filter());
  EXPECT_EQ(compose(after, one.plan, one.enforcing).value().value(), after) << "once more";
  const Result<Simulation> built = Simulation::of(after);
  if (!built.ok()) {
    ADD_FAILURE() << built.error().message;
    return 0;
  }
  const Proof proof{one, concerned(one), Simulation::of(before).value(), built.value()};
  std::size_t tried = 0;
  for (const std::uint32_t architecture : architectures_of(before)) {
    for (int number = 0; number < kNumbers; ++number) {
      seccomp_data call{};
      call.arch = architecture == SCMP_ARCH_X32 ? std::uint32_t{SCMP_ARCH_X86_64} : architecture;
      call.nr = architecture == SCMP_ARCH_X32 ? number | kX32Bit : number;
      const std::string name = name_of(architecture, call.nr);
      Samples samples;
      for (const json* filter : {&before, &after}) {
        add_samples(*filter, name, samples);
      }
      if (name == "socketcall" || name == "ipc") {
        for (std::uint64_t which = 0; which < 30; ++which) {
          samples[0].insert(which);
        }
      }
      for (const seccomp_data& made : calls_of(call, samples)) {
        proof.check(name, made);
        ++tried;
      }
    }
  }
  return tried;
}

SeccompPlan container() {
  SeccompPlan plan;
  plan.base = true;
  plan.refuse.fill(true);
  return plan;
}

class Engines : public testing::TestWithParam<const char*> {
 protected:
  void prove_both(const SeccompPlan& plan) {
    for (const bool enforcing : {true, false}) {
      EXPECT_GT(prove(GetParam(), {plan, enforcing}), std::size_t{3} * kNumbers);
    }
  }
};

TEST_P(Engines, TheBaseOnlyNarrows) { prove_both(container()); }

TEST_P(Engines, DeniedCallsGiveTheProfilesErrno) {
  for (const int error : {EPERM, ENOSYS, EACCES}) {
    SeccompPlan plan = container();
    plan.error = error;
    plan.deny = {"ptrace", "personality", "socket", "keyctl", "mount", "io_uring_setup", "shmat"};
    prove_both(plan);
  }
}

TEST_P(Engines, LoggedAndNotifiedCallsAreNoWider) {
  SeccompPlan plan = container();
  plan.log = {"openat", "personality", "mount", "chmod", "clone", "bind"};
  prove_both(plan);
  if (engine(GetParam())) {
    plan.notify = {"openat", "mkdir", "mount", "personality", "connect"};
    prove_both(plan);
  }
}

TEST_P(Engines, AListOfCallsRefusesAllOthers) {
  for (const int error : {EPERM, ENOSYS}) {
    SeccompPlan plan = container();
    plan.error = error;
    plan.allow_only = {"execve", "exit_group",  "read",  "write",      "openat",    "mmap",
                       "clone",  "personality", "mount", "socketcall", "getsockopt"};
    prove_both(plan);
    plan.deny = {"openat"};
    prove_both(plan);
  }
}

TEST_P(Engines, DetectedAListOnlyLogs) {
  SeccompPlan plan;
  plan.allow_only = {"execve", "exit_group", "read", "clone", "mount"};
  plan.log_others = true;
  EXPECT_GT(prove(GetParam(), {plan, true}), std::size_t{3} * kNumbers);
}

INSTANTIATE_TEST_SUITE_P(Default, Engines,
                         testing::Values("moby", "containers-common", "containerd", "none", "open"),
                         [](const auto& made) {
                           std::string name = made.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace holdfast::seccomp
