#include "src/seccomp/explain.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/seccomp/compose.h"
#include "src/seccomp/simulate.h"

namespace holdfast::seccomp {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

json engine(const std::string& name) {
  const std::string path = std::string(HOLDFAST_TEST_DATA) + "/seccomp/" + name + ".json";
  return json::parse(base::read_file(path, 1 << 20).value());
}

profile::SeccompPlan plan() {
  profile::SeccompPlan plan;
  plan.base = true;
  plan.deny = {"ptrace", "chmod", "mount"};
  plan.log = {"openat"};
  plan.error = EACCES;
  return plan;
}

Explainer explainer(const std::optional<json>& of, const profile::SeccompPlan& with,
                    bool enforcing = true) {
  const json composed = compose(of, with, enforcing).value().value();
  return Explainer::of(of, composed, with, enforcing, "web").value();
}

TEST(Explain, SaysWhoDecided) {
  const Explainer docker = explainer(engine("moby"), plan());
  EXPECT_EQ(docker.call("ptrace").why, "profile web: /seccomp/deny");
  EXPECT_EQ(docker.call("ptrace").engine, Lines{"allowed"});
  EXPECT_EQ(docker.call("ptrace").composed, Lines{"refused with EACCES"});
  EXPECT_EQ(docker.call("openat").why, "profile web: /seccomp/log");
  EXPECT_EQ(docker.call("openat").composed, Lines{"allowed and logged"});
  EXPECT_EQ(docker.call("keyctl").why, "engine");
  EXPECT_EQ(docker.call("keyctl").composed, Lines{"refused with EPERM"});
  EXPECT_EQ(docker.call("read").why, "engine");
  const Explainer podman = explainer(engine("containers-common"), plan());
  EXPECT_EQ(podman.call("keyctl").why, "base container");
  EXPECT_EQ(podman.call("keyctl").composed, Lines{"refused with EACCES"});
  profile::SeccompPlan guarding = plan();
  guarding.refuse.fill(true);
  EXPECT_EQ(explainer(std::nullopt, guarding, false).call("clone").why, "base container");
}

TEST(Explain, SaysUnderWhichConditions) {
  const Explainer docker = explainer(engine("moby"), plan());
  EXPECT_EQ(docker.call("socket").composed,
            (Lines{"allowed if argument 0 != 0x28", "otherwise refused with EPERM"}));
  EXPECT_EQ(docker.call("clone").composed,
            (Lines{"allowed if argument 0 & 0x7e020000 == 0x0", "otherwise refused with EPERM"}));
}

TEST(Explain, SaysWhatIsNotListedIsRefused) {
  profile::SeccompPlan limited;
  limited.allow_only = {"execve", "exit_group"};
  const Explainer alone = explainer(std::nullopt, limited);
  EXPECT_EQ(alone.call("read").why, "profile web: /seccomp/allow_only");
  EXPECT_EQ(alone.call("execve").composed, Lines{"allowed"});
  EXPECT_EQ(alone.others().composed, Lines{"refused with EPERM"});
  EXPECT_EQ(alone.others().why, "profile web: /seccomp/allow_only");
}

TEST(Explain, KnowsTheArchitecturesOfACall) {
  const Explainer docker = explainer(engine("moby"), plan());
  EXPECT_EQ(docker.call("read").architectures, (Lines{"x86_64", "x86", "x32"}));
  EXPECT_EQ(docker.call("chown32").architectures, Lines{"x86"});
}

// What is said of a call without conditions is what the filter answers.
TEST(Explain, AgreesWithTheFilter) {
  const std::map<std::string, std::uint32_t> answers = {
      {"allowed", SECCOMP_RET_ALLOW},
      {"allowed and logged", SECCOMP_RET_LOG},
      {"refused with EPERM", SECCOMP_RET_ERRNO | EPERM},
      {"refused with EACCES", SECCOMP_RET_ERRNO | EACCES},
      {"refused with ENOSYS", SECCOMP_RET_ERRNO | ENOSYS}};
  int compared = 0;
  for (const char* name : {"moby", "containers-common", "containerd"}) {
    const json composed = compose(engine(name), plan(), true).value().value();
    const Simulation simulation = Simulation::of(composed).value();
    const Explainer explaining = explainer(engine(name), plan());
    for (const std::string& call : explaining.names()) {
      const Lines said = explaining.call(call).composed;
      const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, call.c_str());
      if (number < 0 || said.size() != 1) {
        continue;
      }
      const seccomp_data made{number, SCMP_ARCH_X86_64, 0, {}};
      EXPECT_EQ(simulation.answer(made), answers.at(said.front())) << name << " " << call;
      ++compared;
    }
  }
  EXPECT_GT(compared, 700);
}

}  // namespace
}  // namespace holdfast::seccomp
