#include "src/kernel/takeover.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <fmt/core.h>

#include "src/kernel/iterators.h"
#include "src/kernel/maps.h"
#include "src/kernel/programs.h"

namespace holdfast::kernel {
namespace {

// The first walk finds all but a thread that executes a program meanwhile and so takes its leader's
// pid, the second finds that. More only when memory is short.
constexpr int kMostWalks = 64;

bool is_among(const std::vector<Slot>& slots, std::uint32_t number) {
  return std::ranges::any_of(slots, [number](const Slot& slot) { return slot.number == number; });
}

// Entries for which `wanted` says so; the value is a slot.
template <typename Key, typename Wanted>
Status copy_entries(int from, const bpf_map* to, Wanted wanted) {
  for (const Key& key : map_keys<Key>(from)) {
    const auto value = map_get<std::uint32_t>(from, key);
    if (value && wanted(key, *value)) {
      TRY(map_set(bpf_map__fd(to), key, *value, bpf_map__name(to)));
    }
  }
  return Ok{};
}

}  // namespace

Status copy_places(const Former& former, const hf_skeleton& ours, const std::vector<Slot>& slots) {
  const auto of_one = [&slots](const auto&, std::uint32_t slot) { return is_among(slots, slot); };
  const auto of_one_or_shared = [&slots](std::uint32_t, std::uint32_t slot) {
    return slot == HF_SUPERBLOCK_SHARED || is_among(slots, slot);
  };
  TRY(copy_namespaces(former, ours, slots));
  TRY(copy_entries<std::uint64_t>(former.map(FormerMap::kCgroups), ours.maps.hf_cgroups, of_one));
  TRY(copy_entries<hf_directory_key>(former.map(FormerMap::kRootfs), ours.maps.hf_rootfs, of_one));
  return copy_entries<std::uint32_t>(former.map(FormerMap::kSuperblocks), ours.maps.hf_superblocks,
                                     of_one_or_shared);
}

Status copy_namespaces(const Former& former, const hf_skeleton& ours,
                       const std::vector<Slot>& slots) {
  return copy_entries<hf_namespace_key>(
      former.map(FormerMap::kNamespaces), ours.maps.hf_namespaces,
      [&slots](const hf_namespace_key& key, std::uint32_t) { return is_among(slots, key.slot); });
}

Result<TagMover> TagMover::start(const Former& former, const hf_skeleton& ours,
                                 const std::vector<Slot>& slots) {
  Skeleton skeleton(hf_move_skeleton::open(nullptr));
  if (!skeleton ||
      bpf_map__reuse_fd(skeleton->maps.hf_tasks, bpf_map__fd(ours.maps.hf_tasks)) != 0 ||
      bpf_map__reuse_fd(skeleton->maps.hf_former_tasks, former.map(FormerMap::kTasks)) != 0) {
    return fail_errno("cannot open the BPF object that moves tags", errno);
  }
  if (const int error = hf_move_skeleton::load(skeleton.get())) {
    return fail_errno("this kernel refuses the BPF programs that move tags", -error);
  }
  for (const Slot& slot : slots) {
    TRY(map_set(bpf_map__fd(skeleton->maps.hf_moving), slot.number, slot.generation, "hf_moving"));
  }
  Link newtask(attach(*skeleton->progs.hf_move_newtask));
  if (!newtask) {
    return fail_errno("cannot attach BPF program hf_move_newtask", errno);
  }
  return TagMover(std::move(skeleton), std::move(newtask));
}

Status TagMover::run() {
  auto& answers = *skeleton_->bss;
  for (int walk = 0; walk < kMostWalks; ++walk) {
    answers.hf_moved = 0;
    answers.hf_failed = 0;
    TRY(run_iterator(*skeleton_->progs.hf_move_tags, 0));
    if (walk > 0 && answers.hf_moved == 0 && answers.hf_failed == 0) {
      return Ok{};
    }
  }
  return fail(
      fmt::format("tasks without a tag were found {} times in a row; the kernel may have "
                  "no memory for tags",
                  kMostWalks));
}

void TagMover::in_force() { skeleton_->bss->hf_in_force = 1; }

}  // namespace holdfast::kernel
