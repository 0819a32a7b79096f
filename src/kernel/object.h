// The loaded BPF object: programs, maps, and their pins below PIN_DIR/v<abi>/.
#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/kernel/kernel.h"
#include "src/kernel/programs.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {

struct DestroySkeleton {
  void operator()(hf_skeleton* skeleton) const { hf_skeleton::destroy(skeleton); }
};

struct DestroyLink {
  // Closes our descriptor; a pinned link stays attached.
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, DestroyLink>;

class Object {
 public:
  // Loads the programs of `backend` over the maps that a former monitor pinned in `directory`, or
  // over new ones, which are pinned. `directory` is made.
  static Result<Object> load(const std::string& directory, Backend backend);

  [[nodiscard]] const hf_skeleton& skeleton() const { return *skeleton_; }
  [[nodiscard]] hf_skeleton& skeleton() { return *skeleton_; }

  // What attach() includes beyond the usual programs; not before it is called again.
  void set_topics(const Topics& topics);
  [[nodiscard]] const Topics& topics() const { return topics_; }

  // Attaches and pins every program of the back end that is not attached yet, by us or by a former
  // monitor, replaces what has other code by the same name, and lets go of those of another back
  // end. On failure every name that was attached before still is.
  Status attach();
  void detach();
  [[nodiscard]] bool attached() const { return attached_; }

  // Removes links and maps from the file system, and the directory.
  void unpin();

 private:
  Object(std::string directory, Backend backend, hf_skeleton* skeleton)
      : directory_(std::move(directory)), backend_(backend), skeleton_(skeleton) {}
  [[nodiscard]] std::string link_path(const std::string& program) const;
  // Attaches `program` and pins its link at `path`, in the place of what is pinned there.
  static Status attach_one(const bpf_program& program, const std::string& path);
  // Takes the links off whose program `keep` does not want.
  template <typename Keep>
  void detach_unless(Keep keep);

  std::string directory_;
  Backend backend_;
  std::unique_ptr<hf_skeleton, DestroySkeleton> skeleton_;
  Topics topics_;
  bool attached_ = false;  // every wanted program is
};

}  // namespace holdfast::kernel
