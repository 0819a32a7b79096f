// Hashes executables in a thread of its own, at the lowest priority: nobody waits for it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/worker.h"
#include "src/digest/executable.h"

namespace holdfast::digest {

// Files that wait, of one container and of all; those beyond are counted as busy.
inline constexpr std::size_t kMostWaitingOfOne = 64;
inline constexpr std::size_t kMostWaiting = 1024;
// Different files, or versions of one, that are remembered; and of how many containers each.
inline constexpr std::size_t kMostKnown = 4096;
inline constexpr std::size_t kMostTold = 1024;

struct ContainerId {
  std::uint32_t generation = 0;  // of the slot, never used twice
  std::uint32_t slot = 0;
  auto operator<=>(const ContainerId&) const = default;
};

struct Hashed {
  ContainerId container;
  Executable file;
  std::string sha256;
};

class Digester {
 public:
  struct Settings {
    std::string proc_root = "/proc";
    // That are read for one container in a minute. Beyond that it makes us work for nothing.
    std::uint64_t bytes_a_minute = 2 * kMostBytes;
  };

  static Result<Digester> make(Settings settings);

  // Wants the digest of a file of that container. Never waits.
  void ask(const ContainerId& container, Executable file);

  // Readable when there are digests.
  [[nodiscard]] int fd() const;

  // Those that were not handed out before: each version of a file once for each container, as long
  // as it is remembered.
  std::vector<Hashed> finished();

  // How many files got none, by Unhashed.
  using Counts = std::array<std::uint64_t, kUnhashedCount>;
  [[nodiscard]] Counts unhashed() const;

  // Ends the thread, with what waits left undone.
  void stop() { worker_.reset(); }

 private:
  struct Shared;
  explicit Digester(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;  // the thread has it too
  std::unique_ptr<base::Worker> worker_;
};

}  // namespace holdfast::digest
