// config.json judged before the container starts: what it asks of the host, by the profile's
// `admit`.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/oci/spec.h"
#include "src/profile/compile.h"

namespace holdfast::profile {

// The host that config.json speaks of, as the runtime will see it. The callbacks are the only way
// to it, so that the rest is the same code in tests.
struct Host {
  // A path without links (realpath(3)); the path itself where it does not exist.
  std::function<std::string(const std::string& path)> real_path;
  std::function<bool(const std::string& path)> is_socket;
  // Whether the namespace in the file `path` is the one of that OCI type that the runtime is in.
  std::function<bool(const std::string& type, const std::string& path)> is_own_namespace;
};

// This machine. (In host.cpp, with its system calls.)
Host this_host();

// A host of which only the names of paths are known: for what is judged away from it.
Host unknown_host();

// A thing that config.json asks for and that the profile wants told or refused.
struct Admission {
  std::string what;  // the key of `admit`: "privileged", "mounts", …
  std::string asks;  // a sentence's end: "mounts / of the host at /host"
  bool refused = false;
  bool operator==(const Admission&) const = default;
};

// The keys of a profile's `admit`.
inline constexpr std::array<std::string_view, 8> kAdmitKeys = {
    "privileged",     "host_namespaces", "capabilities",    "devices",
    "unmasked_paths", "root_user",       "control_sockets", "mounts"};

// Everything for which the profile has `least` (HF_ALERT, HF_DENY) or more, in the order of the
// format's keys.
std::vector<Admission> admit(const Compiled& compiled, const oci::Spec& spec, const Host& host,
                             hf_action least = HF_ALERT);

// The first that is refused, as a sentence with its remedy; "" when the container may start.
std::string refusal_of(const std::vector<Admission>& admissions);

}  // namespace holdfast::profile
