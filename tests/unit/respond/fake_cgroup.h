// A cgroup v2 tree and a /proc in a folder: files where the kernel has them.
#pragma once

#include <sys/stat.h>

#include <string>

#include "src/respond/cgroup.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::test {

// One container at /pod/web with the processes `procs`.
class FakeCgroup {
 public:
  explicit FakeCgroup(const std::string& procs = "100\n") {
    dir_.write("proc/self/cgroup", "0::/holdfast\n");
    dir_.write("cg/pod/web/cgroup.procs", procs);
    dir_.write("cg/pod/web/cgroup.freeze", "0");
    dir_.write("cg/pod/web/cgroup.kill", "");
    dir_.write("cg/pod/web/cgroup.events", "populated 1\nfrozen 0\n");
  }

  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] std::string proc() const { return dir_.path("proc"); }
  [[nodiscard]] std::string mount() const { return dir_.path("cg"); }
  [[nodiscard]] std::string file(const std::string& name) const {
    return dir_.read("cg/pod/web/" + name);
  }
  [[nodiscard]] std::uint64_t id() const {
    struct stat status {};
    stat(dir_.path("cg/pod/web").c_str(), &status);
    return status.st_ino;
  }
  [[nodiscard]] respond::CgroupName name() const { return {mount(), "/pod/web", id()}; }

  void is_frozen() const { dir_.write("cg/pod/web/cgroup.events", "populated 1\nfrozen 1\n"); }

  void process(int pid, int parent, int start_ticks) const {
    const std::string number = std::to_string(pid);
    dir_.write("proc/" + number + "/stat", number + " (a b) S " + std::to_string(parent) +
                                               " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 " +
                                               std::to_string(start_ticks) + " 0\n");
    dir_.write("proc/" + number + "/cgroup", "0::/pod/web\n");
  }

 private:
  TempDir dir_;
};

}  // namespace holdfast::test
