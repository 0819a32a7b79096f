#include "src/oci/spec.h"

#include <gtest/gtest.h>

#include <string>

#include "src/base/file.h"

namespace holdfast::oci {
namespace {

std::string data(const std::string& name) {
  return base::read_file(std::string(HOLDFAST_TEST_DATA) + "/oci/" + name, 1 << 20).value();
}

Spec parsed(const std::string& name) {
  Result<Spec> spec = parse_spec(data(name), name);
  EXPECT_TRUE(spec.ok()) << spec.error().message;
  return std::move(spec).value();
}

TEST(Spec, ReadsWhatRuncSpecWrites) {
  const Spec spec = parsed("runc-spec.json");
  EXPECT_EQ(spec.oci_version.substr(0, 2), "1.");
  EXPECT_EQ(spec.process.args, std::vector<std::string>{"sh"});
  EXPECT_EQ(spec.process.bounding.size(), 3U);
  EXPECT_TRUE(spec.process.no_new_privileges);
  EXPECT_EQ(spec.root.path, "rootfs");
  EXPECT_TRUE(spec.root.readonly);
  EXPECT_EQ(spec.mounts.front().destination, "/proc");
  EXPECT_EQ(spec.namespaces.size(), 5U);
  EXPECT_FALSE(spec.masked_paths.empty());
  ASSERT_EQ(spec.device_rules.size(), 1U);
  EXPECT_FALSE(spec.device_rules[0].allow);
  EXPECT_FALSE(spec.device_rules[0].major.has_value());
  EXPECT_FALSE(spec.seccomp.has_value());
}

TEST(Spec, LeavesAnArgumentThatIsNoStringToTheRuntime) {
  const Spec spec =
      parse_spec(R"({"ociVersion":"1.0.2","root":{"path":"r"},"process":{"args":["a",2,"b"]}})",
                 "x")
          .value();
  EXPECT_EQ(spec.process.args, (std::vector<std::string>{"a", "", "b"}));
}

TEST(Spec, ReadsWhatCrunSpecWrites) { EXPECT_EQ(parsed("crun-spec.json").root.path, "rootfs"); }

TEST(Spec, ReadsWhatDockerWrites) {
  const Spec spec = parsed("docker.json");
  ASSERT_EQ(spec.hooks.at("prestart").size(), 1U);
  EXPECT_EQ(spec.hooks.at("prestart")[0].path, "/proc/811/exe");
  EXPECT_FALSE(spec.hooks.at("prestart")[0].env.has_value());
  EXPECT_EQ(spec.device_rules[1].major, 1);
  EXPECT_EQ(spec.device_rules[1].access, "rwm");
  EXPECT_TRUE(spec.seccomp.has_value());
  EXPECT_EQ(spec.cgroups_path, "/docker/4f");
}

TEST(Spec, ReadsWhatRootlessPodmanWrites) {
  const Spec spec = parsed("podman.json");
  EXPECT_EQ(spec.uid_mappings[1].host_id, 100000);
  EXPECT_EQ(spec.namespaces.back().type, "user");
  EXPECT_EQ(spec.annotations.at("io.holdfast.profile"), "immutable");
}

TEST(Spec, ReadsAPrivilegedContainer) {
  const Spec spec = parsed("privileged.json");
  EXPECT_EQ(spec.devices[0].type, "b");
  EXPECT_EQ(spec.devices[1].minor, 229);
  EXPECT_TRUE(spec.device_rules[0].allow);
  EXPECT_EQ(spec.process.bounding.size(), 41U);
}

TEST(Spec, NullIsAbsent) {
  EXPECT_TRUE(parse_spec(R"({"ociVersion":"1.0.2","root":{"path":"r"},"process":null,"linux":null,
                            "mounts":null,"annotations":null,"hooks":{"poststop":null}})",
                         "f")
                  .ok());
}

struct Bad {
  const char* json;
  const char* error;
};

class BadSpec : public testing::TestWithParam<Bad> {};

