// Takes a container off the network: two BPF programs on its cgroup that drop every packet.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "src/base/result.h"

namespace holdfast::kernel {

// The links are pinned as PIN_DIR/isolated/<cgroup id>-in and -out, so that they outlast the
// monitor and every version of it. Ids of cgroups are not used twice while the host runs.
class Isolation {
 public:
  explicit Isolation(const std::string& pin_dir) : directory_(pin_dir + "/isolated") {}

  // From now on no socket of the cgroup sends or gets anything, those that are connected included.
  // `cgroup_fd`: the cgroup v2 directory of that id; the caller's. Again is fine.
  Status isolate(int cgroup_fd, std::uint64_t cgroup_id) const;

  // Undoes it; of one that is not isolated there is nothing to undo.
  Status release(std::uint64_t cgroup_id) const;

  [[nodiscard]] bool is_isolated(std::uint64_t cgroup_id) const;

  // Removes what is left of cgroups that are not among `ids`.
  void keep_only(const std::set<std::uint64_t>& ids) const;

 private:
  [[nodiscard]] std::string pin(std::uint64_t cgroup_id, const char* way) const;

  std::string directory_;
};

}  // namespace holdfast::kernel
