#include "src/profile/identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/unit/temp_dir.h"

namespace holdfast::profile {
namespace {

class IdentityTest : public testing::Test {
 protected:
  // podman 4.3's list of two containers, in the directory `store`.
  void add_list(const std::string& file) {
    dir_.write(file, R"([
      {"id": "other", "names": ["db"], "metadata": "{\"image-name\":\"localhost/db:1\",\"name\":\"db\"}"},
      {"id": "abc", "names": ["web"], "flags": {"Volatile": true},
       "metadata": "{\"image-name\":\"docker.io/library/nginx:1.27\",\"image-id\":\"17\",\"name\":\"web\"}"}])");
  }

  [[nodiscard]] Identity of_podman(const oci::Spec& spec = {}) const {
    return identify(spec, "podman", dir_.path("store/overlay-containers/abc/userdata")).value();
  }

  static oci::Spec mounting(const std::string& source) {
    oci::Spec spec;
    spec.mounts.push_back({"/etc/hosts", source, "bind", {}});
    return spec;
  }

  test::TempDir dir_;
};

TEST_F(IdentityTest, OfPodmanIsInItsListOfContainers) {
  add_list("store/overlay-containers/containers.json");
  EXPECT_EQ(of_podman().name, "web");
  EXPECT_EQ(of_podman().image, "docker.io/library/nginx:1.27");
}

TEST_F(IdentityTest, OfAContainerThatPodmanRemovesIsBesideItsMounts) {
  add_list("run/overlay-containers/volatile-containers.json");
  EXPECT_EQ(of_podman().name, "");
  const oci::Spec spec = mounting(dir_.path("run/overlay-containers/abc/userdata/hosts"));
  EXPECT_EQ(of_podman(spec).name, "web");
  EXPECT_EQ(of_podman(spec).image, "docker.io/library/nginx:1.27");
}

// An image's author may have written them.
TEST_F(IdentityTest, WhatPodmanKeepsComesBeforeAnnotations) {
  add_list("store/overlay-containers/containers.json");
  oci::Spec spec;
  spec.annotations = {{"org.opencontainers.image.ref.name", "docker.io/library/redis:7"},
                      {"io.kubernetes.cri.container-name", "not-me"}};
  EXPECT_EQ(of_podman(spec).image, "docker.io/library/nginx:1.27");
  EXPECT_EQ(of_podman(spec).name, "web");
  spec.annotations["io.holdfast.image"] = "registry.example.org/web:2";
  EXPECT_EQ(of_podman(spec).image, "registry.example.org/web:2");
}

TEST_F(IdentityTest, OfARecordThatCannotBeReadIsAnError) {
  for (const char* text : {"", "[", "{}", R"([{"id":"abc","metadata":"{"}])"}) {
    dir_.write("store/overlay-containers/containers.json", text);
    EXPECT_FALSE(identify({}, "podman", dir_.path("store/overlay-containers/abc/userdata")).ok())
        << text;
  }
}

TEST_F(IdentityTest, OfAListThatAnybodyMayWriteIsNotKnown) {
  add_list("store/overlay-containers/containers.json");
  ASSERT_EQ(chmod(dir_.path("store/overlay-containers/containers.json").c_str(), 0666), 0);
  EXPECT_EQ(of_podman().name, "");
}

TEST_F(IdentityTest, OfABundleElsewhereIsNotKnown) {
  add_list("containers.json");
  EXPECT_EQ(identify({}, "podman", dir_.path("abc/userdata")).value().name, "");
  EXPECT_EQ(identify({}, "podman", "").value().name, "");
  EXPECT_EQ(identify({}, "podman", "/").value().name, "");
}

TEST_F(IdentityTest, ALongNameIsCut) {
  dir_.write("store/overlay-containers/containers.json",
             R"([{"id": "abc", "metadata": "{\"name\":\")" + std::string(1000, 'x') + R"(\"}"}])");
  EXPECT_EQ(of_podman().name.size(), kMaxNameBytes);
}

TEST_F(IdentityTest, OfDockerIsWhatSomebodyTyped) {
  const std::string bundle = "/run/containerd/io.containerd.runtime.v2.task/moby/abc";
  const oci::Spec spec = mounting(dir_.path("docker/containers/abc/hosts"));
  const std::pair<const char*, const char*> cases[] = {
      {"nginx", "docker.io/library/nginx:latest"},
      {"nginx:1.27", "docker.io/library/nginx:1.27"},
      {"grafana/grafana", "docker.io/grafana/grafana:latest"},
      {"localhost/box", "localhost/box:latest"},
      {"registry.example.org:5000/box", "registry.example.org:5000/box:latest"},
      {"nginx@sha256:00", "docker.io/library/nginx@sha256:00"},
      {"sha256:00", "sha256:00"},
      {"docker.io/nginx", "docker.io/library/nginx:latest"},
      {"index.docker.io/library/nginx:1", "docker.io/library/nginx:1"},
      {"Registry/box:1", "Registry/box:1"},
  };
  for (const auto& [typed, image] : cases) {
    dir_.write("docker/containers/abc/config.v2.json",
               std::string(R"({"Name":"/web","Config":{"Image":")") + typed + "\"}}");
    EXPECT_EQ(identify(spec, "docker", bundle).value().image, image);
    EXPECT_EQ(identify(spec, "docker", bundle).value().name, "web");
  }
}

// `--network container:other`.
TEST_F(IdentityTest, OfAContainerInAnothersNetworkIsItsOwn) {
  dir_.write("docker/containers/abc/config.v2.json",
             R"({"Name":"/web","Config":{"Image":"nginx"}})");
  const oci::Spec spec = mounting(dir_.path("docker/containers/other/hosts"));
  EXPECT_EQ(identify(spec, "docker", "/run/x/moby/abc").value().name, "web");
}

TEST_F(IdentityTest, OfOtherEnginesIsInAnnotationsOnly) {
  add_list("store/overlay-containers/containers.json");
  EXPECT_EQ(identify({}, "", dir_.path("store/overlay-containers/abc/userdata")).value().name, "");
}

}  // namespace
}  // namespace holdfast::profile
