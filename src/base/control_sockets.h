// The names by which the daemons of a host are controlled: whoever reaches one of them has the
// host.
#pragma once

#include <array>
#include <string_view>

namespace holdfast::base {

using std::literals::string_view_literals::operator""sv;

// As their daemons bind them. What ends with a slash stands for all below; a name that begins with
// a zero byte is abstract (containerd-shim's own, CVE-2020-15257). /run and /var/run are both in
// use, for a daemon binds what its configuration says.
inline constexpr std::array kControlSockets = {
    "/docker.sock\0"sv,  // Docker Engine API
    "/docker/"sv,        // and its containerd's
    "/containerd/"sv,    // containerd, and the shims' sockets
    "/crio/"sv,          // CRI-O
    "/podman/"sv,        // podman system service
    "/k3s/"sv,           // k3s' containerd
    "/buildkit/"sv,      // buildkitd
    "/dbus/system_bus_socket\0"sv,
    "/systemd/private\0"sv,
    "/libvirt/"sv,
    "/nri/"sv,  // containerd's and CRI-O's node resource interface: mounts and hooks
    "/cri-dockerd.sock\0"sv,
    "/k0s/"sv,
    "/incus/"sv,
    "/snapd.socket\0"sv,
};
inline constexpr std::array kRunDirectories = {"/run"sv, "/var/run"sv};
// Below /run/user/UID: engines of that user, and what starts programs for it. Other sockets there
// (sound, display) are what containers of a desktop are given.
inline constexpr std::array kUserSockets = {
    "/docker.sock\0"sv, "/docker/"sv, "/containerd/"sv,       "/podman/"sv,
    "/buildkit/"sv,     "/bus\0"sv,   "/systemd/private\0"sv,
};
inline constexpr std::array kOtherSockets = {
    "/var/lib/kubelet/"sv,  // device plugins, pod resources
    "/var/lib/incus/unix.socket\0"sv,
    "/var/lib/lxd/unix.socket\0"sv,
    "/var/snap/lxd/common/lxd/unix.socket\0"sv,
    "\0/containerd-shim/"sv,
    "\0containerd-shim"sv,
};

// Where the directories of the users that are logged in lie, one each.
inline constexpr const char* kUserDirectories = "/run/user";

}  // namespace holdfast::base
