#include "src/monitor/responses.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "src/profile/profile.h"
#include "src/sink/json.h"

namespace holdfast::monitor {
namespace {

// Responses by hand whose outcome can be asked for: nobody asks about an older one.
constexpr std::size_t kMaxAsked = 64;
constexpr const char* kPending = "pending";

const char* state_of(const respond::Outcome& outcome) {
  return outcome.failure.empty() ? "done" : "failed";
}

detect::Response told(const respond::Outcome& outcome) {
  using Result = detect::Response::Result;
  detect::Response response;
  response.name = profile::response_name(outcome.order.response);
  response.result = !outcome.failure.empty() ? Result::kFailed
                    : outcome.order.withheld ? Result::kWithheld
                                             : Result::kDone;
  response.by = outcome.order.by;
  response.target_pid = static_cast<std::uint32_t>(outcome.order.victim.pid);
  response.failure = outcome.failure;
  response.incident = outcome.incident;
  response.incident_failure = outcome.incident_failure;
  return response;
}

// As /proc/PID/stat counts the start.
respond::Victim victim_of(const event::Process& process) {
  const auto tick_ns = 1'000'000'000ULL / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return {process.pid, process.start_ns / tick_ns};
}

bool is_detecting(const Entry& entry) {
  return entry.registration.container.mode == profile::mode_name(profile::Mode::kDetect);
}

}  // namespace

respond::Target Responses::target_of(const Entry& entry) const {
  const Registration& registration = entry.registration;
  // A path that a user names is not for root to follow.
  const std::string rootfs = registration.owner == 0 ? registration.rootfs : "";
  return {*entry.told,
          entry.slot.generation,
          registration.cgroup,
          kernel_.cgroup_of(entry.slot),
          registration.pid,
          entry.init_start_ticks,
          rootfs};
}

void Responses::notice(const detect::Alert& alert, const Entry& entry) {
  if (alert.kind != "alert") {
    return;
  }
  const profile::Response response =
      entry.registration.respond.at(static_cast<std::size_t>(alert.severity));
  // A user may put any process of the user's own into the container's cgroup, also one that a
  // set-user-ID program made root's: ending and stopping it is the user's right, cutting it off is
  // not.
  if (response == profile::Response::kIsolate && entry.registration.owner != 0) {
    return;
  }
  // Of a container that has gone there is nobody to act on.
  if (response == profile::Response::kAlert || registry_.find(entry.told->unique()) != &entry) {
    return;
  }
  respond::Order order;
  if (response == profile::Response::kKillProcess) {
    order.victim = victim_of(*alert.process);
  }
  if (!answered_.first(entry.slot.generation, response, order.victim)) {
    return;
  }
  order.response = response;
  order.target = target_of(entry);
  order.by.profile = entry.told->profile;
  order.by.class_name = alert.class_name;
  order.by.severity = alert.severity;
  order.alert = sink::to_json(alert);
  order.withheld = is_detecting(entry);
  responder_.begin(std::move(order));
}

Result<Responded> Responses::answer(const Request& request, const Peer& peer) {
  if (request.number == 0) {
    TRY(begin(request, peer));
    tell();
    return asked_.back().responded;
  }
  tell();
  return standing(request.number, peer);
}

// The peer's own; for root, where there is none, the one of all users that has that id.
const Entry* Responses::find_for(const std::string& id, const Peer& peer) const {
  const Entry* own = registry_.find(key_of(peer.uid, id));
  if (own != nullptr || peer.uid != 0) {
    return own;
  }
  const Entry* found = nullptr;
  for (const auto& [key, entry] : registry_.entries()) {
    if (entry.registration.container.id == id) {
      if (found != nullptr) {
        return nullptr;
      }
      found = &entry;
    }
  }
  return found;
}

// One at a time of a user: places, and the thread that does it, are everybody's.
Status Responses::make_room_for(const Peer& peer) {
  const auto is_peers = [&](const Asked& asked) { return peer.uid != 0 && asked.by == peer.uid; };
  if (std::ranges::any_of(asked_, [&](const Asked& asked) {
        return is_peers(asked) && asked.responded.state == kPending;
      })) {
    return fail("a response that you asked for is still under way; wait for it");
  }
  std::erase_if(asked_, is_peers);
  return Ok{};
}

Result<Responded> Responses::begin(const Request& request, const Peer& peer) {
  const Entry* entry = find_for(request.id, peer);
  if (entry == nullptr) {
    return fail(
        fmt::format("no container {} is guarded; `holdfast ps` lists those that are", request.id));
  }
  if (entry->registration.owner != 0 && request.response == profile::Response::kIsolate) {
    return fail("a user's container cannot be isolated: freeze it, or end it");
  }
  TRY(make_room_for(peer));
  respond::Order order;
  order.response = request.response;
  order.target = target_of(*entry);
  order.victim.pid = request.pid;
  order.by.pid = static_cast<std::uint32_t>(peer.pid);
  order.by.uid = peer.uid;
  forget_undone(request.response, entry->slot.generation);
  asked_.push_back({{responder_.begin(std::move(order)), kPending, "", "", ""}, peer.uid});
  if (asked_.size() > kMaxAsked) {
    asked_.pop_front();
  }
  return asked_.back().responded;
}

// The next alert may have it again.
void Responses::forget_undone(profile::Response undoing, std::uint32_t generation) {
  if (undoing == profile::Response::kThaw) {
    answered_.forget(generation, profile::Response::kFreeze);
  } else if (undoing == profile::Response::kRelease) {
    answered_.forget(generation, profile::Response::kIsolate);
  }
}

Result<Responded> Responses::standing(std::uint64_t number, const Peer& peer) const {
  const auto found = std::ranges::find(asked_, number, number_of);
  if (found == asked_.end() || (peer.uid != 0 && found->by != peer.uid)) {
    return fail(fmt::format("there is no response {}; the log has those that are over", number));
  }
  return found->responded;
}

void Responses::tell() {
  for (const respond::Outcome& outcome : responder_.finished()) {
    pipeline_.tell_response(told(outcome), outcome.order.target.container);
    const auto found = std::ranges::find(asked_, outcome.number, number_of);
    if (found != asked_.end()) {
      found->responded = {outcome.number, state_of(outcome), outcome.failure, outcome.incident,
                          outcome.incident_failure};
    }
  }
}

void Responses::finish() {
  responder_.stop();
  tell();
}

void Responses::tidy() {
  std::set<std::uint64_t> cgroups;
  std::set<std::uint32_t> generations;
  for (const auto& [id, entry] : registry_.entries()) {
    cgroups.insert(kernel_.cgroup_of(entry.slot));
    generations.insert(entry.slot.generation);
  }
  answered_.keep_only(generations);
  responder_.keep_only(cgroups);
}

}  // namespace holdfast::monitor
