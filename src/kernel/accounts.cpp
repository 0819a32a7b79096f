#include "src/kernel/accounts.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace holdfast::kernel {

namespace {

constexpr int kTries = 16;
constexpr std::uint64_t kUpper = ~(HF_REPEAT_COUNT | HF_REPEAT_PHASE);

std::size_t whole_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

std::uint64_t load(const __u64& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

bool change(__u64& word, __u64 from, __u64 to) {
  return __atomic_compare_exchange_n(&word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

std::uint64_t phase(std::uint64_t state) { return state & HF_REPEAT_PHASE; }

std::uint64_t end_ns(const hf_repeat& element) {
  const std::uint64_t window_ns =
      element.window_ms == 0 ? HF_REPEAT_NS : element.window_ms * std::uint64_t{1'000'000};
  return element.since_ns + window_ns;
}

// The use is in the state's upper half.
std::uint64_t position_of_use(std::size_t place, std::uint64_t state) {
  return state / HF_REPEAT_USE * HF_MAX_REPEATS + place;
}

}  // namespace

std::uint64_t position_of(const Loss& loss) {
  return (loss.total * HF_MAX_CONTAINERS + loss.slot) * HF_COUNTER_COUNT + loss.cause;
}

Loss loss_at(std::uint64_t position) {
  Loss loss;
  loss.cause = static_cast<hf_counter>(position % HF_COUNTER_COUNT);
  loss.slot = static_cast<std::uint32_t>(position / HF_COUNTER_COUNT % HF_MAX_CONTAINERS);
  loss.total = position / HF_COUNTER_COUNT / HF_MAX_CONTAINERS;
  return loss;
}

std::uint32_t longer_window_ms(std::uint32_t window_ms) {
  const auto longer = std::ranges::find_if(
      kWindowsMs, [now = std::max(window_ms, kWindowsMs.front())](auto ms) { return ms > now; });
  return longer == kWindowsMs.end() ? kWindowsMs.back() : *longer;
}

Result<Accounts> Accounts::map(const Fds& fds) {
  constexpr std::size_t kCountsBytes = sizeof(hf_counts) * HF_MAX_CONTAINERS;
  Mapping counters =
      TRY(Mapping::of(fds.counters, whole_pages(kCountsBytes), PROT_READ, 0, "hf_counters"));
  Mapping told =
      TRY(Mapping::of(fds.told, whole_pages(kCountsBytes), PROT_READ | PROT_WRITE, 0, "hf_told"));
  Mapping repeats = TRY(Mapping::of(fds.repeats, whole_pages(sizeof(hf_repeat) * HF_MAX_REPEATS),
                                    PROT_READ | PROT_WRITE, 0, "hf_repeats"));
  Accounts accounts(static_cast<const hf_counts*>(counters.at()),
                    static_cast<hf_counts*>(told.at()), static_cast<hf_repeat*>(repeats.at()));
  accounts.mappings_ = {std::move(counters), std::move(told), std::move(repeats)};
  return accounts;
}

std::vector<Loss> Accounts::losses() const {
  std::vector<Loss> losses;
  for (std::uint32_t slot = 0; slot < HF_MAX_CONTAINERS; ++slot) {
    for (const hf_counter cause : kLosses) {
      const std::uint64_t total = load(counters_[slot].of[cause]);
      const std::uint64_t told = told_[slot].of[cause];
      if (total > told) {
        losses.push_back({slot, cause, total - told, total});
      }
    }
  }
  return losses;
}

void Accounts::told(const Loss& loss) {
  __u64& told = told_[loss.slot].of[loss.cause];
  if (loss.total > told) {
    __atomic_store_n(&told, loss.total, __ATOMIC_RELEASE);
  }
}

// A program that counts one more, or tells what was counted by itself, is faster now and then; one
// that always is has the next look.
std::uint64_t Accounts::take(std::size_t place, std::optional<std::uint64_t> now_ns,
                             const Ended& ended) {
  hf_repeat& element = repeats_[place];
  for (int tries = 0; tries < kTries; ++tries) {
    const std::uint64_t state = load(element.state);
    const std::uint64_t count = state & HF_REPEAT_COUNT;
    const bool live = phase(state) == HF_REPEAT_LIVE;
    const std::uint64_t end = end_ns(element);
    const bool over = live && (!now_ns || *now_ns >= end || (ended && ended(element.key)));
    const bool left = phase(state) == HF_REPEAT_CLAIMED && !claimed_[place];
    if (!over && !left) {
      next_end_ns_ = live ? std::min(next_end_ns_.value_or(end), end) : next_end_ns_;
      return 0;
    }
    const std::uint64_t next =
        (state & kUpper) | (count == 0 ? HF_REPEAT_FREE : HF_REPEAT_CLAIMED | count);
    if (change(element.state, state, next)) {
      claimed_[place] = count != 0;
      return count;
    }
  }
  next_end_ns_ = 0;
  return 0;
}

std::optional<Repeat> Accounts::claim(std::optional<std::uint64_t> now_ns, std::size_t& place,
                                      const Ended& ended) {
  if (place == 0) {
    next_end_ns_.reset();
  }
  while (place < HF_MAX_REPEATS) {
    const std::size_t at = place++;
    if (const std::uint64_t count = take(at, now_ns, ended)) {
      return Repeat{position_of_use(at, load(repeats_[at].state)), count, repeats_[at]};
    }
  }
  return std::nullopt;
}

hf_repeat* Accounts::claimed(std::uint64_t position) {
  const std::size_t place = position % HF_MAX_REPEATS;
  claimed_[place] = false;
  hf_repeat& element = repeats_[place];
  const std::uint64_t state = load(element.state);
  const bool same = phase(state) == HF_REPEAT_CLAIMED && position_of_use(place, state) == position;
  return same ? &element : nullptr;
}

void Accounts::free(std::uint64_t position) {
  if (hf_repeat* element = claimed(position)) {
    const std::uint64_t state = load(element->state);
    change(element->state, state, state & kUpper);
  }
}

// No program touches a claimed element. If we are killed in between, it stays claimed, in the use
// that is told already: the next monitor frees it. What is counted from here on is another use, or
// its line would have the origin of the one before.
std::optional<std::uint64_t> Accounts::count_on(std::uint64_t position, std::uint64_t now_ns) {
  hf_repeat* element = claimed(position);
  if (element == nullptr) {
    return std::nullopt;
  }
  element->since_ns = now_ns;
  element->window_ms = longer_window_ms(element->window_ms);
  const std::uint64_t end = end_ns(*element);
  const std::uint64_t state = load(element->state);
  change(element->state, state, ((state & kUpper) + HF_REPEAT_USE) | HF_REPEAT_LIVE);
  return end;
}

}  // namespace holdfast::kernel