TEST_P(BadSpec, IsRefusedByNameAndPlace) {
  const Result<Spec> spec = parse_spec(GetParam().json, "/b/config.json");
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.error().message, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSpec,
    testing::Values(
        Bad{"[]", "/b/config.json: must be an object, not array"},
        Bad{"{}",
            "/b/config.json: /ociVersion: is missing; give the version of the OCI runtime "
            "spec, such as \"1.0.2\""},
        Bad{R"({"ociVersion":1})", "/b/config.json: /ociVersion: must be a string, not number"},
        Bad{R"({"ociVersion":"1.0.2"})",
            "/b/config.json: /root: is missing; give the container's root file system, "
            "{\"path\": \"rootfs\"}"},
        Bad{R"({"ociVersion":"1.0.2","root":"/r"})",
            "/b/config.json: /root: must be an object, not string"},
        Bad{R"({"ociVersion":"1.0.2","root":{}})",
            "/b/config.json: /root/path: is missing; give the directory that is the container's "
            "root"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":""}})",
            "/b/config.json: /root/path: is empty; give the directory that is the container's "
            "root"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"a\u0000b"}})",
            "/b/config.json: /root/path: holds a NUL character; remove it"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r","readonly":"yes"}})",
            "/b/config.json: /root/readonly: must be true or false, not string"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"mounts":{}})",
            "/b/config.json: /mounts: must be an array, not object"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"mounts":[{"source":"x"}]})",
            "/b/config.json: /mounts/0/destination: is missing; give the absolute path of the "
            "mount point"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"annotations":{"a/b~c":1}})",
            "/b/config.json: /annotations/a~1b~0c: must be a string, not number"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"process":{"args":"a"}})",
            "/b/config.json: /process/args: must be an array, not string"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"process":{"args":["a","b\u0000"]}})",
            "/b/config.json: /process/args/1: holds a NUL character; remove it"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"process":{"user":{"uid":1.5}}})",
            "/b/config.json: /process/user/uid: must be a whole number"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"process":{"user":{"uid":1e400}}})",
            "/b/config.json is not JSON, byte 72: [json.exception.out_of_range.406] number "
            "overflow "
            "parsing '1e400'"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"hooks":{"prestart":[{}]}})",
            "/b/config.json: /hooks/prestart/0/path: is missing; give the absolute path of the "
            "hook"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"linux":{"namespaces":[{}]}})",
            "/b/config.json: /linux/namespaces/0/type: is missing; give the kind of namespace"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},"linux":{"seccomp":[]}})",
            "/b/config.json: /linux/seccomp: must be an object, not array"},
        Bad{R"({"ociVersion":"1.0.2","root":{"path":"r"},
               "linux":{"resources":{"devices":[{"major":18446744073709551615}]}}})",
            "/b/config.json: /linux/resources/devices/0/major: must be at most "
            "9223372036854775807"},
        Bad{R"({"root":{"path":"a"},"root":{"path":"b"}})",
            "/b/config.json gives the key \"root\" twice in one object; remove one"}));

TEST(Spec, WhatIsNotJsonIsSaidWithItsPlace) {
  const Result<Spec> spec = parse_spec("{\"ociVersion\": ", "/b/config.json");
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.error().message.find("/b/config.json is not JSON, byte "), 0U)
      << spec.error().message;
  EXPECT_FALSE(parse_spec("", "f").ok());
  EXPECT_FALSE(parse_spec("{} {}", "f").ok());
  EXPECT_FALSE(parse_spec("{\"a\":\"\xff\"}", "f").ok());
}

TEST(Spec, DepthIsBounded) {
  const std::string deep = std::string(100'000, '[');
  const Result<Spec> spec = parse_spec(deep, "/b/config.json");
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.error().message, "/b/config.json nests deeper than 32 levels");
}

TEST(Spec, SizeIsBounded) {
  const Result<Spec> spec = parse_spec(std::string((4 << 20) + 1, ' '), "/b/config.json");
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.error().message, "/b/config.json is larger than 4194304 bytes");
}

}  // namespace
}  // namespace holdfast::oci
