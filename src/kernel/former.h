// What another version of holdfast, older or newer, has pinned: read by the promise of
// bpf/abi/handover.h, and removed when nothing of it is needed any more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <linux/types.h>

#include "bpf/abi/policy.h"
#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/kernel/kernel.h"

namespace holdfast::kernel {

enum class FormerMap {
  kPolicies,
  kTasks,
  kCgroups,
  kSuperblocks,
  kRootfs,
  kNamespaces,
  kAlerts,
  kRecords,
  kCounters,
  kTold,
  kRepeats,
};
inline constexpr std::size_t kFormerMaps = 11;

class Former {
 public:
  // All that are in `pin_dir`, but for this version's own. What a version that was ended in the
  // middle left of its pins, no program among them, is removed on the way. Fails when there is one
  // that cannot be taken over.
  static Result<std::vector<Former>> find(const std::string& pin_dir);

  [[nodiscard]] unsigned version() const { return version_; }

  // Slots in use.
  [[nodiscard]] std::vector<Slot> slots() const;

  // As much of it as every version has; all 0 for a slot that it has not.
  [[nodiscard]] hf_policy policy(std::uint32_t slot) const;

  // The caller's for as long as this object lives.
  [[nodiscard]] int map(FormerMap which) const;

  // Of its maps: no other set of maps has the same while these exist.
  [[nodiscard]] std::uint64_t id() const;

  // How many events wait in its rings or were only counted, and how many were lost of which nobody
  // was told.
  [[nodiscard]] std::uint64_t untold() const;

  // Takes its programs off; from here on untold() does not grow.
  void detach();

  // Removes its maps, too. The last thing to do with it.
  void remove();

 private:
  struct Map {
    base::UniqueFd fd;
    std::uint32_t id = 0;
    std::uint32_t value_bytes = 0;
    std::uint32_t entries = 0;
  };

  Former(std::string directory, unsigned version)
      : directory_(std::move(directory)), version_(version) {}
  Status open();
  [[nodiscard]] const Map& at(FormerMap which) const;
  // The beginning of an element.
  template <typename Value>
  [[nodiscard]] Value read(FormerMap which, std::uint32_t key) const;
  [[nodiscard]] std::uint64_t waiting(FormerMap ring) const;
  [[nodiscard]] std::uint64_t counted() const;
  [[nodiscard]] std::uint64_t lost() const;

  std::string directory_;
  unsigned version_;
  std::array<Map, kFormerMaps> maps_;
};

}  // namespace holdfast::kernel
