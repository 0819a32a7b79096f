#include "src/kernel/host_entries.h"

#include <bpf/libbpf.h>
#include <fcntl.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "src/base/file.h"
#include "src/kernel/iterators.h"
#include "src/kernel/maps.h"

namespace holdfast::kernel {
namespace {

using namespace std::string_view_literals;
namespace fs = std::filesystem;

// As their daemons bind them. What ends with a slash stands for all below; a name that begins with
// a zero byte is abstract (containerd-shim's own, CVE-2020-15257). /run and /var/run are both in
// use, for a daemon binds what its configuration says.
constexpr std::array kControlSockets = {
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
constexpr std::array kRunDirectories = {"/run"sv, "/var/run"sv};
// Below /run/user/UID: engines of that user, and what starts programs for it. Other sockets there
// (sound, display) are what containers of a desktop are given.
constexpr std::array kUserSockets = {
    "/docker.sock\0"sv, "/docker/"sv, "/containerd/"sv,       "/podman/"sv,
    "/buildkit/"sv,     "/bus\0"sv,   "/systemd/private\0"sv,
};
constexpr const char* kUserDirectories = "/run/user";
// More users are logged in nowhere that containers run; a limit, for others make the directories.
constexpr std::size_t kMaxUsers = 32;
constexpr std::array kOtherSockets = {
    "/var/lib/kubelet/"sv,  // device plugins, pod resources
    "/var/lib/incus/unix.socket\0"sv,
    "/var/lib/lxd/unix.socket\0"sv,
    "/var/snap/lxd/common/lxd/unix.socket\0"sv,
    "\0/containerd-shim/"sv,
    "\0containerd-shim"sv,
};

Status write_name(const hf_skeleton& skeleton, std::string_view name, hf_class class_id) {
  hf_socket_key key{};
  if (name.size() > sizeof(key.name)) {
    return fail("socket " + std::string(name) + " has a longer name than a socket can have");
  }
  key.prefix_bits = static_cast<__u32>(8 * name.size());
  std::memcpy(key.name, name.data(), name.size());
  return map_set(bpf_map__fd(skeleton.maps.hf_control_sockets), key,
                 static_cast<std::uint32_t>(class_id), "hf_control_sockets");
}

}  // namespace

Status write_user_sockets(const hf_skeleton& skeleton) {
  std::error_code error;
  std::size_t users = 0;
  for (fs::directory_iterator at(kUserDirectories, error), end;
       !error && at != end && users < kMaxUsers; at.increment(error), ++users) {
    for (const std::string_view name : kUserSockets) {
      TRY(write_name(skeleton, at->path().string().append(name), HF_ESCAPE_SOCKET));
    }
  }
  return Ok{};
}

Status write_control_sockets(const hf_skeleton& skeleton, const std::string& own) {
  for (const std::string_view directory : kRunDirectories) {
    for (const std::string_view name : kControlSockets) {
      TRY(write_name(skeleton, std::string(directory).append(name), HF_ESCAPE_SOCKET));
    }
  }
  for (const std::string_view name : kOtherSockets) {
    TRY(write_name(skeleton, name, HF_ESCAPE_SOCKET));
  }
  return own.empty() ? Status(Ok{}) : write_name(skeleton, own + '\0', HF_TAMPER_MONITOR);
}

Result<Protected> write_protected(hf_skeleton& skeleton, const std::vector<std::string>& paths) {
  const int map = bpf_map__fd(skeleton.maps.hf_protected);
  for (const hf_directory_key& key : map_keys<hf_directory_key>(map)) {
    map_remove(map, key);
  }
  Protected held;
  for (const std::string& path : paths) {
    Result<base::UniqueFd> file = base::open_file(path, O_PATH);
    if (!file.ok()) {
      continue;
    }
    const Identity identity = TRY(identify(skeleton, file.value()));
    TRY(map_set(map, identity.directory, std::uint32_t{1}, "hf_protected"));
    held.devices |= hf_device_bit(identity.directory.dev);
    held.files.push_back(std::move(file).value());
  }
  return held;
}

}  // namespace holdfast::kernel
