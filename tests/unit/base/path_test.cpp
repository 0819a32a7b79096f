#include "src/base/path.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/cpu_time.h"

namespace holdfast::base {
namespace {

TEST(Path, CleanMeansOneSpelling) {
  for (const char* path : {"/", "/a", "/a/b.c", "/..a", "/a b"}) {
    EXPECT_TRUE(is_absolute_clean(path)) << path;
  }
  for (const char* path : {"", "a", "./a", "//", "/a/", "/a//b", "/./a", "/a/..", "/..", "/a\n"}) {
    EXPECT_FALSE(is_absolute_clean(path)) << path;
  }
  EXPECT_FALSE(is_absolute_clean("/" + std::string(4095, 'a')));
}

TEST(Path, CleaningResolvesDotsAsText) {
  EXPECT_EQ(clean_path("/a/./b//../c/"), "/a/c");
  EXPECT_EQ(clean_path("/../.."), "/");
  EXPECT_EQ(clean_path("a/b"), "");
  EXPECT_EQ(clean_path(""), "");
}

TEST(Path, BelowIsByComponent) {
  EXPECT_TRUE(is_at_or_below("/var/w", "/var/w"));
  EXPECT_TRUE(is_at_or_below("/var/w/x", "/var/w"));
  EXPECT_FALSE(is_at_or_below("/var/www", "/var/w"));
  EXPECT_FALSE(is_at_or_below("/var", "/var/w"));
  EXPECT_TRUE(is_at_or_below("/var", "/"));
}

TEST(Glob, AStarAlsoMatchesASlash) {
  EXPECT_TRUE(glob_match("docker.io/*:1", "docker.io/library/nginx:1"));
  EXPECT_FALSE(glob_match("nginx", "docker.io/library/nginx"));
}

// The longest that profiles and annotations may give: profile::kMaxImageBytes.
TEST(Glob, StarsDoNotExplode) {
  const std::string text(1024, 'a');
  for (const std::string part : {"*a", "*aa", "*?", "*[a-z]", "?*", "*[!b]*"}) {
    std::string pattern;
    while (pattern.size() + part.size() < 1023) {
      pattern += part;
    }
    const CpuTime time;
    EXPECT_FALSE(glob_match(pattern + "b", text)) << part;
    EXPECT_LT(time.seconds(), 0.1) << part;
  }
}

}  // namespace
}  // namespace holdfast::base
