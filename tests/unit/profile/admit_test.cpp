#include "src/profile/admit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/base/file.h"

namespace holdfast::profile {
namespace {

using nlohmann::json;

json config(const std::string& name) {
  const std::string path = std::string(HOLDFAST_TEST_DATA) + "/oci/" + name;
  return json::parse(base::read_file(path, 1 << 20).value());
}

// /var/run leads to /run, /run/docker.sock and /var/lib/kubelet/pods/x/agent.sock are sockets, and
// /proc/1/ns/* are the runtime's own namespaces.
Host debian() {
  return {
      [](const std::string& path) { return path.starts_with("/var/run") ? path.substr(4) : path; },
      [](const std::string& path) { return path.ends_with(".sock"); },
      [](const std::string&, const std::string& path) { return path.starts_with("/proc/1/"); }};
}

std::vector<Admission> admissions(const std::string& admit_json, const json& document,
                                  const std::string& other_keys = "") {
  const auto profile = parse_profile(
      R"({"schema": "holdfast.profile/v1", "name": "p", "admit": )" + admit_json + other_keys + "}",
      "p.json");
  EXPECT_TRUE(profile.ok()) << profile.error().message;
  const auto spec = oci::read_spec(document, "config.json");
  EXPECT_TRUE(spec.ok()) << spec.error().message;
  return admit(compile(profile.value(), spec.value(), true).value(), spec.value(), debian());
}

// The keys that have something to say about `document`, each with what it asks.
std::string asked(const std::string& admit_json, const json& document) {
  std::string text;
  for (const Admission& admission : admissions(admit_json, document)) {
    text += admission.what + (admission.refused ? " refused: " : ": ") + admission.asks + "\n";
  }
  return text;
}

json with_mount(const std::string& source) {
  json document = config("docker.json");
  document["mounts"].push_back(
      {{"destination", "/x"}, {"source", source}, {"type", "bind"}, {"options", {"rbind"}}});
  return document;
}

constexpr const char* kEverything = R"({"privileged": "deny", "host_namespaces": "deny",
  "capabilities": "deny", "devices": "deny", "unmasked_paths": "deny",
  "control_sockets": "deny", "mounts": {"deny": ["/", "/etc"]}})";

TEST(Admit, WhatEnginesMakeByThemselvesAsksForNothing) {
  for (const char* name : {"docker.json", "podman.json", "runc-spec.json", "crun-spec.json"}) {
    EXPECT_EQ(asked(kEverything, config(name)), "") << name;
  }
}

TEST(Admit, APrivilegedContainerIsToldByEveryKeyItConcerns) {
  const std::string text = asked(kEverything, config("privileged.json"));
  for (const char* key : {"privileged", "capabilities", "devices", "unmasked_paths"}) {
    EXPECT_NE(text.find(std::string(key) + " refused: has "), std::string::npos) << key << text;
  }
  EXPECT_EQ(asked(R"({"root_user": "off"})", config("privileged.json")), "");
}

TEST(Admit, AHostNamespaceIsOneThatIsNotNewOrIsTheRuntimesOwn) {
  json document = config("docker.json");
  json& namespaces = document["linux"]["namespaces"];
  const auto set = [&](const std::string& type, const std::string& path) {
    namespaces.erase(std::remove_if(namespaces.begin(), namespaces.end(),
                                    [&](const json& ns) { return ns["type"] == type; }),
                     namespaces.end());
    if (!path.empty()) {
      namespaces.push_back({{"type", type}, {"path", path}});
    }
  };
  set("network", "/proc/77/ns/net");
  EXPECT_EQ(asked(kEverything, document), "") << "a pod's";
  set("pid", "");
  set("network", "/proc/1/ns/net");
  EXPECT_EQ(asked(R"({"host_namespaces": "alert"})", document),
            "host_namespaces: is in the host's pid, network namespace\n");
}

TEST(Admit, CapabilitiesThatTheProfileNamesAreExpected) {
  json document = config("docker.json");
  document["process"]["capabilities"]["bounding"].push_back("CAP_NET_ADMIN");
  document["process"]["capabilities"]["bounding"].push_back("CAP_SYS_PTRACE");
  const auto found = admissions(R"({"capabilities": "alert"})", document,
                                R"(, "capabilities": {"allow": ["CAP_NET_ADMIN"]})");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], (Admission{"capabilities", "has CAP_SYS_PTRACE", false}));
}

