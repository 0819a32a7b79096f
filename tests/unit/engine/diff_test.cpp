#include "src/engine/diff.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::engine {
namespace {

TEST(Diff, NothingForTheSame) { EXPECT_EQ(unified_diff("/f", "a\n", "a\n"), ""); }

TEST(Diff, NewFile) {
  EXPECT_EQ(unified_diff("/d/f", std::nullopt, "a\nb\n"),
            "--- /dev/null\n+++ b/d/f\n@@ -0,0 +1,2 @@\n+a\n+b\n");
}

TEST(Diff, RemovedFile) {
  EXPECT_EQ(unified_diff("/f", "a\n", std::nullopt),
            "--- a/f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n");
}

TEST(Diff, ThreeLinesOfContext) {
  EXPECT_EQ(unified_diff("/f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
            "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

TEST(Diff, FarChangesAreTwoHunks) {
  std::string before;
  for (int i = 0; i < 20; ++i) {
    before += std::to_string(i) + "\n";
  }
  const std::string diff = unified_diff("/f", before, "new\n" + before + "new\n");
  EXPECT_NE(diff.find("@@ -1,3 +1,4 @@\n+new\n 0\n"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -18,3 +19,4 @@\n 17\n"), std::string::npos) << diff;
}

TEST(Diff, LinesBetweenTwoChangesStay) {
  EXPECT_EQ(unified_diff("/f", "a\nsame\nb\n", "x\nsame\ny\n"),
            "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n-a\n+x\n same\n-b\n+y\n");
}

TEST(Diff, MissingNewlineIsTold) {
  EXPECT_EQ(unified_diff("/f", "a", "a\n"),
            "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

}  // namespace
}  // namespace holdfast::engine
