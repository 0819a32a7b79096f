#include "src/kernel/former.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "bpf/abi/handover.h"
#include "src/kernel/accounts.h"
#include "src/kernel/pins.h"
#include "src/kernel/ring.h"

namespace holdfast::kernel {
namespace {

// What every version up to now counts, and those to come count at least.
constexpr std::size_t kCountersLeast = HF_COUNT_NO_STORAGE + 1;
struct Counts {
  std::array<std::uint64_t, kCountersLeast> of;
};

struct Layout {
  const char* name;
  bpf_map_type type;
  std::uint32_t key_bytes;
  std::uint32_t least_value_bytes;
  bool may_grow;
};

constexpr bool kMayGrow = true;

constexpr std::array<Layout, kFormerMaps> kLayouts = {{
    // by FormerMap
    {"hf_policies", BPF_MAP_TYPE_ARRAY, 4, HF_POLICY_LEAST, kMayGrow},
    {"hf_tasks", BPF_MAP_TYPE_TASK_STORAGE, 4, HF_TASK_LEAST, kMayGrow},
    {"hf_cgroups", BPF_MAP_TYPE_HASH, 8, 4, !kMayGrow},
    {"hf_superblocks", BPF_MAP_TYPE_HASH, 4, 4, !kMayGrow},
    {"hf_rootfs", BPF_MAP_TYPE_HASH, sizeof(hf_directory_key), 4, !kMayGrow},
    {"hf_namespaces", BPF_MAP_TYPE_HASH, sizeof(hf_namespace_key), 4, !kMayGrow},
    {"hf_alerts", BPF_MAP_TYPE_RINGBUF, 0, 0, !kMayGrow},
    {"hf_records", BPF_MAP_TYPE_RINGBUF, 0, 0, !kMayGrow},
    {"hf_counters", BPF_MAP_TYPE_ARRAY, 4, sizeof(Counts), kMayGrow},
    {"hf_told", BPF_MAP_TYPE_ARRAY, 4, sizeof(Counts), kMayGrow},
    {"hf_repeats", BPF_MAP_TYPE_ARRAY, 4, sizeof(std::uint64_t), kMayGrow},
}};

bool fits(const bpf_map_info& info, const Layout& layout) {
  return info.type == layout.type && info.key_size == layout.key_bytes &&
         (info.value_size == layout.least_value_bytes ||
          (layout.may_grow && info.value_size > layout.least_value_bytes));
}

// Without a link no program of that version is in force; without all maps none ever will be.
bool is_remnant(const std::string& directory) {
  std::error_code error;
  const bool attached = !std::filesystem::is_empty(links_directory(directory), error) && !error;
  return !attached && std::ranges::any_of(kLayouts, [&directory](const Layout& layout) {
    return access(fmt::format("{}/{}", maps_directory(directory), layout.name).c_str(), F_OK) != 0;
  });
}

}  // namespace

Result<std::vector<Former>> Former::find(const std::string& pin_dir) {
  std::vector<Former> formers;
  for (const unsigned version : pinned_versions(pin_dir)) {
    Former former(version_directory(pin_dir, version), version);
    if (version == HF_ABI_VERSION) {
      continue;
    }
    if (version < HF_ABI_OLDEST) {
      return fail(
          fmt::format("{} is of a version from which this one cannot take over; stop that "
                      "one's containers and its monitor, then remove the directory",
                      former.directory_));
    }
    if (is_remnant(former.directory_)) {
      former.remove();
      continue;
    }
    TRY(former.open());
    formers.push_back(std::move(former));
  }
  return formers;
}

Status Former::open() {
  for (std::size_t i = 0; i < kFormerMaps; ++i) {
    const std::string path = fmt::format("{}/{}", maps_directory(directory_), kLayouts[i].name);
    base::UniqueFd fd(bpf_obj_get(path.c_str()));
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) {
      return fail_errno("cannot open " + path + ", which another version of holdfast left", errno);
    }
    if (!fits(info, kLayouts[i])) {
      return fail(
          fmt::format("{} of another version of holdfast is not laid out as it should be; "
                      "stop that version's containers and its monitor, then remove {}",
                      path, directory_));
    }
    maps_[i] = Map{std::move(fd), info.id, info.value_size, info.max_entries};
  }
  return Ok{};
}

const Former::Map& Former::at(FormerMap which) const {
  return maps_[static_cast<std::size_t>(which)];
}

int Former::map(FormerMap which) const { return at(which).fd.get(); }

std::uint64_t Former::id() const { return at(FormerMap::kAlerts).id; }

template <typename Value>
Value Former::read(FormerMap which, std::uint32_t key) const {
  const Map& map = at(which);
  std::vector<std::byte> bytes(map.value_bytes);
  Value value{};
  if (bpf_map_lookup_elem(map.fd.get(), &key, bytes.data()) == 0) {
    std::memcpy(&value, bytes.data(), std::min(sizeof(value), bytes.size()));
  }
  return value;
}

hf_policy Former::policy(std::uint32_t slot) const {
  return read<hf_policy>(FormerMap::kPolicies, slot);
}

std::vector<Slot> Former::slots() const {
  std::vector<Slot> slots;
  for (std::uint32_t number = 1; number < at(FormerMap::kPolicies).entries; ++number) {
    const std::uint32_t generation = policy(number).generation;
    if (generation != 0) {
      slots.push_back(Slot{number, generation});
    }
  }
  return slots;
}

std::uint64_t Former::untold() const {
  return waiting(FormerMap::kAlerts) + waiting(FormerMap::kRecords) + counted() + lost();
}

std::uint64_t Former::waiting(FormerMap ring) const {
  Result<Ring> mapped = Ring::map(map(ring), at(ring).entries, "of another version");
  std::uint64_t records = 0;
  while (mapped.ok() && mapped.value().next()) {
    ++records;
  }
  return records;
}

std::uint64_t Former::counted() const {
  std::uint64_t events = 0;
  for (std::uint32_t place = 0; place < at(FormerMap::kRepeats).entries; ++place) {
    const auto state = read<std::uint64_t>(FormerMap::kRepeats, place);
    const std::uint64_t phase = state & HF_REPEAT_PHASE;
    events += phase == HF_REPEAT_LIVE || phase == HF_REPEAT_CLAIMED ? state & HF_REPEAT_COUNT : 0;
  }
  return events;
}

std::uint64_t Former::lost() const {
  std::uint64_t events = 0;
  for (std::uint32_t slot = 0; slot < at(FormerMap::kCounters).entries; ++slot) {
    const auto counters = read<Counts>(FormerMap::kCounters, slot);
    const auto told = read<Counts>(FormerMap::kTold, slot);
    for (const hf_counter cause : kLosses) {
      events += counters.of[cause] - std::min(told.of[cause], counters.of[cause]);
    }
  }
  return events;
}

void Former::detach() { unpin_links(directory_); }
void Former::remove() { unpin_all(directory_); }

}  // namespace holdfast::kernel
