// The line about the digest of an executable. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "src/detect/alert.h"
#include "src/detect/detect.h"

namespace holdfast::detect {

// A file that a container executed, or tried to.
struct Digest {
  std::string path;
  std::string device;  // as in Object
  std::uint64_t inode = 0;
  std::string sha256;  // hexadecimal
};

// The record of class "exec.hash". `time_ns`: base::boot_now_ns().
Alert digest_alert(const Digest& digest, std::uint64_t time_ns, const Context& context);

}  // namespace holdfast::detect
