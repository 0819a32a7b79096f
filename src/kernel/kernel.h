// The BPF programs and maps of this host: loaded, pinned and filled here, nowhere else.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <linux/types.h>

#include "bpf/abi/events.h"
#include "src/base/result.h"
#include "src/base/user_namespace.h"
#include "src/kernel/accounts.h"
#include "src/kernel/ring.h"
#include "src/profile/policy.h"

namespace holdfast::kernel {

enum class Backend {
  kLsm,           // BPF LSM programs: refuses and tells
  kModifyReturn,  // the same programs before the kernel's security_ functions, where "bpf" is not
                  // among the active LSMs
  kTracepoint,    // tracepoints: tells what happened, refuses nothing
};

inline constexpr std::array kBackends = {Backend::kLsm, Backend::kModifyReturn,
                                         Backend::kTracepoint};  // the strongest first

const char* backend_name(Backend backend);  // "lsm", "modify-return", "tracepoint"
std::optional<Backend> backend_of(std::string_view name);
bool backend_enforces(Backend backend);
// What a back end never sees, a phrase each. The README has the same list, and a test compares
// them.
std::span<const std::string_view> blind_spots(Backend backend);

// What a try of this kernel found. `missing` has one sentence with a remedy for each thing that is
// not there.
struct Probe {
  std::vector<Backend> backends;      // those that run here, the strongest first
  std::vector<std::string> findings;  // what was tried and came out well
  std::vector<std::string> missing;
};
// Loads and discards small programs; changes nothing. Needs CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN.
Probe probe();

struct Options {
  std::string pin_dir = "/sys/fs/bpf/holdfast";  // programs, links and maps go to PIN_DIR/v<abi>/
  // Files and directories that containers must leave alone, with what the directories hold: ours.
  // Those that are not there are passed over.
  std::vector<std::string> protect;
  // The socket of the monitor, absolute: a control socket like the engines'. Empty: none.
  std::string socket;
  std::string cgroup_mount;        // cgroup v2 mount; empty: base::cgroup2_mount
  std::optional<Backend> backend;  // empty: the strongest that loads
};

// The ordinary user whose container it is.
struct User {
  std::uint32_t uid = 0;
  std::vector<base::IdRange> mapped;  // into the container's user namespace, from the host's

  [[nodiscard]] bool has(std::uint32_t id) const;
};

// A file that a process has open. Nothing of it is opened here, and so nothing closed: a user's may
// let whoever closes it wait (SO_LINGER, FUSE).
struct OpenFile {
  std::int32_t pid = 0;
  std::uint32_t fd = 0;
};

// What the kernel has to know about a container beyond its policy.
struct Target {
  std::int32_t pid = 0;  // container's init, host pid namespace
  std::string rootfs;    // absolute path on the host; of a user's container only a name for it
  std::string cgroup;    // path below the cgroup v2 mount; empty: none
  std::optional<User> user;
  OpenFile rootfs_file;  // what counts where there is one, as of a user's container always
};

// A slot in use: what takeover after a crash needs to know.
struct Slot {
  std::uint32_t number = 0;
  std::uint32_t generation = 0;
};

// A container that another version of holdfast guards.
struct Inherited {
  Slot slot;
  const profile::Policy* policy = nullptr;  // never null; the caller's
};

class Former;

// Owns every BPF descriptor. One per host: the caller holds the monitor's lock. Links stay pinned
// when it goes, so that enforcement survives the process; unload() is the only way to take them
// off.
class Kernel {
 public:
  // Reuses what a former monitor of the same ABI pinned; loads and pins otherwise. Attached are the
  // programs of the back end when it left containers, nothing otherwise.
  static Result<Kernel> open(const Options& options);

  Kernel(Kernel&&) noexcept;
  Kernel& operator=(Kernel&&) noexcept;
  ~Kernel();

  [[nodiscard]] Backend backend() const;

  // Puts a container under guard: policy, cgroup, rootfs, namespaces; then tags every thread of its
  // init as setting up. Attaches the programs when they are not. On failure nothing of it is
  // left in the maps. A user's rootfs must be on a mount or in a directory of the
  // user's own, and the init in a user namespace that the user made and no container of another's.
  Result<Slot> add(const Target& target, const profile::Policy& policy);

  // Puts containers of another version under guard, in the slots that they have there: at no moment
  // is a task of theirs judged by neither version. On failure they stay as they were there, and if
  // there were no others here, nothing is attached or pinned here any more. Can be done again.
  Status take_over(const Former& former, const std::vector<Inherited>& containers);

  // Puts another policy in the place of `before`, which the container has; it stays under guard all
  // the while. For a moment what either allows by path, peer or device is allowed. On failure it
  // has what it had. Directories that were found writable before stay so until something on the
  // host is renamed next (bpf/lib/verdict.h): the caller does that.
  Status change(const Slot& slot, const profile::Policy& before, const profile::Policy& after);

  // Gives containers that a former monitor of this version guarded the policies that their files
  // say, where it was ended in the midst of change().
  Status settle(const std::vector<Inherited>& containers);

  // Forgets a container. Idempotent.
  Status remove(const Slot& slot);

  // Looks again for the files of Options::protect: one was replaced, or is there by now.
  Status protect_again();

  // Whether programs are attached though there is no container.
  [[nodiscard]] bool idle() const;

  // Detaches all programs when there is no container: then nobody pays for any of them. Attaching
  // them again costs the next container's start some milliseconds each.
  void rest();

  // Slots in use (after open(), those of the former monitor).
  [[nodiscard]] std::vector<Slot> slots() const;

  // Whether the policy of a slot lets its container write at `path`.
  [[nodiscard]] bool is_writable(std::uint32_t slot, const std::string& path) const;

  // The cgroup that a slot's container was registered with; 0: none, or not that generation.
  [[nodiscard]] std::uint64_t cgroup_of(const Slot& slot) const;

  // The device of the superblock of its root, in kernel encoding; 0: not that generation.
  [[nodiscard]] std::uint32_t rootfs_device(const Slot& slot) const;

  // Where events come from, and what was counted instead of sent.
  [[nodiscard]] Ring& ring(hf_ring which);
  [[nodiscard]] const Ring& ring(hf_ring which) const;
  [[nodiscard]] Accounts& accounts();
  // Of the maps: positions in rings and accounts mean something only together with it.
  [[nodiscard]] std::uint64_t epoch() const;

  // Detaches, unpins and forgets everything.
  Status unload();

 private:
  struct State;
  explicit Kernel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::kernel
