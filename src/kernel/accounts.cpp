#include "src/kernel/accounts.h"

#include <unistd.h>

#include <utility>

namespace holdfast::kernel {

namespace {

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

std::uint64_t Accounts::take(std::size_t place, std::optional<std::uint64_t> now_ns) {
  hf_repeat& element = repeats_[place];
  const std::uint64_t state = load(element.state);
  const std::uint64_t count = state & HF_REPEAT_COUNT;
  const bool live = phase(state) == HF_REPEAT_LIVE;
  const bool over = live && (!now_ns || *now_ns >= element.since_ns + HF_REPEAT_NS);
  const bool left = phase(state) == HF_REPEAT_CLAIMED && !claimed_[place];
  if (!over && !left) {
    counting_ = counting_ || live;
    return 0;
  }
  const std::uint64_t next =
      (state & kUpper) | (count == 0 ? HF_REPEAT_FREE : HF_REPEAT_CLAIMED | count);
  if (!change(element.state, state, next)) {
    counting_ = true;  // An event was faster: there is a new window.
    return 0;
  }
  claimed_[place] = count != 0;
  return count;
}

std::optional<Repeat> Accounts::claim(std::optional<std::uint64_t> now_ns, std::size_t& place) {
  counting_ = place != 0 && counting_;
  while (place < HF_MAX_REPEATS) {
    const std::size_t at = place++;
    if (const std::uint64_t count = take(at, now_ns)) {
      return Repeat{position_of_use(at, load(repeats_[at].state)), count, repeats_[at]};
    }
  }
  return std::nullopt;
}

void Accounts::free(std::uint64_t position) {
  const std::size_t place = position % HF_MAX_REPEATS;
  claimed_[place] = false;
  __u64& state = repeats_[place].state;
  const std::uint64_t now = load(state);
  if (phase(now) == HF_REPEAT_CLAIMED && position_of_use(place, now) == position) {
    change(state, now, now & kUpper);
  }
}

}  // namespace holdfast::kernel
