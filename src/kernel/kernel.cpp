#include "src/kernel/kernel.h"

#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "src/base/cgroup.h"
#include "src/base/log.h"
#include "src/kernel/former.h"
#include "src/kernel/host_entries.h"
#include "src/kernel/iterators.h"
#include "src/kernel/maps.h"
#include "src/kernel/object.h"
#include "src/kernel/pins.h"
#include "src/kernel/slot_entries.h"
#include "src/kernel/takeover.h"

namespace holdfast::kernel {
namespace {

// What LSM programs load on and what they run on is not the same: a back end that was asked for is
// tried like one that was not, for nobody may believe in a guard that never runs.
Result<Backend> choose_backend(std::optional<Backend> asked) {
  const Probe found = probe();
  if (found.backends.empty()) {
    return fail("this kernel runs none of our BPF programs: " + found.missing.back());
  }
  if (!asked) {
    return found.backends.front();
  }
  if (std::ranges::find(found.backends, *asked) == found.backends.end()) {
    return fail(fmt::format("this kernel has no back end {}. {}", backend_name(*asked),
                            fmt::join(found.missing, "; ")));
  }
  return *asked;
}

// The kernfs id of a cgroup is the inode number of its directory (cgroup(7), kernel commit
// 40430452fd5d).
Result<std::uint64_t> cgroup_id(const std::string& mount, const std::string& cgroup) {
  if (cgroup.empty() || mount.empty()) {
    return std::uint64_t{0};
  }
  struct stat info {};
  const std::string path = mount + cgroup;
  if (stat(path.c_str(), &info) != 0) {
    return fail_errno("cannot look at cgroup " + path, errno);
  }
  return static_cast<std::uint64_t>(info.st_ino);
}

// The clock that the kernel stamps inodes with: coarse, so that a file changed in this very tick
// counts as later.
std::uint64_t coarse_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000ULL +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t real_now_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000ULL +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

// Whether the directory at `path` holds the programs that the host itself runs. Guarding it as a
// container's rootfs would refuse them to everybody (escape.host-exec).
bool is_of_host(const std::string& path) {
  std::error_code error;
  const std::filesystem::path rootfs = std::filesystem::canonical(path, error);
  const std::filesystem::path program = std::filesystem::canonical("/proc/self/exe", error);
  const auto [end, rest] =
      std::mismatch(rootfs.begin(), rootfs.end(), program.begin(), program.end());
  return !error && (end == rootfs.end() || rootfs == "/usr" || rootfs == "/");
}

// What the flags say of the container itself; the others follow from the policy.
constexpr std::uint32_t kLastingFlags = HF_POLICY_ROOTFS_SHARED | HF_POLICY_ROOTFS_OVERLAY;

std::uint32_t rootfs_flags(const Identity& rootfs) {
  if (is_shared(rootfs)) {
    return HF_POLICY_ROOTFS_SHARED;
  }
  return rootfs.magic == OVERLAYFS_SUPER_MAGIC ? HF_POLICY_ROOTFS_OVERLAY : 0;
}

std::uint32_t policy_flags(const profile::Policy& policy) {
  const auto where = [](bool set, hf_policy_flag flag) { return set ? std::uint32_t{flag} : 0U; };
  return where(policy.own_user_namespace, HF_POLICY_OWN_USER_NS) |
         where(policy.all_devices, HF_POLICY_ALL_DEVICES) |
         where(!policy.files.empty(), HF_POLICY_FILE_RULES);
}

// Makes of what is known of a container what is to be judged of it.
void apply(const profile::Policy& policy, Backend backend, hf_policy& entry) {
  entry.bounding = policy.bounding;
  entry.capabilities = policy.capabilities;
  entry.flags = (entry.flags & kLastingFlags) | policy_flags(policy);
  // What cannot refuse must not promise to, whatever the policy asks for.
  const std::uint8_t strongest = backend_enforces(backend) ? HF_KILL : HF_ALERT;
  const auto weakened = [strongest](std::uint8_t action) { return std::min(action, strongest); };
  std::ranges::transform(policy.action, entry.action, weakened);
  std::ranges::transform(policy.network, entry.network, weakened);
}

// Adds what `policy`, an hf_policy or what is compiled into one, asks about.
template <typename Policy>
void add_topics(Topics& topics, const Policy& policy) {
  topics.network |=
      std::ranges::any_of(policy.network, [](auto action) { return action != HF_OFF; });
  topics.capabilities |= policy.action[HF_PRIVILEGE_CAPABILITY] != HF_OFF;
}

// A path into a user's own mounts, or the directory itself: what the user says of it counts for
// nothing, who mounted or owns it does.
Status check_rootfs(const Identity& rootfs, const Target& target) {
  const User& user = *target.user;
  if (rootfs.mounted_by ? user.has(*rootfs.mounted_by) : user.has(rootfs.uid)) {
    return Ok{};
  }
  return fail(fmt::format(
      "the root file system {} is neither mounted by the user {} nor a directory of theirs",
      target.rootfs, user.uid));
}

// A weaker back end would take from running containers what they were promised.
Status check_kept(const hf_policy& policy, std::uint32_t slot, Backend backend) {
  const auto refuses = [](std::uint8_t action) { return action >= HF_DENY; };
  if (backend_enforces(backend) ||
      std::none_of(std::begin(policy.action), std::end(policy.action), refuses)) {
    return Ok{};
  }
  return fail(
      fmt::format("the container of slot {} runs under a back end that refuses, which {} cannot; "
                  "stop its container first, or start without --backend",
                  slot, backend_name(backend)));
}

Result<Identity> identify_rootfs(hf_skeleton& skeleton, const Target& target) {
  if (target.user) {
    const Identity rootfs = TRY(identify(skeleton, target.rootfs_file));
    TRY(check_rootfs(rootfs, target));
    return rootfs;
  }
  if (is_of_host(target.rootfs)) {
    return fail(fmt::format(
        "root file system {} is the host's own; give the container one of its own", target.rootfs));
  }
  // The path may lead elsewhere in our own mount namespace, to a directory that is not mounted
  // over.
  return target.rootfs_file.pid != 0 ? identify(skeleton, target.rootfs_file)
                                     : identify(skeleton, target.rootfs);
}

}  // namespace

bool User::has(std::uint32_t id) const {
  return id == uid || std::ranges::any_of(mapped, [id](const base::IdRange& range) {
           return id >= range.outside && id - range.outside < range.count;
         });
}

struct Kernel::State {
  State(Options given, Backend chosen, Object loaded)
      : options(std::move(given)), backend(chosen), object(std::move(loaded)) {}

