#include "src/respond/responder.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "src/respond/process.h"

namespace holdfast::respond {
namespace {

using profile::Response;

// When the monitor leaves, a container that stops at once has stopped by then.
constexpr std::chrono::milliseconds kLeavingTimeout{100};

// The end of a freeze, in the thread.
Outcome end_freeze(const Responder::Settings& settings, Outcome outcome, const Cgroup& cgroup,
                   bool leaving) {
  const auto timeout = leaving ? kLeavingTimeout : settings.freeze_timeout;
  const Result<bool> frozen = cgroup.wait_frozen(true, timeout);
  if (!frozen.ok()) {
    outcome.failure = frozen.error().message;
  } else if (!frozen.value()) {
    outcome.failure = fmt::format(
        "not all of it came to a stop within {} ms; what has not will when its system call is over",
        timeout.count());
  } else if (leaving && settings.keep) {
    outcome.incident_failure = "the monitor was leaving";
  } else if (settings.keep) {
    const Result<std::string> kept = settings.keep(outcome.order, cgroup);
    (kept.ok() ? outcome.incident : outcome.incident_failure) =
        kept.ok() ? kept.value() : kept.error().message;
  }
  return outcome;
}

}  // namespace

void Responder::Shared::add(Outcome outcome) {
  {
    const std::lock_guard lock(mutex);
    outcomes.push_back(std::move(outcome));
  }
  eventfd_write(event.get(), 1);
}

Result<Responder> Responder::make(Settings settings) {
  base::UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) {
    return fail_errno("cannot make an event descriptor", errno);
  }
  return Responder(std::move(settings), std::move(event));
}

Responder::Responder(Settings settings, base::UniqueFd event)
    : settings_(std::make_shared<const Settings>(std::move(settings))),
      isolation_(settings_->pin_dir),
      shared_(std::make_shared<Shared>()),
      worker_(std::make_unique<base::Worker>(kMostWaiting)) {
  shared_->event = std::move(event);
}

std::uint64_t Responder::begin(Order order) {
  const std::uint64_t number = ++last_number_;
  bool waits = false;
  const Status done = order.withheld ? Status(Ok{}) : act(order, number, waits);
  if (!waits) {
    shared_->add({number, std::move(order), done.ok() ? "" : done.error().message, "", ""});
  }
  return number;
}

Status Responder::act(const Order& order, std::uint64_t number, bool& waits) {
  const Target& target = order.target;
  Cgroup cgroup = TRY(Cgroup::open({settings_->cgroup_mount, target.cgroup, target.cgroup_id},
                                   settings_->proc_root));
  TRY(cgroup.check_members(target.init_start_ticks));
  switch (order.response) {
    case Response::kAlert:
      return Ok{};
    case Response::kKillProcess:
      return kill_process(settings_->proc_root, order.victim, target.cgroup);
    case Response::kIsolate:
      return isolation_.isolate(cgroup.fd(), target.cgroup_id);
    case Response::kFreeze:
      return freeze(order, std::move(cgroup), number, waits);
    case Response::kKillContainer:
      return cgroup.kill();
    case Response::kThaw:
      return cgroup.set_frozen(false);
    case Response::kRelease:
      return isolation_.release(target.cgroup_id);
  }
  return Ok{};
}

Status Responder::freeze(const Order& order, Cgroup cgroup, std::uint64_t number, bool& waits) {
  TRY(cgroup.set_frozen(true));
  const auto held = std::make_shared<const Cgroup>(std::move(cgroup));
  const auto job = [settings = settings_, shared = shared_, held, order,
                    number](const std::atomic<bool>& leaving) {
    shared->add(end_freeze(*settings, {number, order, "", "", ""}, *held, leaving));
  };
  waits = worker_ && worker_->add(job);
  return waits ? Status(Ok{})
               : Status(fail("it is told to stop, but too many responses are under way to see it "
                             "come to a stop"));
}

std::vector<Outcome> Responder::finished() {
  eventfd_t ignored = 0;
  eventfd_read(shared_->event.get(), &ignored);
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->outcomes, {});
}

}  // namespace holdfast::respond
