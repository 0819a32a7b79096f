// What the monitor does for those who ask, and whom it lets ask for what.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "src/base/result.h"
#include "src/detect/alert.h"
#include "src/kernel/kernel.h"
#include "src/monitor/guard.h"
#include "src/monitor/pipeline.h"
#include "src/monitor/protocol.h"
#include "src/monitor/registry.h"
#include "src/monitor/responses.h"
#include "src/monitor/server.h"

namespace holdfast::monitor {

// The references must outlive it.
class Answers {
 public:
  // Reads configuration and profiles again; how many containers have another policy now.
  using Reload = std::function<Result<std::size_t>(const detect::Asker& by)>;

  Answers(const kernel::Kernel& kernel, const Registry& registry, Guard& guard, Pipeline& pipeline,
          Responses& responses, Reload reload)
      : kernel_(kernel),
        registry_(registry),
        guard_(guard),
        pipeline_(pipeline),
        responses_(responses),
        reload_(std::move(reload)) {}

  Reply answer(const Request& request, const Peer& peer);

 private:
  Reply register_container(const Registration& registration, const kernel::OpenFile& rootfs);
  Reply unregister(const std::string& key, std::int32_t pid);
  Reply judge_exec(const Request& request, const Peer& peer);
  Reply respond(const Request& request, const Peer& peer);
  Reply reload(const Peer& peer);
  [[nodiscard]] Reply list(std::uint64_t after, const Peer& peer) const;
  [[nodiscard]] Reply alerts(std::uint64_t after, const Peer& peer) const;
  [[nodiscard]] Reply metrics() const;
  [[nodiscard]] Reply status() const;

  const kernel::Kernel& kernel_;
  const Registry& registry_;
  Guard& guard_;
  Pipeline& pipeline_;
  Responses& responses_;
  Reload reload_;
};

}  // namespace holdfast::monitor