TEST(Admit, ControlSocketsAreFoundThroughLinksAndThroughWhatHoldsThem) {
  for (const char* source :
       {"/run/docker.sock", "/var/run/docker.sock", "/run", "/var/run", "/", "/run/containerd",
        "/run/containerd/containerd.sock", "/var/lib", "/var/lib/kubelet", "/run/user/1000",
        "/run/user/1000/podman", "/run/user", "/run/user/7/podman/podman.sock", "/run/dbus"}) {
    EXPECT_NE(asked(R"({"control_sockets": "deny"})", with_mount(source)), "") << source;
  }
}

TEST(Admit, VolumesThatLieWhereDaemonsKeepThemAreNoControlSockets) {
  for (const char* source :
       {"/var/lib/kubelet/pods/1/volumes/x", "/run/containerd/io.containerd.grpc.v1.cri/s/shm",
        "/srv", "/run/lock", "/home", "/run/user/1000/wayland-0", "/tmp/docker.sock.d"}) {
    EXPECT_EQ(asked(R"({"control_sockets": "deny"})", with_mount(source)), "") << source;
  }
}

TEST(Admit, AListedPathStandsForItselfAllBelowAndWhatHoldsIt) {
  const char* etc = R"({"mounts": {"deny": ["/etc"], "alert": ["/srv/files"]}})";
  EXPECT_EQ(asked(etc, with_mount("/etc/ssl")), "mounts refused: mounts /etc/ssl at /x\n");
  EXPECT_EQ(asked(etc, with_mount("/srv")), "mounts: mounts /srv at /x\n");
  EXPECT_EQ(asked(etc, with_mount("/etcetera")), "");
  const char* root = R"({"mounts": {"deny": ["/"]}})";
  EXPECT_EQ(asked(root, with_mount("/")), "mounts refused: mounts / at /x\n");
  EXPECT_EQ(asked(root, with_mount("/srv")), "");
}

TEST(Admit, OfManyMountsAFewAreTold) {
  json document = config("docker.json");
  for (int i = 0; i < 1000; ++i) {
    document["mounts"].push_back({{"destination", "/x" + std::to_string(i)},
                                  {"source", "/etc/" + std::string(300, 'x')},
                                  {"type", "bind"}});
  }
  const std::string text = asked(R"({"mounts": {"alert": ["/etc"]}})", document);
  EXPECT_LT(text.size(), 4096U);
  EXPECT_NE(text.find(" and 992 more"), std::string::npos) << text;
}

TEST(Admit, ATmpfsThatIsCalledLikeAHostPathIsNoMountOfTheHost) {
  json document = config("docker.json");
  document["mounts"].push_back({{"destination", "/run"}, {"source", "/run"}, {"type", "tmpfs"}});
  EXPECT_EQ(asked(kEverything, document), "");
}

TEST(Admit, TheHostsRootUserIsOneWithoutAUserNamespace) {
  json document = config("docker.json");
  document["process"]["user"]["uid"] = 0;
  EXPECT_EQ(asked(R"({"root_user": "alert"})", document),
            "root_user: runs as the host's root user\n");
  document["linux"]["namespaces"].push_back({{"type", "user"}});
  EXPECT_EQ(asked(R"({"root_user": "alert"})", document), "");
}

TEST(Admit, DetectModeOnlyTells) {
  const auto found = admissions(R"({"privileged": "deny", "mounts": {"deny": ["/srv"]}})",
                                with_mount("/srv"), R"(, "mode": "detect")");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].refused);
  EXPECT_EQ(refusal_of(found), "");
}

TEST(Admit, ARefusalNamesWhatWasAskedForAndTheKey) {
  const std::string why = refusal_of(admissions(kEverything, with_mount("/etc")));
  EXPECT_EQ(
      why,
      "it mounts /etc at /x, which its profile does not admit; start it without, or give it a "
      "profile whose admit.mounts allows that");
}

}  // namespace
}  // namespace holdfast::profile
