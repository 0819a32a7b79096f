#include "src/engine/programs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/unit/engine/fixture.h"

namespace holdfast::engine {
namespace {

class ProgramsTest : public EngineTest {
 protected:
  ProgramsTest() {
    for (const char* path : {"usr/bin/holdfast-runtime", "usr/bin/runc", "usr/bin/crun"}) {
      program(path);
    }
    std::filesystem::create_symlink("holdfast-runtime", dir.path("usr/bin/holdfast-runc"));
  }
  void program(const std::string& path) const {
    dir.write(path, "");
    chmod(dir.path(path).c_str(), 0755);
  }
  [[nodiscard]] Programs chosen(Engine engine, const std::string& over = "") const {
    return programs_for(engine, tree, programs, over).value();
  }
};

TEST_F(ProgramsTest, EachEngineKeepsItsRuntime) {
  EXPECT_EQ(chosen(Engine::kDocker).runtime, "/usr/bin/holdfast-runc");
  EXPECT_EQ(chosen(Engine::kDocker).real, "/usr/bin/runc");
  EXPECT_EQ(chosen(Engine::kPodman).runtime, "/usr/bin/holdfast-runtime");
  EXPECT_EQ(chosen(Engine::kPodman).real, "/usr/bin/crun");
}

TEST_F(ProgramsTest, ConfigurationChooses) {
  dir.write("etc/holdfast/holdfast.json", R"({"runtime": "/opt/runc"})");
  EXPECT_EQ(chosen(Engine::kDocker).runtime, "/usr/bin/holdfast-runtime");
  EXPECT_EQ(chosen(Engine::kDocker).real, "/opt/runc");
  EXPECT_EQ(chosen(Engine::kDocker, "runc").real, "/usr/bin/runc");
}

TEST_F(ProgramsTest, NameThatIsNotThereIsRefused) {
  const auto refused = programs_for(Engine::kDocker, tree, programs, "crun");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("holdfast-crun is not there"), std::string::npos);
}

TEST_F(ProgramsTest, NameThatLeadsToWhatOthersOwnIsRefused) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  program("home/holdfast-runtime");
  ASSERT_EQ(chown(dir.path("home").c_str(), 1000, 1000), 0);
  std::filesystem::remove(dir.path("usr/bin/holdfast-runc"));
  std::filesystem::create_symlink("/home/holdfast-runtime", dir.path("usr/bin/holdfast-runc"));
  const auto refused = programs_for(Engine::kDocker, tree, programs, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("can change /home (owner 1000"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
