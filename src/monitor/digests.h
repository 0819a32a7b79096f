// Has what containers execute hashed, where the configuration wants that, and tells it.
#pragma once

#include "src/detect/alert.h"
#include "src/digest/digester.h"
#include "src/kernel/kernel.h"
#include "src/monitor/pipeline.h"
#include "src/monitor/registry.h"

namespace holdfast::monitor {

// The references must outlive it.
class Digests {
 public:
  Digests(const kernel::Kernel& kernel, const Registry& registry, Pipeline& pipeline,
          digest::Digester digester)
      : kernel_(kernel), registry_(registry), pipeline_(pipeline), digester_(std::move(digester)) {}

  // Whether it is wanted at all.
  void enable(bool wanted) { wanted_ = wanted; }

  // For Pipeline::on_event(): asks for the digest of what an event executes, or loads as code.
  void notice(const detect::Alert& alert, const Entry& entry);

  // Readable when tell() has something to do.
  [[nodiscard]] int fd() const { return digester_.fd(); }

  // Tells the digests since.
  void tell();

  // Ends what is under way, and tells what was found until then.
  void finish();

 private:
  const kernel::Kernel& kernel_;
  const Registry& registry_;
  Pipeline& pipeline_;
  digest::Digester digester_;
  bool wanted_ = false;
  bool asked_ = false;  // ever
};

}  // namespace holdfast::monitor
