#include "src/monitor/pipeline.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "src/base/clock.h"
#include "src/base/path.h"
#include "src/detect/exceptions.h"
#include "src/detect/response.h"
#include "src/event/decode.h"
#include "src/event/named.h"
#include "src/event/redact.h"
#include "src/event/text.h"
#include "src/sink/json.h"

namespace holdfast::monitor {

namespace {

// A flood loses events all the time; one alert a second about it is enough. And as long does the
// kernel count at least what it does not send; what is not told soon after, the next event takes
// along.
constexpr std::uint64_t kLookEveryNs = HF_REPEAT_NS;
static_assert(kLookEveryNs < HF_REPEAT_GRACE_NS);

// Of a batch.
constexpr std::size_t kRecordsRoom = std::size_t{32} << 10;
constexpr std::size_t kRecordsWithAlerts = 16;
// What gets no line takes no room: a container could keep us at it for ever.
constexpr std::size_t kMostTaken = 8192;

detect::Loss::Cause cause_of(hf_counter counter) {
  switch (counter) {
    case HF_COUNT_ALERTS_FULL:
      return detect::Loss::Cause::kAlertsFull;
    case HF_COUNT_RECORDS_FULL:
      return detect::Loss::Cause::kRecordsFull;
    case HF_COUNT_NO_BUFFER:
      return detect::Loss::Cause::kNoBuffer;
    default:
      return detect::Loss::Cause::kNoStorage;
  }
}

std::vector<std::string> printable(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts;
  for (const std::string& argument : arguments) {
    texts.push_back(event::printable(argument));
  }
  return texts;
}

// Whether config.json mounts something at or above `path`: for what nobody is left to look up.
bool is_mounted(const Entry& entry, const std::string& path) {
  return std::ranges::any_of(entry.mounts, [&path](const std::string& destination) {
    return base::is_at_or_below(path, destination);
  });
}

}  // namespace

Pipeline::Pipeline(kernel::Kernel& kernel, const Registry& registry, sink::FileSink& sink,
                   std::string host, const detect::Rates& noise)
    : kernel_(kernel),
      registry_(registry),
      sink_(sink),
      host_(std::move(host)),
      backend_(kernel::backend_name(kernel.backend())),
      budget_(noise) {
  skip_losses();
}

// A former monitor may have been killed after it wrote of a loss, before it noted that.
void Pipeline::skip_losses() {
  for (const detect::Origin& origin : sink_.tail().origins) {
    const kernel::Loss loss = kernel::loss_at(origin.position);
    if (origin.queue == "losses" && origin.epoch == kernel_.epoch()) {
      kernel_.accounts().told(loss);
    }
  }
}

bool Pipeline::drain() {
  boot_to_real_ns_ = base::boot_to_real_ns();
  const std::uint64_t now_ns = base::boot_now_ns();
  write(now_ns);
  if (blocked()) {
    return true;
  }
  tell_untold(now_ns);
  const bool counted = look_at_ns_ == 0 || now_ns < look_at_ns_ || look(now_ns);
  const std::size_t before = sources_.size();
  const bool sent = take_sent(now_ns);
  if (sources_.size() != before) {
    look_by(now_ns + kLookEveryNs);
  }
  const bool told = look_for_noise(now_ns, counted && sent);
  write(now_ns);
  return blocked() || (counted && sent && told);
}

bool Pipeline::finish() {
  while (!drain()) {
  }
  bool counted = false;
  while (!blocked() && !counted) {
    const std::uint64_t now_ns = base::boot_now_ns();
    counted = take_losses(now_ns) && take_repeats(std::nullopt);
    write(now_ns);
  }
  tell_all_noise();
  return !blocked();
}

void Pipeline::container_gone() {
  look_by(1);
  has_gone_ = true;
  behaviour_.forget([this](const std::string& id) { return registry_.find(id) == nullptr; });
}

void Pipeline::tell_all_noise() {
  boot_to_real_ns_ = base::boot_to_real_ns();
  const std::uint64_t now_ns = base::boot_now_ns();
  tell_untold(now_ns);
  bool all = false;
  while (!blocked() && !all) {
    all = take_noise(now_ns, [](const std::string&) { return true; });
    write(now_ns);
  }
}

// What is due; and, when the rings are `empty`, what is left of containers that have gone.
bool Pipeline::look_for_noise(std::uint64_t now_ns, bool empty) {
  if (!has_gone_ || !empty) {
    return take_noise(now_ns, nullptr);
  }
  has_gone_ =
      !take_noise(now_ns, [this](const std::string& id) { return registry_.find(id) == nullptr; });
  return !has_gone_;
}

// Told by nobody but us, so its origin is the moment: the next monitor's are later. False when the
// batch is full and there is more.
bool Pipeline::take_noise(std::uint64_t now_ns, const detect::Budget::Ended& ended) {
  while (has_room(0)) {
    const auto held = budget_.next(now_ns, ended);
    if (!held) {
      return true;
    }
    add(detect::noise_alert(*held, now_ns, context()), {}, own_origin("noise", now_ns), now_ns);
  }
  return false;
}

bool Pipeline::tell_unread(std::uint64_t former, std::uint64_t count) {
  boot_to_real_ns_ = base::boot_to_real_ns();
  const std::uint64_t now_ns = base::boot_now_ns();
  const detect::Origin origin{"former", kernel_.epoch(), former};
  if (count != 0 && !is_told(origin)) {
    const detect::Loss loss{detect::Loss::Cause::kFormerVersion, 0, count, now_ns};
    add(detect::lost_alert(loss, context()), {}, origin, now_ns);
  }
  write(now_ns);
  return !blocked();
}

Pipeline::Own Pipeline::begin_own(detect::ContainerRef container) {
  boot_to_real_ns_ = base::boot_to_real_ns();
  Own own{base::boot_now_ns(), context()};
  own.about.container = std::move(container);
  return own;
}

void Pipeline::tell_admissions(const Entry& entry) {
  const auto [now_ns, about] = begin_own(entry.told);
  // Generations are never reused, and a container has few of these.
  std::uint64_t position = std::uint64_t{entry.slot.generation} << 8;
  for (const profile::Admission& admission : entry.registration.admissions) {
    const detect::Origin origin{"registrations", kernel_.epoch(), position++};
    add_asked(detect::admission_alert(admission, now_ns, about), origin, now_ns);
  }
  write(now_ns);
}

void Pipeline::tell_exec(const Entry& entry, const Exec& exec, int action, pid_t pid) {
  const auto [now_ns, about] = begin_own(entry.told);
  const bool of_root = entry.registration.owner == 0;
  detect::Alert alert = detect::entering_alert(
      {event::redact(printable(exec.args)), event::printable(exec.user), action},
      processes_.read_living(pid, of_root), now_ns, about);
  detect::apply_exceptions(entry.registration.exceptions, alert);
  add_asked(std::move(alert), own_origin("requests", now_ns), now_ns);
  write(now_ns);
}

void Pipeline::tell_reload(const Entry& entry, const detect::Asker& by) {
  const auto [now_ns, about] = begin_own(entry.told);
  add_own(detect::reload_alert(by, now_ns, about), own_origin("requests", now_ns), now_ns);
  write(now_ns);
}

// What a container has executed is limited by nothing but its budget.
void Pipeline::tell_digest(const Entry& entry, const detect::Digest& digest) {
  const auto [now_ns, about] = begin_own(entry.told);
  add_within_budget(detect::digest_alert(digest, now_ns, about), own_origin("digests", now_ns),
                    now_ns);
  write(now_ns);
}

void Pipeline::tell_response(const detect::Response& response, const detect::Container& container) {
  const auto [now_ns, about] = begin_own(std::make_shared<const detect::Container>(container));
  add_asked(detect::response_alert(response, now_ns, about), own_origin("responses", now_ns),
            now_ns);
  write(now_ns);
}

// A later monitor has a later clock.
detect::Origin Pipeline::own_origin(const char* queue, std::uint64_t now_ns) {
  own_position_ = std::max(own_position_ + 1, now_ns);
  return {queue, kernel_.epoch(), own_position_};
}

// Whether all that was counted is in the batch.
bool Pipeline::look(std::uint64_t now_ns) {
  const bool all = take_losses(now_ns) && take_repeats(now_ns);
  if (all) {
    const auto end_ns = kernel_.accounts().next_end_ns();
    look_at_ns_ = end_ns ? std::max(*end_ns, now_ns + kLookEveryNs) : 0;
  }
  return all;
}

void Pipeline::look_by(std::uint64_t time_ns) {
  look_at_ns_ = look_at_ns_ == 0 ? time_ns : std::min(look_at_ns_, time_ns);
}

// Whether the rings are empty. Records get the end of every batch: an alert waits for a few of them
// only, and they do not wait for ever in a flood of alerts.
bool Pipeline::take_sent(std::uint64_t now_ns) {
  const kernel::Ring& alerts = kernel_.ring(HF_RING_ALERTS);
  const auto waiting = [&alerts] { return alerts.handed_out() < alerts.written(); };
  const bool urgent = waiting();
  while (has_room(kRecordsRoom) && take_next(HF_RING_ALERTS, now_ns)) {
  }
  for (std::size_t taken = 0; has_room(0); ++taken) {
    if (taken >= kRecordsWithAlerts && (urgent || waiting())) {
      return false;
    }
    if (!take_next(HF_RING_RECORDS, now_ns)) {
      return !waiting();
    }
  }
  return false;
}

bool Pipeline::has_room(std::size_t besides) const {
  return sink_.room() > besides && sources_.size() < kMostTaken;
}

// Adds a line about the next event of a ring, unless it has one already. False: there is none.
bool Pipeline::take_next(hf_ring ring, std::uint64_t now_ns) {
  const auto record = kernel_.ring(ring).next();
  if (!record) {
    return false;
  }
  const detect::Origin origin{kRingNames[ring], kernel_.epoch(), record->position};
  const Sent source{ring, record->end};
  if (is_told(origin)) {
    drop(source);
    return true;
  }
  counters_.taken(ring);
  Result<event::Event> decoded = event::decode(record->bytes, record->size);
  if (decoded.ok()) {
    recall_.moved(decoded.value());
    if (ring == HF_RING_ALERTS) {
      recall_.note(decoded.value());
    }
    add_event(decoded.value(), source, origin, now_ns);
  } else {
    add_unreadable(1, source, origin, now_ns);
  }
  return true;
}

bool Pipeline::take_losses(std::uint64_t now_ns) {
  for (const kernel::Loss& loss : kernel_.accounts().losses()) {
    if (!has_room(0)) {
      return false;
    }
    detect::Context lost = context();
    const Entry* entry = registry_.latest_of_slot(loss.slot);
    lost.container = entry == nullptr ? nullptr : entry->told;
    add(detect::lost_alert({cause_of(loss.cause), loss.slot, loss.count, now_ns}, lost), loss,
        {"losses", kernel_.epoch(), kernel::position_of(loss)}, now_ns);
  }
  return true;
}

bool Pipeline::take_repeats(std::optional<std::uint64_t> now_ns) {
  const auto ended = [this](const hf_repeat_key& key) {
    return !is_guarded(key.slot, key.generation);
  };
  const std::uint64_t taken_ns = now_ns.value_or(base::boot_now_ns());
  std::size_t place = 0;
  while (has_room(0)) {
    const auto repeat = kernel_.accounts().claim(now_ns, place, ended);
    if (!repeat) {
      return true;
    }
    const detect::Origin origin{"repeats", kernel_.epoch(), repeat->position};
    const Repeated source{repeat->position, false};
    Result<event::Event> decoded = event::decode_repeat(repeat->element, repeat->count);
    if (is_told(origin)) {
      give_back(source);
      continue;
    }
    counters_.repeated(repeat->count);
    if (decoded.ok()) {
      recall_.complete(decoded.value());
      add_event(decoded.value(), source, origin, taken_ns);
    } else {
      add_unreadable(repeat->count, source, origin, taken_ns);
    }
  }
  return false;
}

void Pipeline::add_event(event::Event& event, Source source, detect::Origin origin,
                         std::uint64_t now_ns) {
  const Entry* entry = registry_.find_slot(event.slot, event.generation);
  // A task from outside has ancestors, and a root, of its own.
  const bool outside = (event.flags & HF_EVENT_BYSTANDER) != 0;
  const pid_t init = entry == nullptr || outside ? 0 : entry->registration.pid;
  if (!kernel::backend_enforces(kernel_.backend()) && !stands(event, init, entry)) {
    drop(source);
    return;
  }
  detect::Context about = context();
  if (entry != nullptr) {
    about.container = entry->told;
  }
  if (auto* repeated = std::get_if<Repeated>(&source)) {
    repeated->counts_on = is_guarded(event.slot, event.generation);
  }
  const std::uint64_t time_ns = event.time_ns;
  event::Process process = processes_.read(event, init);
  detect::Alert alert = detect::detect(std::move(event), std::move(process), about);
  alert.origin = origin;
  if (entry != nullptr) {
    detect::apply_exceptions(entry->registration.exceptions, alert);
    behaviour_.judge(alert, time_ns);
    if (notice_) {
      notice_(alert, *entry);
    }
  }
  if (auto* repeated = std::get_if<Repeated>(&source)) {
    repeated->counts_on = repeated->counts_on && alert.kind == "alert";
  }
  if (!budget_.apply(alert, init, now_ns)) {
    counters_.unwritten(alert);
    drop(source);
    return;
  }
  add(std::move(alert), source, std::move(origin), now_ns);
}

// Changes that the tracepoint back end knows by their path alone are often none of the rootfs.
bool Pipeline::stands(event::Event& event, pid_t init, const Entry* entry) const {
  const bool by_path = (event.flags & HF_EVENT_USER_PATH) != 0;
  if (!event::refine_named(event, init, "/proc")) {
    return false;
  }
  if (!by_path || !event::is_rootfs_change(event.class_id) || event.outcome != HF_OUTCOME_SEEN) {
    return true;
  }
  const std::string path = base::clean_path(event.path);
  if (kernel_.is_writable(event.slot, path)) {
    return false;
  }
  const bool unknown = (event.flags & HF_EVENT_USER_PATH) != 0;
  return !unknown || entry == nullptr || !is_mounted(*entry, path);
}

void Pipeline::add_unreadable(std::uint64_t count, Source source, detect::Origin origin,
                              std::uint64_t now_ns) {
  const detect::Loss loss{detect::Loss::Cause::kUnreadable, 0, count, now_ns};
  add(detect::lost_alert(loss, context()), source, std::move(origin), now_ns);
}

void Pipeline::add(detect::Alert&& alert, Source source, detect::Origin origin,
                   std::uint64_t now_ns) {
  alert.origin = std::move(origin);
  counters_.line(alert, now_ns);
  keep_for_user(alert);
  sink_.add(alert);
  sources_.push_back({source, true});
}

void Pipeline::keep_for_user(const detect::Alert& alert) {
  if (alert.container != nullptr && alert.container->user != 0 && alert.kind == "alert") {
    recent_.add(alert.container->user, sink::to_json(alert));
  }
}

void Pipeline::add_own(detect::Alert alert, detect::Origin origin, std::uint64_t now_ns) {
  if (sink_.is_crowded()) {
    ++untold_;
  } else {
    add(std::move(alert), {}, std::move(origin), now_ns);
  }
}

// Users ask as often as they like.
void Pipeline::add_asked(detect::Alert alert, detect::Origin origin, std::uint64_t now_ns) {
  if (alert.container->user != 0) {
    add_within_budget(std::move(alert), std::move(origin), now_ns);
  } else {
    add_own(std::move(alert), std::move(origin), now_ns);
  }
}

void Pipeline::add_within_budget(detect::Alert alert, detect::Origin origin, std::uint64_t now_ns) {
  if (budget_.apply(alert, 0, now_ns)) {
    add_own(std::move(alert), std::move(origin), now_ns);
  } else {
    counters_.unwritten(alert);
  }
}

void Pipeline::tell_untold(std::uint64_t now_ns) {
  if (untold_ != 0) {
    const detect::Loss loss{detect::Loss::Cause::kFileFull, 0, std::exchange(untold_, 0), now_ns};
    add(detect::lost_alert(loss, context()), {}, own_origin("requests", now_ns), now_ns);
  }
}

// What gets no line is given back in its turn: a ring is given back up to a place in it, and lines
// about what comes before may not be in the file yet.
void Pipeline::drop(const Source& source) { sources_.push_back({source, false}); }

void Pipeline::write(std::uint64_t now_ns) {
  std::size_t lines = sink_.flush(now_ns);
  while (!sources_.empty() && (lines > 0 || !sources_.front().has_line)) {
    lines -= sources_.front().has_line ? 1 : 0;
    give_back(sources_.front().source);
    sources_.pop_front();
  }
}

void Pipeline::give_back(const Source& source) {
  if (const auto* sent = std::get_if<Sent>(&source)) {
    kernel_.ring(sent->ring).give_back(sent->end);
  } else if (const auto* repeated = std::get_if<Repeated>(&source)) {
    give_back(*repeated);
  } else if (const auto* loss = std::get_if<kernel::Loss>(&source)) {
    kernel_.accounts().told(*loss);
  }
}

// Records are kept for their times.
void Pipeline::give_back(const Repeated& repeated) {
  if (!repeated.counts_on) {
    kernel_.accounts().free(repeated.position);
    return;
  }
  if (const auto end_ns = kernel_.accounts().count_on(repeated.position, base::boot_now_ns())) {
    look_by(*end_ns);
  }
}

bool Pipeline::is_guarded(std::uint32_t slot, std::uint32_t generation) const {
  const Entry* entry = registry_.find_slot(slot, generation);
  return entry != nullptr && registry_.find(entry->told->unique()) == entry;
}

detect::Context Pipeline::context() const {
  detect::Context context;
  context.backend = backend_;
  context.host = host_;
  context.boot_to_real_ns = boot_to_real_ns_;
  return context;
}

Metrics Pipeline::metrics() const {
  Metrics metrics = counters_.metrics(base::boot_now_ns());
  for (const hf_ring which : {HF_RING_ALERTS, HF_RING_RECORDS}) {
    const kernel::Ring& ring = kernel_.ring(which);
    metrics.ring_bytes[{kRingNames.at(which), ""}] = ring.bytes();
    metrics.ring_used_bytes[{kRingNames.at(which), ""}] = ring.used_bytes();
  }
  metrics.file_failing = sink_.retry_at_ns().value_or(0) != 0;
  metrics.waiting_lines = sink_.waiting();
  metrics.last_seq = sink_.last_seq();
  return metrics;
}

bool Pipeline::is_told(const detect::Origin& origin) const {
  return sink_.tail().origins.contains(origin);
}

std::optional<std::uint64_t> Pipeline::deadline_ns() const {
  if (const auto retry = sink_.retry_at_ns()) {
    return retry;
  }
  const auto noise_ns = budget_.due_ns();
  if (look_at_ns_ == 0) {
    return noise_ns;
  }
  return std::min(look_at_ns_, noise_ns.value_or(look_at_ns_));
}

}  // namespace holdfast::monitor
