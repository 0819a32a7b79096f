#include "src/oci/edit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/cpu_time.h"

namespace holdfast::oci {
namespace {

const HookEntry kEntry{
    "/usr/libexec/holdfast/holdfast-hook", {"holdfast-hook", "createRuntime"}, {"PATH=/bin"}, 90};

Document parsed(const std::string& text) { return parse_document(text, "config.json").value(); }

TEST(Edit, KeepsUnknownMembersAndTheOrderOfAll) {
  const std::string text =
      R"({"zebra":{"b":1,"a":[1.5,18446744073709551615,-1]},"ociVersion":"1.0.2","x":"ü"})";
  EXPECT_EQ(document_text(parsed(text)), text);
}

TEST(Edit, ADocumentIsABoundedObject) {
  EXPECT_FALSE(parse_document("[]", "f").ok());
  EXPECT_FALSE(parse_document("{", "f").ok());
  EXPECT_FALSE(parse_document(std::string(5 * 1024 * 1024, ' ') + "{}", "f").ok());
}

TEST(Edit, AppendsAHookBehindThoseOfTheEngine) {
  Document document = parsed(R"({"hooks":{"createRuntime":[{"path":"/engine"}]}})");
  append_hook(document, "createRuntime", kEntry);
  EXPECT_EQ(document.at("hooks").at("createRuntime").size(), 2U);
  EXPECT_EQ(document.at("hooks").at("createRuntime").at(0).at("path"), "/engine");
  EXPECT_EQ(document.at("hooks").at("createRuntime").at(1).dump(),
            R"({"path":"/usr/libexec/holdfast/holdfast-hook",)"
            R"("args":["holdfast-hook","createRuntime"],"env":["PATH=/bin"],"timeout":90})");
}

TEST(Edit, FindsAHookByItsFileName) {
  for (const char* text : {"{}", R"({"hooks":null})", R"({"hooks":{"createRuntime":null}})",
                           R"({"hooks":{"createRuntime":[{"path":"/x/other"}, 1]}})"}) {
    Document document = parsed(text);
    EXPECT_FALSE(has_hook(document, "createRuntime", "holdfast-hook")) << text;
    append_hook(document, "createRuntime", kEntry);
    EXPECT_TRUE(has_hook(document, "createRuntime", "holdfast-hook")) << text;
    EXPECT_FALSE(has_hook(document, "poststop", "holdfast-hook")) << text;
  }
}

TEST(SetAnnotation, MakesWhatIsMissingAndKeepsTheRest) {
  for (const char* before : {R"({"x":1})", R"({"x":1,"annotations":null})"}) {
    Document document = parsed(before);
    set_annotation(document, "a", "1");
    EXPECT_EQ(document_text(document), R"({"x":1,"annotations":{"a":"1"}})");
  }
  Document document = parsed(R"({"annotations":{"b":"1","a":"2"}})");
  set_annotation(document, "b", "3");
  EXPECT_EQ(document_text(document), R"({"annotations":{"b":"3","a":"2"}})");
}

TEST(Edit, RemovesAnAnnotation) {
  Document document = parsed(R"({"annotations":{"b":"1","run.oci.seccomp.plugins":"x","a":"2"}})");
  remove_annotation(document, "run.oci.seccomp.plugins");
  remove_annotation(document, "none");
  EXPECT_EQ(document_text(document), R"({"annotations":{"b":"1","a":"2"}})");
  Document bare = parsed("{}");
  remove_annotation(bare, "none");
  EXPECT_EQ(document_text(bare), "{}");
}

TEST(Edit, ReplacesTheSeccompPartOnlyWhenItDiffers) {
  const std::string text =
      R"({"linux":{"seccomp":{"syscalls":[],"defaultAction":"SCMP_ACT_ALLOW"},"x":1}})";
  Document document = parsed(text);
  set_seccomp(document,
              nlohmann::json::parse(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]})"));
  EXPECT_EQ(document_text(document), text);
  set_seccomp(document, nlohmann::json::parse(R"({"defaultAction":"SCMP_ACT_ERRNO"})"));
  EXPECT_EQ(document_text(document),
            R"({"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"},"x":1}})");
  set_seccomp(document, nullptr);
  EXPECT_EQ(document_text(document), R"({"linux":{"x":1}})");
}

TEST(Edit, AddsATmpfsBeforeTheMountsBelowIt) {
  Document document = parsed(
      R"({"mounts":[{"destination":"/proc"},{"destination":"/run/secrets"},{"destination":"/sys"}]})");
  add_tmpfs(document, {"/run"}, false);
  add_tmpfs(document, {"/var/cache"}, false);
  add_tmpfs(document, {"/run"}, false);
  const Document& mounts = document.at("mounts");
  ASSERT_EQ(mounts.size(), 5U);
  EXPECT_EQ(mounts.at(1).at("destination"), "/run");
  EXPECT_EQ(mounts.at(1).at("type"), "tmpfs");
  EXPECT_EQ(mounts.at(2).at("destination"), "/run/secrets");
  EXPECT_EQ(mounts.at(4).at("destination"), "/var/cache");
}

TEST(Edit, AddsManyTmpfsAmongManyMountsInGoodTime) {
  Document document = parsed(R"({"mounts":[]})");
  for (int i = 0; i < 40'000; ++i) {
    document["mounts"].push_back({{"destination", "/m/./" + std::to_string(i)}});
  }
  std::vector<std::string> paths;
  for (int i = 0; i < 256; ++i) {
    paths.push_back("/w" + std::to_string(i));
  }
  const CpuTime time;
  EXPECT_TRUE(add_tmpfs(document, paths, false));
  EXPECT_LT(time.seconds(), 2);
  EXPECT_EQ(document["mounts"].size(), 40'256U);
  EXPECT_FALSE(add_tmpfs(document, paths, false)) << "all there already";
}

TEST(Edit, AddsNoTmpfsWhereAMountIsAlready) {
  const std::string text = R"({"mounts":[{"destination":"/var/lib/"},{"destination":"/var/log"}]})";
  Document document = parsed(text);
  add_tmpfs(document, {"/var/lib"}, false);
  add_tmpfs(document, {"/var/lib/mysql"}, false);
  EXPECT_EQ(document_text(document), text);
}

TEST(Edit, MakesTheRootReadOnly) {
  Document document = parsed(R"({"root":{"path":"rootfs","readonly":false}})");
  set_readonly_root(document);
  EXPECT_EQ(document_text(document), R"({"root":{"path":"rootfs","readonly":true}})");
}

}  // namespace
}  // namespace holdfast::oci
