#include "src/respond/incident.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/temp_dir.h"

namespace holdfast::respond {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0U;
}

Incident make(const test::TempDir& dir, const std::string& time, IncidentLimits limits = {}) {
  return Incident::make(dir.path("root"), time, 1, limits).value();
}

TEST(Incident, IsForTheOwnerOnly) {
  const test::TempDir dir;
  Incident incident = make(dir, "T1");
  ASSERT_TRUE(incident.add("a", "text").value());
  EXPECT_EQ(mode_of(dir.path("root")), 0700U);
  EXPECT_EQ(mode_of(incident.path()), 0700U);
  EXPECT_EQ(mode_of(incident.path() + "/a"), 0600U);
}

TEST(Incident, CutsAFileAndSaysSo) {
  const test::TempDir dir;
  Incident incident = make(dir, "T1", {.file_bytes = 3, .all_bytes = 5});
  ASSERT_TRUE(incident.add("a", "12345").value());
  ASSERT_TRUE(incident.add("b", "12345").value());
  EXPECT_FALSE(incident.add("c", "1").value()) << "no room for any of it";
  ASSERT_EQ(incident.files().size(), 2U);
  EXPECT_EQ(incident.files()[0].bytes, 3U);
  EXPECT_EQ(incident.files()[1].bytes, 2U);
  EXPECT_TRUE(incident.files()[1].truncated);
  EXPECT_TRUE(incident.finish("index.json", "{}").ok()) << "the index has room";
}

TEST(Incident, TheOldestMakesRoom) {
  const test::TempDir dir;
  const IncidentLimits two{.incidents = 2};
  const std::string oldest = make(dir, "T1", two).path();
  const std::string older = make(dir, "T2", two).path();
  dir.write("root/something-else/file", "stays");
  const std::string newest = make(dir, "T3", two).path();
  EXPECT_FALSE(std::filesystem::exists(oldest));
  EXPECT_TRUE(std::filesystem::exists(older));
  EXPECT_TRUE(std::filesystem::exists(newest));
  EXPECT_TRUE(std::filesystem::exists(dir.path("root/something-else/file")));
}

TEST(Incident, ADirectoryThatOthersMayWriteIsRefused) {
  const test::TempDir dir;
  std::filesystem::create_directory(dir.path("root"));
  chmod(dir.path("root").c_str(), 0777);
  EXPECT_FALSE(Incident::make(dir.path("root"), "T1", 1, {}).ok());
  std::filesystem::create_directory_symlink(dir.path("root"), dir.path("link"));
  EXPECT_FALSE(Incident::make(dir.path("link"), "T1", 1, {}).ok());
}

TEST(Incident, NothingIsWrittenThroughALink) {
  const test::TempDir dir;
  dir.write("host", "untouched");
  Incident incident = make(dir, "T1");
  std::filesystem::create_symlink(dir.path("host"), incident.path() + "/a");
  EXPECT_FALSE(incident.add("a", "x").ok());
  EXPECT_EQ(dir.read("host"), "untouched");
}

}  // namespace
}  // namespace holdfast::respond
