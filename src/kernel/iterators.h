// Questions that only a walk inside the kernel answers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/kernel/kernel.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {

// Runs an iterator over the threads of process `pid`, or over their descriptors; 0: over those of
// all processes.
Status run_iterator(const bpf_program& program, std::int32_t pid);

// A directory as the kernel identifies it. stat(2) shows other devices on btrfs.
struct Identity {
  hf_directory_key directory{};
  hf_directory_key upper{};  // of an overlay's root: its upper layer; all 0: none
  std::uint64_t magic = 0;   // of its superblock, statfs(2)
  bool is_root = false;      // of its superblock
  std::uint32_t uid = 0;     // its owner, as the host counts
  // Who made the user namespace that mounted its superblock; none: the host's.
  std::optional<std::uint32_t> mounted_by;
};

// Identity of the file at `path`, or of one that is open.
Result<Identity> identify(hf_skeleton& skeleton, const std::string& path);
Result<Identity> identify(hf_skeleton& skeleton, const base::UniqueFd& fd);
Result<Identity> identify(hf_skeleton& skeleton, const OpenFile& file);

struct Tagged {
  std::uint32_t mount_ns = 0;  // inode numbers
  std::uint32_t user_ns = 0;
  std::array<hf_program, HF_RUNTIME_PROGRAMS> runtime{};  // of the init and of what started it
};

// Tags every thread of process `pid` as setting up in the slot; for a user, `owner`, only what is
// in a user namespace of that user's and in no container of another's. Fails when that leaves none.
Result<Tagged> tag_threads(hf_skeleton& skeleton, std::int32_t pid, const Slot& slot,
                           std::uint32_t owner);

// Lets the programs keep what they find out about a directory. Without it they find it out anew
// each time.
Status find_rename_lock(hf_skeleton& skeleton);

}  // namespace holdfast::kernel
