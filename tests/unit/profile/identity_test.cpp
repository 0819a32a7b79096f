#include "src/profile/identity.h"

#include <gtest/gtest.h>

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
    return identify(spec, "podman", dir_.path("store/overlay-containers/abc/userdata"));
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

TEST_F(IdentityTest, AnnotationsComeFirst) {
  add_list("store/overlay-containers/containers.json");
  oci::Spec spec;
  spec.annotations = {{"io.holdfast.image", "registry.example.org/web:2"}};
  EXPECT_EQ(of_podman(spec).image, "registry.example.org/web:2");
  EXPECT_EQ(of_podman(spec).name, "web");
}

TEST_F(IdentityTest, OfAListThatIsNoneIsNotKnown) {
  for (const char* text : {"", "[", "{}", "[1]", R"([{"id":"abc"}])",
                           R"([{"id":"abc","metadata":"{"}])", R"([{"id":"abc","metadata":7}])"}) {
    dir_.write("store/overlay-containers/containers.json", text);
    EXPECT_EQ(of_podman().name, "") << text;
    EXPECT_EQ(of_podman().image, "") << text;
  }
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
  };
  for (const auto& [typed, image] : cases) {
    dir_.write("docker/containers/abc/config.v2.json",
               std::string(R"({"Name":"/web","Config":{"Image":")") + typed + "\"}}");
    EXPECT_EQ(identify(spec, "docker", bundle).image, image);
    EXPECT_EQ(identify(spec, "docker", bundle).name, "web");
  }
}

TEST_F(IdentityTest, OfOtherEnginesIsInAnnotationsOnly) {
  add_list("store/overlay-containers/containers.json");
  EXPECT_EQ(identify({}, "", dir_.path("store/overlay-containers/abc/userdata")).name, "");
}

}  // namespace
}  // namespace holdfast::profile
