// The cgroup of one container, held open: what is done here reaches this one or none.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::respond {

struct CgroupName {
  std::string mount;     // of cgroup v2: base::cgroup2_mount()
  std::string path;      // below it: "/user.slice/…"
  std::uint64_t id = 0;  // inode of its directory, noted when the container came in
};

class Cgroup {
 public:
  // Refuses one that is gone, has become another's under the same name, or is ours as well.
  static Result<Cgroup> open(const CgroupName& name, const std::string& proc_root = "/proc");

  [[nodiscard]] int fd() const { return directory_.get(); }

  // Refuses when there is a process in it, or below, that is older than the container's init
  // (`start_ticks`): whatever a container runs came after that.
  [[nodiscard]] Status check_members(std::uint64_t start_ticks) const;

  // The processes in it and below, by rising pid.
  [[nodiscard]] Result<std::vector<pid_t>> members() const;

  // cgroup.freeze, for everything in it and below. The kernel goes on freezing after the call.
  [[nodiscard]] Status set_frozen(bool frozen) const;

  // Whether all of it has come to a stop ("frozen" of cgroup.events).
  [[nodiscard]] Result<bool> is_frozen() const;

  // Until is_frozen() says `frozen`, at most `timeout`; whether it does.
  [[nodiscard]] Result<bool> wait_frozen(bool frozen, std::chrono::milliseconds timeout) const;

  // cgroup.kill: SIGKILL to everything in it and below, forks in the middle included.
  [[nodiscard]] Status kill() const;

 private:
  Cgroup(CgroupName name, std::string proc_root, base::UniqueFd directory)
      : name_(std::move(name)),
        proc_root_(std::move(proc_root)),
        directory_(std::move(directory)) {}
  [[nodiscard]] Status write(const char* file, const char* value) const;
  [[nodiscard]] Status check_same() const;

  CgroupName name_;
  std::string proc_root_;
  base::UniqueFd directory_;
};

}  // namespace holdfast::respond
