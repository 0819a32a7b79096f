// Numbers of the kernel in the words of its manual pages. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::detect {

// "EROFS"; "" for 0, "errno N" for a number without a name.
std::string errno_name(int error_number);

// CAP_… names of the bits of `mask` (capabilities(7)); a bit that has none yet is "CAP_n".
std::vector<std::string> capability_names(std::uint64_t mask);

// CLONE_NEW… names in the flags of clone(2), unshare(2) or setns(2).
std::vector<std::string> namespace_flags(std::uint64_t flags);

// MS_… names in the flags of mount(2).
std::vector<std::string> mount_flags(std::uint64_t flags);

// "tmpfs" for the magic number of statfs(2); "" for one we do not know.
std::string_view filesystem_name(std::uint32_t magic);

// "file", "directory", "symlink", "block-device", "character-device", "fifo", "socket"; "" when
// unknown.
std::string_view file_type(std::uint32_t mode);

// "init_module"; "syscall N" for a number this machine's architecture does not have.
std::string syscall_name(std::uint64_t number);

// "10.0.0.1" or "2001:db8::1" of an address of `family` (AF_INET: its first four bytes); "" for
// another family.
std::string address_text(std::uint16_t family, const std::array<std::uint8_t, 16>& address);

// "tcp" for IPPROTO_TCP; "protocol N" for one we do not know, "" for 0.
std::string protocol_name(std::uint16_t protocol);

// "8:1" for a device in kernel encoding (major << 20 | minor).
std::string device_name(std::uint32_t device);

}  // namespace holdfast::detect
