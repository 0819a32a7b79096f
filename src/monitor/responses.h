// What the monitor does about its containers: because somebody asks, or because a profile does.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "src/base/result.h"
#include "src/kernel/kernel.h"
#include "src/monitor/pipeline.h"
#include "src/monitor/protocol.h"
#include "src/monitor/registry.h"
#include "src/monitor/server.h"
#include "src/respond/answered.h"
#include "src/respond/responder.h"

namespace holdfast::monitor {

// The references must outlive it.
class Responses {
 public:
  Responses(const kernel::Kernel& kernel, const Registry& registry, Pipeline& pipeline,
            respond::Responder responder)
      : kernel_(kernel),
        registry_(registry),
        pipeline_(pipeline),
        responder_(std::move(responder)) {}

  // Begins what a peer asks for, or says how it stands.
  Result<Responded> answer(const Request& request, const Peer& peer);

  // For Pipeline::on_event(): begins what the container's profile wants done about an alert, unless
  // the container has had that already.
  void notice(const detect::Alert& alert, const Entry& entry);

  // Readable when tell() has something to do.
  [[nodiscard]] int fd() const { return responder_.fd(); }

  // Tells what came of the responses since.
  void tell();

  // Waits, shortly, for what is under way, and tells that as well.
  void finish();

  // The container has another policy now.
  void changed(const Entry& entry) { answered_.forget_all(entry.slot.generation); }

  // Lets go of what is in force for containers that have gone.
  void tidy();

 private:
  [[nodiscard]] respond::Target target_of(const Entry& entry) const;
  Status make_room_for(const Peer& peer);
  [[nodiscard]] const Entry* find_for(const std::string& id, const Peer& peer) const;
  Result<Responded> begin(const Request& request, const Peer& peer);
  void forget_undone(profile::Response undoing, std::uint32_t generation);
  [[nodiscard]] Result<Responded> standing(std::uint64_t number, const Peer& peer) const;

  const kernel::Kernel& kernel_;
  const Registry& registry_;
  Pipeline& pipeline_;
  respond::Responder responder_;
  respond::Answered answered_;
  // By hand, for who asked.
  struct Asked {
    Responded responded;
    uid_t by = 0;
  };
  std::deque<Asked> asked_;
  static std::uint64_t number_of(const Asked& asked) { return asked.responded.number; }
};

}  // namespace holdfast::monitor
