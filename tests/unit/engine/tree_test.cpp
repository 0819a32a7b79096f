#include "src/engine/tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>

#include "tests/unit/temp_dir.h"

namespace holdfast::engine {
namespace {

class TreeTest : public testing::Test {
 protected:
  [[nodiscard]] mode_t mode(const std::string& name) const {
    struct stat status {};
    return stat(dir.path(name).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  [[nodiscard]] std::string refusal(const std::string& path) const {
    const Status status = tree.must_be_roots(path);
    return status.ok() ? "" : status.error().message;
  }
  test::TempDir dir;
  Tree tree = Tree::open(dir.path()).value();
};

TEST_F(TreeTest, ReadsNothingWhereNothingIs) {
  EXPECT_EQ(tree.read("/etc/none").value(), std::nullopt);
  EXPECT_TRUE(tree.list("/etc").value().empty());
}

TEST_F(TreeTest, WritesWithDirectories) {
  ASSERT_TRUE(tree.write("/etc/a/b.conf", "text").ok());
  EXPECT_EQ(dir.read("etc/a/b.conf"), "text");
  EXPECT_EQ(mode("etc/a/b.conf"), 0644U);
  EXPECT_EQ(tree.list("/etc/a").value(), std::vector<std::string>{"b.conf"});
}

TEST_F(TreeTest, ReplacingKeepsTheMode) {
  dir.write("secret.json", "{}");
  ASSERT_EQ(chmod(dir.path("secret.json").c_str(), 0600), 0);
  ASSERT_TRUE(tree.write("/secret.json", "new").ok());
  ASSERT_TRUE(tree.write("/backup", "old", "/secret.json").ok());
  EXPECT_EQ(mode("secret.json"), 0600U);
  EXPECT_EQ(mode("backup"), 0600U);
}

TEST_F(TreeTest, CopyElsewhereHasTheModeOfItsModel) {
  dir.write("a/secret", "x");
  ASSERT_EQ(chmod(dir.path("a/secret").c_str(), 0600), 0);
  ASSERT_TRUE(tree.write("/copy", "x", "/a/secret").ok());
  EXPECT_EQ(mode("copy"), 0600U);
}

TEST_F(TreeTest, LinksDoNotLeadOut) {
  dir.write("outside/etc/f", "host");
  std::filesystem::create_directories(dir.path("root"));
  std::filesystem::create_directory_symlink(dir.path("outside/etc"), dir.path("root/etc"));
  std::filesystem::create_directory_symlink("../../outside", dir.path("root/up"));
  const Tree root = Tree::open(dir.path("root")).value();
  EXPECT_EQ(root.read("/etc/f").value(), std::nullopt);
  EXPECT_EQ(root.read("/up/etc/f").value(), std::nullopt);
  EXPECT_FALSE(root.write("/etc/f", "changed").ok());
  EXPECT_EQ(dir.read("outside/etc/f"), "host");
}

// A directory that is exchanged for a link between being made and getting its mode.
TEST_F(TreeTest, ModeOfWhatALinkLeadsToStays) {
  std::filesystem::create_directories(dir.path("outside"));
  std::filesystem::create_directories(dir.path("root"));
  ASSERT_EQ(chmod(dir.path("outside").c_str(), 0700), 0);
  const Tree root = Tree::open(dir.path("root")).value();
  const std::string made = dir.path("root/made");
  std::atomic<bool> is_done{false};
  std::thread attacker([&] {
    while (!is_done) {
      if (rmdir(made.c_str()) == 0) {
        std::ignore = symlink(dir.path("outside").c_str(), made.c_str());
      }
    }
  });
  for (int i = 0; i < 3000; ++i) {
    const Status ignored = root.write("/made/file", "");
    unlink((made + "/file").c_str());
    std::error_code lost;  // whoever was faster
    std::filesystem::remove(made, lost);
  }
  is_done = true;
  attacker.join();
  EXPECT_EQ(mode("outside"), 0700U);
}

TEST_F(TreeTest, TheSystemIsKnownHoweverItIsSpelled) {
  EXPECT_TRUE(Tree::open("//").value().is_system());
  EXPECT_TRUE(Tree::open("/.").value().is_system());
  EXPECT_FALSE(tree.is_system());
}

TEST_F(TreeTest, KilledWritersLeftoverIsReplaced) {
  dir.write("etc/.f.holdfast-tmp", "half");
  ASSERT_TRUE(tree.write("/etc/f", "text").ok());
  EXPECT_EQ(tree.list("/etc").value(), std::vector<std::string>{"f"});
}

TEST_F(TreeTest, LinkedFileCanBeReadThrough) {
  dir.write("managed", "text");
  std::filesystem::create_symlink("/managed", dir.path("link"));
  std::filesystem::create_symlink("/none", dir.path("broken"));
  EXPECT_EQ(tree.read_through("/link").value(), "text");
  EXPECT_EQ(tree.read_through("/broken").value(), std::nullopt);
  std::filesystem::create_directory(dir.path("directory"));
  EXPECT_EQ(tree.read_through("/directory").value(), std::nullopt);
}

TEST_F(TreeTest, FoldersMustBeRootsAsFarAsTheyAreThere) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  std::filesystem::create_directories(dir.path("etc/docker"));
  EXPECT_TRUE(tree.folder_must_be_roots("/etc/docker/more/daemon.json").ok());
  EXPECT_TRUE(tree.folder_must_be_roots("/var/lib/record.json").ok());
  ASSERT_EQ(chown(dir.path("etc").c_str(), 1000, 0), 0);
  const Status refused = tree.folder_must_be_roots("/etc/docker/more/daemon.json");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("can change /etc (owner 1000"), std::string::npos);
}

TEST_F(TreeTest, LinkedFileIsRefused) {
  dir.write("managed", "text");
  std::filesystem::create_symlink("managed", dir.path("daemon.json"));
  const auto text = tree.read("/daemon.json");
  ASSERT_FALSE(text.ok());
  EXPECT_NE(text.error().message.find("symbolic link"), std::string::npos);
}

TEST_F(TreeTest, ProgramsMustBeRootsAllTheWay) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  dir.write("usr/bin/program", "");
  ASSERT_EQ(chmod(dir.path().c_str(), 0755), 0);
  EXPECT_TRUE(tree.must_be_roots("/usr/bin/program").ok());
  ASSERT_EQ(chmod(dir.path("usr").c_str(), 02775), 0);
  EXPECT_NE(refusal("/usr/bin/program").find("can change /usr (owner 0, group 0, mode 2775)"),
            std::string::npos);
  ASSERT_EQ(chmod(dir.path("usr").c_str(), 01777), 0);
  EXPECT_TRUE(tree.must_be_roots("/usr/bin/program").ok());
  ASSERT_EQ(chown(dir.path("usr/bin/program").c_str(), 1000, 1000), 0);
  EXPECT_NE(refusal("/usr/bin/program").find("can change /usr/bin/program (owner 1000"),
            std::string::npos);
}

TEST_F(TreeTest, LinkToWhatOthersOwnIsRefused) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  dir.write("home/bin/program", "");
  ASSERT_EQ(chown(dir.path("home").c_str(), 1000, 1000), 0);
  std::filesystem::create_directories(dir.path("usr"));
  std::filesystem::create_symlink("../home/bin/program", dir.path("usr/program"));
  EXPECT_NE(refusal("/usr/program").find("can change /home (owner 1000"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
