#include "src/engine/crio.h"

#include <string>

#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

constexpr const char* kOurs = "etc/crio/crio.conf.d/50-holdfast.conf";

class CrioTest : public EngineTest {
 protected:
  [[nodiscard]] bool says(const std::string& text) const {
    return dir.read(kOurs).find(text) != std::string::npos;
  }
  [[nodiscard]] std::vector<std::string> notes() const {
    const auto plan = plan_install(Engine::kCrio, site());
    return plan.ok() ? plan.value().notes : std::vector<std::string>{plan.error().message};
  }
};

TEST_F(CrioTest, AddsToTheHooksThatAreListed) {
  dir.write("etc/crio/crio.conf", "[crio.runtime]\nhooks_dir = [\"/first\"]\n");
  dir.write("etc/crio/crio.conf.d/10-crio.conf", "[crio.runtime]\nhooks_dir = [\"/mine\"]\n");
  std::filesystem::create_directories(dir.path("etc/crio/crio.conf.d/20-directory"));
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_TRUE(says("hooks_dir = [\"/mine\", \"/etc/crio/hooks.d\"]\n"));
  EXPECT_TRUE(notes().empty());
}

TEST_F(CrioTest, IsLikeTheDefaultRuntime) {
  dir.write("etc/crio/crio.conf.d/10-crio.conf",
            "[crio.runtime]\ndefault_runtime = \"crun\"\n"
            "[crio.runtime.runtimes.crun]\nruntime_path = \"/usr/libexec/crio/crun\"\n"
            "runtime_root = \"/run/crun\"\nmonitor_path = \"/usr/libexec/crio/conmon\"\n"
            "allowed_annotations = [\"io.containers.trace-syscall\"]\n"
            "[crio.runtime.runtimes.runc]\nmonitor_path = \"/wrong\"\n");
  programs.real = "/usr/libexec/crio/crun";
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_TRUE(says("\"monitor_path\" = '/usr/libexec/crio/conmon'\n")) << dir.read(kOurs);
  EXPECT_TRUE(says("\"allowed_annotations\" = "));
  EXPECT_TRUE(says("runtime_path = \"/usr/bin/holdfast-runtime\"\n"));
  EXPECT_FALSE(says("/run/crun"));
  EXPECT_FALSE(says("/wrong"));
  EXPECT_TRUE(notes().empty());
}

TEST_F(CrioTest, AnotherRuntimeThanHoldfastWouldExecuteIsTold) {
  dir.write("etc/crio/crio.conf",
            "[crio.runtime.runtimes.crun]\nruntime_path = \"/usr/libexec/crio/crun\"\n");
  programs.real = "/usr/bin/crun";
  ASSERT_EQ(notes().size(), 1U);
  EXPECT_NE(notes()[0].find("/usr/libexec/crio/crun, and holdfast would execute /usr/bin/crun"),
            std::string::npos);
}

TEST_F(CrioTest, HoldfastsOwnIsNoModel) {
  dir.write("etc/crio/crio.conf",
            "[crio.runtime]\ndefault_runtime = \"holdfast\"\n"
            "[crio.runtime.runtimes.holdfast]\nmonitor_path = \"/old\"\n");
  dir.write("etc/crio/crio.conf.d/.50-holdfast.conf.holdfast-tmp", "[half a li");
  options.by_default = true;
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_FALSE(says("/old"));
}

TEST_F(CrioTest, VirtualMachinesAreNoModel) {
  dir.write("etc/crio/crio.conf",
            "[crio.runtime]\ndefault_runtime = \"kata\"\n"
            "[crio.runtime.runtimes.kata]\nruntime_type = \"vm\"\nmonitor_path = \"/kata\"\n");
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_FALSE(says("/kata"));
}

TEST_F(CrioTest, AnotherDefaultIsNotReplacedUnforced) {
  dir.write("etc/crio/crio.conf", "[crio.runtime]\ndefault_runtime = \"kata\"\n");
  options.by_default = true;
  EXPECT_NE(install(Engine::kCrio).find("another default runtime, \"kata\""), std::string::npos);
  EXPECT_FALSE(has("/etc/crio/crio.conf.d"));
  options.force = true;
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_TRUE(says("default_runtime = \"holdfast\"\n"));
}

TEST_F(CrioTest, UsualDefaultIsReplaced) {
  dir.write("etc/crio/crio.conf", "[crio.runtime]\ndefault_runtime = \"crun\"\n");
  options.by_default = true;
  EXPECT_EQ(install(Engine::kCrio), "");
  EXPECT_TRUE(says("default_runtime = \"holdfast\"\n"));
}

TEST_F(CrioTest, LaterFilesThatUndoItAreTold) {
  dir.write("etc/crio/crio.conf.d/60-later.conf",
            "[crio.runtime]\nhooks_dir = [\"/mine\"]\ndefault_runtime = \"runc\"\n");
  options.by_default = true;
  ASSERT_EQ(notes().size(), 2U);
  EXPECT_NE(notes()[0].find("60-later.conf is read after holdfast's file, and its default_runtime"),
            std::string::npos);
  EXPECT_NE(notes()[1].find("its hooks_dir leaves out \"/etc/crio/hooks.d\""), std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
