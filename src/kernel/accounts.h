// What the kernel counts instead of sending: losses, and repeats of what it sent. Told exactly once
// if the one who tells says told() and free() only after the words are on disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <linux/types.h>

#include "bpf/abi/events.h"
#include "src/base/result.h"
#include "src/kernel/mapping.h"

namespace holdfast::kernel {

// The counters that say that something could not be told.
inline constexpr std::array kLosses = {HF_COUNT_ALERTS_FULL, HF_COUNT_RECORDS_FULL,
                                       HF_COUNT_NO_BUFFER, HF_COUNT_NO_STORAGE};

struct Loss {
  std::uint32_t slot = 0;  // 0: of no container that is known
  hf_counter cause = HF_COUNT_ALERTS_FULL;
  std::uint64_t count = 0;  // not told yet
  std::uint64_t total = 0;  // since the maps were made: when it is told, all up to here is
};

// One number for a slot, a cause and a total: no two losses of one set of maps have the same. And
// back; count is 0 then.
std::uint64_t position_of(const Loss& loss);
Loss loss_at(std::uint64_t position);

struct Repeat {
  std::uint64_t position = 0;  // for free(): no two uses of an element have the same
  std::uint64_t count = 0;
  hf_repeat element{};
};

// Over the memory that BPF programs count in. Single-threaded; the only one beside them.
class Accounts {
 public:
  struct Fds {
    int counters;
    int told;
    int repeats;
  };
  static Result<Accounts> map(const Fds& fds);

  // Over plain memory, for tests: HF_MAX_CONTAINERS counters, as many of what was told, and
  // HF_MAX_REPEATS elements.
  Accounts(const hf_counts* counters, hf_counts* told, hf_repeat* repeats)
      : counters_(counters), told_(told), repeats_(repeats) {}

  [[nodiscard]] std::vector<Loss> losses() const;
  // Everything up to loss.total was told.
  void told(const Loss& loss);

  // The next element, from `place` on, that counted something and whose window was over at `now_ns`
  // (of any, where that is empty), claimed for whoever asks; those that counted nothing are freed
  // on the way. What a former monitor claimed is found as well. `place` is 0 at first, and then
  // behind the element; nothing is left when nothing is returned.
  std::optional<Repeat> claim(std::optional<std::uint64_t> now_ns, std::size_t& place);
  // It was told: the element is anybody's again.
  void free(std::uint64_t position);
  // Whether any element that claim() looked at is still counting.
  [[nodiscard]] bool counting() const { return counting_; }

 private:
  // Claims or frees one; its count, if there is something to tell.
  std::uint64_t take(std::size_t place, std::optional<std::uint64_t> now_ns);

  std::array<Mapping, 3> mappings_;
  const hf_counts* counters_;
  hf_counts* told_;
  hf_repeat* repeats_;
  bool counting_ = false;
  std::array<bool, HF_MAX_REPEATS> claimed_{};  // by us, and not told yet
};

}  // namespace holdfast::kernel
