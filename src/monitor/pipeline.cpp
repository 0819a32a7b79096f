#include "src/monitor/pipeline.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/path.h"
#include "src/event/decode.h"
#include "src/event/named.h"
#include "src/oci/spec.h"

namespace holdfast::monitor {

namespace {

// A flood loses events all the time; one alert a second about it is enough.
constexpr std::uint64_t kTellEveryNs = 1'000'000'000;

// Whether config.json mounts something at or above `path`: for what nobody is left to look up.
bool is_mounted(const std::string& bundle, const std::string& path) {
  const std::string file = bundle + "/config.json";
  const auto bytes = base::read_file(file, oci::kSpecLimits.max_bytes);
  const auto spec = bytes.ok() ? oci::parse_spec(bytes.value(), file) : bytes.error();
  if (!spec.ok()) {
    return false;
  }
  const std::string clean = base::clean_path(path);
  return std::ranges::any_of(spec.value().mounts, [&clean](const oci::Mount& mount) {
    const std::string destination = base::clean_path(mount.destination);
    return destination.size() > 1 && base::is_at_or_below(clean, destination);
  });
}

}  // namespace

Pipeline::Pipeline(kernel::Kernel& kernel, const Registry& registry, sink::FileSink& sink,
                   std::string host)
    : kernel_(kernel),
      registry_(registry),
      sink_(sink),
      host_(std::move(host)),
      backend_(kernel::backend_name(kernel.backend())) {}

bool Pipeline::drain() {
  boot_to_real_ns_ = base::boot_to_real_ns();
  const auto drained =
      kernel_.drain([this](const void* bytes, std::size_t size) { handle(bytes, size); });
  if (!drained.ok()) {
    base::log(base::LogLevel::kError, drained.error().message);
  }
  const std::uint64_t now_ns = base::boot_now_ns();
  count_losses();
  tell_losses(now_ns);
  sink_.flush(now_ns);
  return !drained.ok() || drained.value() < kernel::kMaxDrain;
}

void Pipeline::handle(const void* bytes, std::size_t size) {
  Result<event::Event> decoded = event::decode(bytes, size);
  if (!decoded.ok()) {
    ++loss_.unreadable;
    return;
  }
  event::Event& event = decoded.value();
  const Entry* entry = registry_.find_slot(event.slot, event.generation);
  // A task from outside has ancestors, and a root, of its own.
  const bool outside = (event.flags & HF_EVENT_BYSTANDER) != 0;
  const pid_t init = entry == nullptr || outside ? 0 : entry->registration.pid;
  if (!kernel::backend_enforces(kernel_.backend()) && !stands(event, init, entry)) {
    return;
  }
  detect::Context context;
  context.backend = backend_;
  context.host = host_;
  context.boot_to_real_ns = boot_to_real_ns_;
  if (entry != nullptr) {
    context.container = &entry->told;
  }
  sink_.add(detect::detect(event, processes_.read(event, init), context));
}

// Changes that the tracepoint back end knows by their path alone are often none of the rootfs.
bool Pipeline::stands(event::Event& event, pid_t init, const Entry* entry) const {
  const bool named = (event.flags & HF_EVENT_USER_PATH) != 0;
  const bool was_rootfs = event.class_id >= HF_ROOTFS_WRITE && event.class_id <= HF_ROOTFS_ATTR;
  if (!named || !was_rootfs || event.outcome != HF_OUTCOME_SEEN) {
    return event::refine_named(event, init, "/proc");
  }
  if (!event::refine_named(event, init, "/proc") || kernel_.is_writable(event.slot, event.path)) {
    return false;
  }
  const bool unknown = (event.flags & HF_EVENT_USER_PATH) != 0;
  return !unknown || entry == nullptr || !is_mounted(entry->told.bundle, event.path);
}

void Pipeline::count_losses() {
  const kernel::Counters now = kernel_.counters();
  loss_.ring_full += now.lost - told_.lost;
  loss_.untagged += now.no_storage - told_.no_storage;
  told_ = now;
  loss_.unwritten += sink_.take_dropped();
}

void Pipeline::tell_losses(std::uint64_t now_ns) {
  // While writing fails, the telling would be lost as well.
  if (loss_.total() == 0 || sink_.failing() || now_ns < last_told_ns_ + kTellEveryNs) {
    return;
  }
  sink_.add(detect::lost_alert(std::exchange(loss_, {}),
                               static_cast<std::int64_t>(now_ns) + boot_to_real_ns_, backend_,
                               host_));
  last_told_ns_ = now_ns;
}

std::optional<std::uint64_t> Pipeline::deadline_ns() const {
  const auto retry = sink_.retry_at_ns();
  if (loss_.total() == 0 || sink_.failing()) {
    return retry;
  }
  const std::uint64_t tell = last_told_ns_ + kTellEveryNs;
  return std::min(retry.value_or(tell), tell);
}

}  // namespace holdfast::monitor
