// What the annotations of config.json tell about where a container came from.
#pragma once

#include <string>
#include <string_view>

#include "src/oci/spec.h"

namespace holdfast::oci {

// Given by whoever starts the container, where the engine tells no image.
inline constexpr const char* kImageAnnotation = "io.holdfast.image";

// The image reference: io.holdfast.image, then what containerd, CRI-O and image tools write; ""
// where nobody says. That of a pause container is its own, not what the pod's annotation says.
std::string image_of(const Annotations& annotations);

// Whether image_of() looks at the annotation `key`.
bool is_of_image(std::string_view key);

// Whether it is the container that holds a pod's namespaces, whose program is the engine's: it gets
// the pod's annotations too, which are meant for the other containers. True for annotations that
// make it one by themselves.
bool is_pause(const Annotations& annotations);

// podman, crio, containerd, docker, buildah; "" for a runtime that was called without an engine.
// docker and `ctr` set no annotations: they are known by the directory of the bundle, buildah by
// the container's id.
std::string engine_of(const Annotations& annotations, const std::string& bundle,
                      const std::string& id);

// The container's name in its engine; "" where the annotations have none.
std::string name_of(const Annotations& annotations);

}  // namespace holdfast::oci
