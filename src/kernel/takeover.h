// What is taken from another version's maps into ours, as it is.
#pragma once

#include <memory>
#include <vector>

#include "src/base/result.h"
#include "src/kernel/former.h"
#include "src/kernel/object.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {

// By what the kernel knows the containers: cgroups, rootfs, namespaces.
Status copy_places(const Former& former, const hf_skeleton& ours, const std::vector<Slot>& slots);
// Of these there may be more after a while: containers make them.
Status copy_namespaces(const Former& former, const hf_skeleton& ours,
                       const std::vector<Slot>& slots);

// Gives our tags to the tasks that carry the other version's. From the time it is made until it
// goes, a task that is born carries ours if it carries theirs.
class TagMover {
 public:
  static Result<TagMover> start(const Former& former, const hf_skeleton& ours,
                                const std::vector<Slot>& slots);

  // Walks over all tasks until a walk finds none without our tag.
  Status run();

  // From now on our programs judge by our tags, and change them.
  void in_force();

 private:
  struct Destroy {
    void operator()(hf_move_skeleton* skeleton) const { hf_move_skeleton::destroy(skeleton); }
  };
  using Skeleton = std::unique_ptr<hf_move_skeleton, Destroy>;

  TagMover(Skeleton skeleton, Link newtask)
      : skeleton_(std::move(skeleton)), newtask_(std::move(newtask)) {}

  Skeleton skeleton_;
  Link newtask_;
};

}  // namespace holdfast::kernel
