#include "src/kernel/pins.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/temp_dir.h"

namespace holdfast::kernel {
namespace {

TEST(Pins, VersionsAreTheDirectoriesNamedAfterOne) {
  const test::TempDir root;
  for (const char* name : {"v12", "v3", "v", "v3a", "vv4", "x5", "v-6", "v 7", "v99999999999"}) {
    std::filesystem::create_directory(root.path(name));
  }
  EXPECT_EQ(pinned_versions(root.path("")), (std::vector<unsigned>{3, 12}));
  EXPECT_TRUE(pinned_versions(root.path("none")).empty());
}

TEST(Pins, OnlyPinsAreRemoved) {
  const test::TempDir root;
  const std::string directory = version_directory(root.path("pins"), 3);
  std::filesystem::create_directories(maps_directory(directory));
  std::filesystem::create_directories(links_directory(directory));
  root.write("pins/v3/maps/hf_tasks", "");
  root.write("pins/v3/links/hf_file_open", "");
  root.write("pins/v3/somebodys", "");
  unpin_all(directory);
  EXPECT_FALSE(std::filesystem::exists(maps_directory(directory)));
  EXPECT_FALSE(std::filesystem::exists(links_directory(directory)));
  EXPECT_TRUE(std::filesystem::exists(root.path("pins/v3/somebodys")));
}

}  // namespace
}  // namespace holdfast::kernel
