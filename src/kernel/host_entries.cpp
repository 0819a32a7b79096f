#include "src/kernel/host_entries.h"

#include <bpf/libbpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "src/base/control_sockets.h"
#include "src/base/file.h"
#include "src/kernel/iterators.h"
#include "src/kernel/maps.h"

namespace holdfast::kernel {
namespace {

namespace fs = std::filesystem;

// More users are logged in nowhere that containers run; a limit, for others make the directories.
constexpr std::size_t kMaxUsers = 32;

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
  for (fs::directory_iterator at(base::kUserDirectories, error), end;
       !error && at != end && users < kMaxUsers; at.increment(error), ++users) {
    for (const std::string_view name : base::kUserSockets) {
      TRY(write_name(skeleton, at->path().string().append(name), HF_ESCAPE_SOCKET));
    }
  }
  return Ok{};
}

Status write_control_sockets(const hf_skeleton& skeleton, const std::string& own) {
  for (const std::string_view directory : base::kRunDirectories) {
    for (const std::string_view name : base::kControlSockets) {
      TRY(write_name(skeleton, std::string(directory).append(name), HF_ESCAPE_SOCKET));
    }
  }
  for (const std::string_view name : base::kOtherSockets) {
    TRY(write_name(skeleton, name, HF_ESCAPE_SOCKET));
  }
  return own.empty() ? Status(Ok{}) : write_name(skeleton, own + '\0', HF_TAMPER_MONITOR);
}

Result<Protected> write_protected(hf_skeleton& skeleton, const std::vector<std::string>& paths) {
  const int map = bpf_map__fd(skeleton.maps.hf_protected);
  Protected held;
  std::vector<hf_directory_key> keys;
  for (const std::string& path : paths) {
    Result<base::UniqueFd> file = base::open_file(path, O_PATH);
    if (!file.ok()) {
      continue;
    }
    const Identity identity = TRY(identify(skeleton, file.value()));
    TRY(map_set(map, identity.directory, std::uint32_t{1}, "hf_protected"));
    held.devices |= hf_device_bit(identity.directory.dev);
    held.files.push_back(std::move(file).value());
    keys.push_back(identity.directory);
  }
  for (const hf_directory_key& key : map_keys<hf_directory_key>(map)) {
    if (std::ranges::none_of(keys, [&key](const hf_directory_key& kept) {
          return std::memcmp(&kept, &key, sizeof(key)) == 0;
        })) {
      map_remove(map, key);
    }
  }
  return held;
}

}  // namespace holdfast::kernel
