// Which containers are under guard. Kept in memory and, so that the next monitor knows them, in one
// file each.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/detect/alert.h"
#include "src/kernel/kernel.h"
#include "src/monitor/protocol.h"

namespace holdfast::monitor {

struct Entry {
  Registration registration;
  kernel::Slot slot;
  std::uint64_t init_start_ticks =
      0;                            // of the init; with its pid, an identity that is never reused
  detect::ContainerRef told;        // how alerts name it
  std::vector<std::string> mounts;  // where config.json mounts something, but for "/"; clean; see
                                    // read_mounts()
};

// Gone containers whose late events can still be told by name.
inline constexpr std::size_t kMaxGone = 256;

class Registry {
 public:
  // Keeps its files (ID.json, a user's UID/ID.json; 0600, replaced atomically) in `directory`,
  // which it makes (0700).
  static Result<Registry> open(const std::string& directory);

  // Fails at the first file of a container that cannot be read. To be asked before another
  // version's containers are taken over: this one must not remove what it does not understand.
  [[nodiscard]] Status check() const;

  // From now on where config.json mounts something is read when a container comes in. For the back
  // end that knows some changes by their path alone; to others it would be work for nothing.
  void read_mounts() { reads_mounts_ = true; }

  struct Restored {
    std::vector<kernel::Slot>
        nameless;  // slots in use that no file knows: nobody was told that they are guarded
    std::vector<std::string> problems;  // sentences for the log
  };
  // Reads the files of a former monitor: those whose slot and generation are among `slots` are
  // taken over, the others removed. Fails, and removes nothing, where there are slots and a file
  // cannot be read: whose guard that would take off nobody knows.
  Result<Restored> restore(const std::vector<kernel::Slot>& slots);

  // Adds a container and writes its file. Nothing is added on failure. Precondition: find() of it
  // is nullptr.
  Status add(const Registration& registration, const kernel::Slot& slot,
             std::uint64_t init_start_ticks);

  // Gives a container another registration, and writes its file anew. It has the old one on
  // failure. Precondition: find(key_of(registration)) is not nullptr.
  Status change(const Registration& registration);

  // Forgets a container and its file; remembers its name for late events. Unknown keys are fine.
  void remove(const std::string& key);

  // By key_of(). nullptr when there is none. Valid until the next change.
  [[nodiscard]] const Entry* find(const std::string& key) const;
  // Also among those that are gone; only with the same generation.
  [[nodiscard]] const Entry* find_slot(std::uint32_t slot, std::uint32_t generation) const;

  // Whoever has or had the slot last.
  [[nodiscard]] const Entry* latest_of_slot(std::uint32_t slot) const;

  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  // By rising slot, those above `after`: a user's own, or for root (0) everybody's.
  [[nodiscard]] std::vector<ListedContainer> list(std::uint64_t after, std::uint32_t user) const;

 private:
  explicit Registry(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::string path_of(const std::string& key) const;
  void insert(Entry entry);

  std::string directory_;
  bool reads_mounts_ = false;
  std::map<std::string, Entry> entries_;              // by key_of()
  std::map<std::uint32_t, std::string> key_of_slot_;  // keys of entries_
  std::deque<Entry> gone_;                            // newest first
};

// Of a container's file. A reader that knows a lower one than it finds must leave the file alone.
inline constexpr std::uint32_t kRegistryVersion = 1;

// The file of an entry, and back. Exposed for tests.
std::string entry_text(const Entry& entry);
Result<Entry> parse_entry(const std::string& text, const std::string& what);

}  // namespace holdfast::monitor
