#include "src/oci/image.h"

#include <gtest/gtest.h>

namespace holdfast::oci {
namespace {

TEST(Image, ComesFromTheFirstAnnotationThatNamesOne) {
  Annotations annotations;
  EXPECT_EQ(image_of(annotations), "");
  annotations["org.opencontainers.image.ref.name"] = "ref";
  EXPECT_EQ(image_of(annotations), "ref");
  annotations["io.kubernetes.cri-o.ImageName"] = "crio";
  EXPECT_EQ(image_of(annotations), "crio");
  annotations["io.kubernetes.cri.image-name"] = "cri";
  EXPECT_EQ(image_of(annotations), "cri");
  annotations["io.holdfast.image"] = "ours";
  EXPECT_EQ(image_of(annotations), "ours");
}

TEST(Image, OfAPauseContainerIsItsOwn) {
  Annotations annotations = {{"io.kubernetes.cri.container-type", "sandbox"},
                             {"io.holdfast.image", "the pod's"}};
  EXPECT_EQ(image_of(annotations), "");
  annotations["io.kubernetes.cri-o.ImageName"] = "pause";
  EXPECT_EQ(image_of(annotations), "pause");
}

TEST(Pause, IsKnownByTheTypeThatTheEngineWrites) {
  EXPECT_TRUE(is_pause({{"io.kubernetes.cri.container-type", "sandbox"}}));
  EXPECT_TRUE(is_pause({{"io.kubernetes.cri-o.ContainerType", "sandbox"}}));
  EXPECT_FALSE(is_pause({{"io.kubernetes.cri.container-type", "container"}}));
  EXPECT_FALSE(is_pause({{"io.kubernetes.cri.sandbox-name", "sandbox"}}));
}

TEST(Engine, IsKnownByItsAnnotations) {
  EXPECT_EQ(
      engine_of({{"io.container.manager", "libpod"}, {"io.kubernetes.cri-o.Created", "t"}}, "", ""),
      "podman");
  EXPECT_EQ(engine_of({{"io.podman.annotations.init", "FALSE"}}, "", ""), "podman");
  EXPECT_EQ(engine_of({{"io.container.manager", "cri-o"}}, "", ""), "crio");
  EXPECT_EQ(engine_of({{"io.kubernetes.cri-o.ImageName", "x"}}, "", ""), "crio");
  EXPECT_EQ(engine_of({{"io.kubernetes.cri.container-type", "container"}}, "", ""), "containerd");
  EXPECT_EQ(engine_of({{"io.holdfast.profile", "x"}}, "/b", "c"), "");
}

TEST(Engine, WithoutAnnotationsIsKnownByBundleOrId) {
  EXPECT_EQ(
      engine_of({}, "/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/4f", ""),
      "docker");
  EXPECT_EQ(engine_of({}, "/run/containerd/io.containerd.runtime.v2.task/default/c", ""),
            "containerd");
  EXPECT_EQ(engine_of({}, "/var/lib/containers/storage/overlay-containers/7c/userdata", ""),
            "podman");
  EXPECT_EQ(engine_of({}, "/var/tmp/buildah1", "buildah-buildah1"), "buildah");
}

TEST(Name, ComesFromTheEngine) {
  EXPECT_EQ(name_of({}), "");
  EXPECT_EQ(name_of({{"io.kubernetes.cri.container-name", "web"}}), "web");
  EXPECT_EQ(name_of({{"io.kubernetes.cri-o.ContainerName", "db"}}), "db");
}

}  // namespace
}  // namespace holdfast::oci