  [[nodiscard]] hf_skeleton& skeleton() { return object.skeleton(); }
  [[nodiscard]] int policies() { return bpf_map__fd(skeleton().maps.hf_policies); }
  Status map_shared();
  Status fill(const Slot& slot, const Target& target, const Identity& rootfs,
              const profile::Policy& policy);
  Result<Slot> take_slot();
  Status take_over(const Former& former, const std::vector<Inherited>& containers);
  Status put_in_force(const Former& former, const std::vector<Inherited>& containers);
  Status change(const Slot& slot, const profile::Policy& before, const profile::Policy& after);
  void note_used(const Slot& slot);
  // What is true of the host: who we are, and which files and sockets are not for containers.
  Status write_host();
  [[nodiscard]] Topics topics();
  void clear(std::uint32_t slot);

  Options options;
  Backend backend;
  Object object;
  std::vector<Ring> rings;  // by hf_ring
  std::optional<Accounts> accounts;
  std::uint64_t epoch = 0;
  Protected protected_files;  // open, so that their dentries stay
  std::vector<Slot> used;
  std::uint32_t next_generation = 1;
  std::uint32_t last_slot = 0;
};

Status Kernel::State::map_shared() {
  const auto& maps = skeleton().maps;
  rings.push_back(TRY(Ring::map(bpf_map__fd(maps.hf_alerts), HF_ALERTS_BYTES, "hf_alerts")));
  rings.push_back(TRY(Ring::map(bpf_map__fd(maps.hf_records), HF_RECORDS_BYTES, "hf_records")));
  accounts.emplace(TRY(Accounts::map(
      {bpf_map__fd(maps.hf_counters), bpf_map__fd(maps.hf_told), bpf_map__fd(maps.hf_repeats)})));
  return Ok{};
}

// Slots are taken in turn, so that a late event of a container that ended seldom meets a new owner.
Result<Slot> Kernel::State::take_slot() {
  for (std::uint32_t i = 0; i < HF_MAX_CONTAINERS - 1; ++i) {
    const std::uint32_t number = 1 + (last_slot + i) % (HF_MAX_CONTAINERS - 1);
    const bool taken = std::any_of(used.begin(), used.end(),
                                   [number](const Slot& slot) { return slot.number == number; });
    if (!taken) {
      last_slot = number;
      return Slot{number, next_generation++};
    }
  }
  return fail(fmt::format("{} containers are registered, which is all this build has room for",
                          HF_MAX_CONTAINERS - 1));
}

Status Kernel::State::write_host() {
  TRY(write_control_sockets(skeleton(), options.socket));
  protected_files = TRY(write_protected(skeleton(), options.protect));
  const int hosts = bpf_map__fd(skeleton().maps.hf_hosts);
  hf_host host = map_get<hf_host>(hosts, std::uint32_t{0}).value_or(hf_host{});
  host.monitor = static_cast<__u32>(getpid());
  host.protected_devices = protected_files.devices;
  host.epoch = host.epoch == 0 ? real_now_us() : host.epoch;
  epoch = host.epoch;
  return map_set(hosts, std::uint32_t{0}, host, "hf_hosts");
}

Topics Kernel::State::topics() {
  Topics topics;
  for (const Slot& slot : used) {
    if (const auto policy = map_get<hf_policy>(policies(), slot.number)) {
      add_topics(topics, *policy);
    }
  }
  return topics;
}

void Kernel::State::clear(std::uint32_t slot) {
  // The policy goes first: from here on nothing of the slot is judged.
  const hf_policy none{};
  (void)map_set(policies(), slot, none, "hf_policies");
  remove_entries(skeleton(), slot);
}

Status Kernel::State::fill(const Slot& slot, const Target& target, const Identity& rootfs,
                           const profile::Policy& policy) {
  hf_policy entry{};
  entry.cgroup_id = TRY(cgroup_id(options.cgroup_mount, target.cgroup));
  entry.started_ns = coarse_now_ns();
  entry.rootfs = rootfs.directory.dentry;
  entry.rootfs_dev = rootfs.directory.dev;
  entry.generation = slot.generation;
  entry.flags = rootfs_flags(rootfs);
  entry.owner = target.user ? target.user->uid : 0;
  apply(policy, backend, entry);
  TRY(write_rules(skeleton(), slot.number, policy));
  TRY(write_places(skeleton(), slot.number, entry.cgroup_id, rootfs, target.user.has_value()));
  TRY(map_set(policies(), slot.number, entry, "hf_policies"));
  // Tagged tasks are setting up: the namespaces below are read by nothing before their first exec,
  // and the hook that waits for our answer holds that back.
  const Tagged tagged = TRY(tag_threads(skeleton(), target.pid, slot, entry.owner));
  entry.mount_ns = tagged.mount_ns;
  entry.user_ns = tagged.user_ns;
  std::ranges::copy(tagged.runtime, entry.runtime);
  return map_set(policies(), slot.number, entry, "hf_policies");
}

// The other version's programs are attached all the while, and judge by their own tags and
// policies. Ours judge a task when it has a tag and its container a policy: so all tags come first,
// or a process of a container that has none yet would be the host's that runs a container's file.
Status Kernel::State::take_over(const Former& former, const std::vector<Inherited>& containers) {
  std::vector<Slot> slots;
  Topics topics = object.topics();
  for (const Inherited& container : containers) {
    TRY(check_kept(former.policy(container.slot.number), container.slot.number, backend));
    if (container.slot.number >= HF_MAX_CONTAINERS) {
      return fail(fmt::format("slot {} is beyond what this build has room for, {} containers",
                              container.slot.number, HF_MAX_CONTAINERS - 1));
    }
    add_topics(topics, *container.policy);
    slots.push_back(container.slot);
  }
  object.set_topics(topics);
  TRY(object.attach());
  TagMover mover = TRY(TagMover::start(former, skeleton(), slots));
  TRY(mover.run());
  TRY(copy_places(former, skeleton(), slots));
  TRY(put_in_force(former, containers));
  mover.in_force();
  // Whoever entered a container's cgroup before our programs knew that.
  TRY(mover.run());
  return copy_namespaces(former, skeleton(), slots);
}

Status Kernel::State::put_in_force(const Former& former, const std::vector<Inherited>& containers) {
  for (const auto& [slot, policy] : containers) {
    TRY(write_rules(skeleton(), slot.number, *policy));
    hf_policy entry = former.policy(slot.number);
    apply(*policy, backend, entry);
    TRY(map_set(policies(), slot.number, entry, "hf_policies"));
  }
  return Ok{};
}

Status Kernel::State::change(const Slot& slot, const profile::Policy& before,
                             const profile::Policy& after) {
  auto entry = map_get<hf_policy>(policies(), slot.number);
  if (!entry || entry->generation != slot.generation) {
    return fail(fmt::format("slot {} is another container's by now", slot.number));
  }
  if (const Status written = write_rules(skeleton(), slot.number, after); !written.ok()) {
    remove_rules(skeleton(), slot.number, after, before);
    if (const Status restored = write_rules(skeleton(), slot.number, before); !restored.ok()) {
      base::log(base::LogLevel::kError, restored.error().message);
    }
    return written;
  }
  apply(after, backend, *entry);
  TRY(map_set(policies(), slot.number, *entry, "hf_policies"));
  remove_rules(skeleton(), slot.number, before, after);
  return Ok{};
}

void Kernel::State::note_used(const Slot& slot) {
  std::erase_if(used, [&slot](const Slot& known) { return known.number == slot.number; });
  used.push_back(slot);
  last_slot = slot.number;
  next_generation = std::max(next_generation, slot.generation + 1);
}

Kernel::Kernel(std::unique_ptr<State> state) : state_(std::move(state)) {}
Kernel::Kernel(Kernel&&) noexcept = default;
Kernel& Kernel::operator=(Kernel&&) noexcept = default;
Kernel::~Kernel() = default;

Result<Kernel> Kernel::open(const Options& options) {
  Options resolved = options;
  if (resolved.cgroup_mount.empty()) {
    resolved.cgroup_mount = base::cgroup2_mount("/sys/fs/cgroup");
  }
  resolved.backend = TRY(choose_backend(options.backend));
  const std::string directory = version_directory(resolved.pin_dir, HF_ABI_VERSION);
  auto state = std::make_unique<State>(resolved, *resolved.backend,
                                       TRY(Object::load(directory, *resolved.backend)));
  TRY(state->map_shared());
  if (const Status found = find_rename_lock(state->skeleton()); !found.ok()) {
    base::log(base::LogLevel::kNotice, found.error().message);
  }
  for (std::uint32_t number = 1; number < HF_MAX_CONTAINERS; ++number) {
    const auto policy = map_get<hf_policy>(state->policies(), number);
    if (policy && policy->generation != 0) {
      TRY(check_kept(*policy, number, *resolved.backend));
      state->used.push_back(Slot{number, policy->generation});
      state->last_slot = number;
    }
  }
  TRY(write_common_entries(state->skeleton()));
  TRY(state->write_host());
  // Not a generation that a task of a former monitor carries.
  state->next_generation = static_cast<std::uint32_t>(time(nullptr)) | 1U;
  for (const Slot& slot : state->used) {
    state->next_generation = std::max(state->next_generation, slot.generation + 1);
  }
  // Containers of a former monitor get every program of this back end before anybody is told that
  // it is in force; links that nobody needs are what is left of a failed start.
  if (state->used.empty()) {
    state->object.detach();
  } else {
    state->object.set_topics(state->topics());
    TRY(state->object.attach());
  }
  return Kernel(std::move(state));
}

Backend Kernel::backend() const { return state_->backend; }

Result<Slot> Kernel::add(const Target& target, const profile::Policy& policy) {
  const Identity rootfs = TRY(identify_rootfs(state_->skeleton(), target));
  const Slot slot = TRY(state_->take_slot());
  Topics topics = state_->object.topics();
  add_topics(topics, policy);
  state_->object.set_topics(topics);
  TRY(write_user_sockets(state_->skeleton()));
  TRY(state_->object.attach());
  const Status filled = state_->fill(slot, target, rootfs, policy);
  if (!filled.ok()) {
    state_->clear(slot.number);
    return filled.error();
  }
  state_->used.push_back(slot);
  return slot;
}

Status Kernel::take_over(const Former& former, const std::vector<Inherited>& containers) {
  const bool had_none = state_->used.empty();
  const Status taken = state_->take_over(former, containers);
  if (taken.ok()) {
    for (const Inherited& container : containers) {
      state_->note_used(container.slot);
    }
  } else if (had_none) {
    state_->object.unpin();
  }
  return taken;
}

Status Kernel::change(const Slot& slot, const profile::Policy& before,
                      const profile::Policy& after) {
  Topics topics = state_->object.topics();
  add_topics(topics, after);
  state_->object.set_topics(topics);
  TRY(state_->object.attach());
  return state_->change(slot, before, after);
}

Status Kernel::settle(const std::vector<Inherited>& containers) {
  for (const auto& [slot, policy] : containers) {
    TRY(write_rules(state_->skeleton(), slot.number, *policy));
    auto entry = map_get<hf_policy>(state_->policies(), slot.number);
    if (entry && entry->generation == slot.generation) {
      apply(*policy, state_->backend, *entry);
      TRY(map_set(state_->policies(), slot.number, *entry, "hf_policies"));
    }
  }
  remove_other_rules(state_->skeleton(), containers);
  return Ok{};
}

Status Kernel::remove(const Slot& slot) {
  const auto found = std::find_if(state_->used.begin(), state_->used.end(), [&](const Slot& used) {
    return used.number == slot.number && used.generation == slot.generation;
  });
  if (found == state_->used.end()) {
    return Ok{};
  }
  state_->clear(slot.number);
  state_->used.erase(found);
  return Ok{};
}

Status Kernel::protect_again() { return state_->write_host(); }

bool Kernel::idle() const { return state_->used.empty() && state_->object.attached(); }

void Kernel::rest() {
  if (state_->used.empty()) {
    state_->object.detach();
  }
}

std::vector<Slot> Kernel::slots() const { return state_->used; }

bool Kernel::is_writable(std::uint32_t slot, const std::string& path) const {
  return kernel::is_writable(state_->skeleton(), slot, path);
}

std::uint64_t Kernel::cgroup_of(const Slot& slot) const {
  const auto policy = map_get<hf_policy>(state_->policies(), slot.number);
  return policy && policy->generation == slot.generation ? policy->cgroup_id : 0;
}

std::uint32_t Kernel::rootfs_device(const Slot& slot) const {
  const auto policy = map_get<hf_policy>(state_->policies(), slot.number);
  return policy && policy->generation == slot.generation ? policy->rootfs_dev : 0;
}

Ring& Kernel::ring(hf_ring which) { return state_->rings[which]; }
const Ring& Kernel::ring(hf_ring which) const { return state_->rings[which]; }
Accounts& Kernel::accounts() { return *state_->accounts; }
std::uint64_t Kernel::epoch() const { return state_->epoch; }

Status Kernel::unload() {
  for (const Slot& slot : state_->used) {
    state_->clear(slot.number);
  }
  state_->used.clear();
  state_->object.unpin();
  return Ok{};
}

}  // namespace holdfast::kernel
