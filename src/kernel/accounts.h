// What the kernel counts instead of sending: losses, and repeats of what it sent. Told exactly once
// if the one who tells says told() and free() only after the words are on disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
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

// For how long the kernel counts what is the same before it is told again, as long as there always
// is something to tell: what goes on for a day is told some thirty times. After an interval without
// any, the next is told at once, and the first of these follows.
inline constexpr std::array<std::uint32_t, 5> kWindowsMs = {HF_REPEAT_NS / 1'000'000, 10'000,
                                                            60'000, 600'000, 3'600'000};
// The one after; the last stays. `window_ms`: hf_repeat.window_ms.
std::uint32_t longer_window_ms(std::uint32_t window_ms);

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

  // Whether the container of a key has gone. What was counted of it is told at once.
  using Ended = std::function<bool(const hf_repeat_key&)>;

  // The next element, from `place` on, that counted something and whose window was over at `now_ns`
  // (of any, where that is empty), claimed for whoever asks; those that counted nothing are freed
  // on the way. What a former monitor claimed is found as well. `place` is 0 at first, and then
  // behind the element; nothing is left when nothing is returned.
  std::optional<Repeat> claim(std::optional<std::uint64_t> now_ns, std::size_t& place,
                              const Ended& ended = {});
  // It was told: the element is anybody's again.
  void free(std::uint64_t position);
  // It was told, and goes on counting the same from `now_ns` on, in a window that is longer than
  // the one before (kWindowsMs). When that one is over; nothing where the element was not claimed.
  std::optional<std::uint64_t> count_on(std::uint64_t position, std::uint64_t now_ns);
  // When the first window is over of those that claim() saw still counting; nothing: there are
  // none.
  [[nodiscard]] std::optional<std::uint64_t> next_end_ns() const { return next_end_ns_; }

 private:
  // Claims or frees one; its count, if there is something to tell.
  std::uint64_t take(std::size_t place, std::optional<std::uint64_t> now_ns, const Ended& ended);
  // nullptr, unless it is claimed in that use.
  hf_repeat* claimed(std::uint64_t position);

  std::array<Mapping, 3> mappings_;
  const hf_counts* counters_;
  hf_counts* told_;
  hf_repeat* repeats_;
  std::optional<std::uint64_t> next_end_ns_;
  std::array<bool, HF_MAX_REPEATS> claimed_{};  // by us, and not told yet
};

}  // namespace holdfast::kernel
