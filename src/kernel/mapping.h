// Owner of one memory mapping.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "src/base/result.h"

namespace holdfast::kernel {

// Unmaps when it goes. Move-only.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (at_ != nullptr) {
      munmap(at_, bytes_);
    }
  }

  // Shared memory of a BPF map (mmap(2)); `what` names the map.
  static Result<Mapping> of(int map_fd, std::size_t bytes, int protection, std::size_t offset,
                            const char* what) {
    void* at = mmap(nullptr, bytes, protection, MAP_SHARED, map_fd, static_cast<off_t>(offset));
    if (at == MAP_FAILED) {
      return fail_errno(std::string("cannot map BPF map ") + what, errno);
    }
    return Mapping(at, bytes);
  }

  [[nodiscard]] void* at() const { return at_; }

 private:
  Mapping(void* at, std::size_t bytes) : at_(at), bytes_(bytes) {}

  void* at_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::kernel
