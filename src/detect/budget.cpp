#include "src/detect/budget.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "src/base/clock.h"

namespace holdfast::detect {
namespace {

constexpr std::size_t kKibibyte = 1024;
constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kMinuteNs = 60 * kSecondNs;

// After the first that was held back, and after each time that was told of. A quiet interval ends
// the row.
constexpr std::array<std::uint64_t, 4> kTellAfterNs = {10 * kSecondNs, kMinuteNs, 10 * kMinuteNs,
                                                       60 * kMinuteNs};

// "1 alert of class a, 2 alerts of class b"
std::string counts_text(const std::map<std::string, std::uint64_t>& counts, const char* what) {
  std::vector<std::string> texts;
  for (const auto& [class_name, count] : counts) {
    texts.push_back(
        fmt::format("{} {}{} of class {}", count, what, count == 1 ? "" : "s", class_name));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [class_name, count] : counts) {
    sum += count;
  }
  return sum;
}

std::size_t bytes_of(const Container& container) {
  std::size_t bytes = container.id.size() + container.name.size() + container.image.size() +
                      container.bundle.size();
  for (const auto& [key, value] : container.annotations) {
    bytes += key.size() + value.size();
  }
  return bytes;
}

// Of what differs from line to line, and of what is around it.
std::size_t bytes_of(const Alert& alert) {
  constexpr std::size_t kAround = 512;
  std::size_t bytes =
      kAround + alert.message.size() + (alert.object ? alert.object->path.size() : 0);
  if (alert.process) {
    bytes += alert.process->exe.size() + alert.process->cwd.size();
    for (const std::string& argument : alert.process->argv) {
      bytes += argument.size();
    }
    for (const event::Ancestor& ancestor : alert.process->ancestors) {
      bytes += ancestor.exe.size();
    }
  }
  return bytes;
}

Rate rate_of(const Rates& rates, Severity severity) {
  const std::uint32_t factor = severity <= Severity::kCritical ? kCriticalFactor : 1;
  return {rates.alerts.burst * factor, rates.alerts.per_minute * factor};
}

// Each takes the time in which one flows in; the bucket is empty when that is so far ahead that a
// whole burst is used up.
bool spend(std::uint64_t& used_ns, const Rate& rate, std::uint64_t now_ns,
           std::uint64_t tokens = 1) {
  const std::uint64_t each_ns = kMinuteNs / std::max(rate.per_minute, 1U);
  const std::uint64_t then_ns =
      std::max(used_ns, now_ns) + each_ns * std::min<std::uint64_t>(tokens, rate.burst);
  if (then_ns > now_ns + each_ns * rate.burst) {
    return false;
  }
  used_ns = then_ns;
  return true;
}

}  // namespace

bool Budget::apply(Alert& alert, pid_t init, std::uint64_t now_ns) {
  if (!alert.container) {
    return true;
  }
  Account& account = accounts_[alert.container->payer()];
  account.changes.note(alert, now_ns);
  if (alert.kind == "alert" && is_told(account, alert, init, now_ns)) {
    return true;
  }
  alert.kind = "record";
  const bool is_record = alert.held_back.empty();
  Bucket& bucket = is_record ? account.records : account.held_back;
  if (account.container != alert.container) {
    account.container = alert.container;
    account.container_bytes = bytes_of(*alert.container);
  }
  const std::uint64_t kibibytes =
      (account.container_bytes + bytes_of(alert) + kKibibyte - 1) / kKibibyte;
  const bool written = spend(bucket.used_ns, rates_.records, now_ns, kibibytes);
  if (!written || !is_record) {
    hold(account, alert, written, now_ns);
  }
  return written;
}

bool Budget::is_told(Account& account, Alert& alert, pid_t init, std::uint64_t now_ns) const {
  if (account.changes.covers(alert, init, now_ns)) {
    alert.held_back =
        "its process, one above it, or one like it, was told of for a change as bad as this";
    return false;
  }
  const Rate rate = rate_of(rates_, alert.severity);
  const auto [told, is_first] = account.told_ns.try_emplace({alert.class_name, alert.severity});
  const bool is_new = is_first || now_ns >= told->second + kToldForNs;
  Bucket& bucket = account.alerts.at(static_cast<std::size_t>(alert.severity));
  if (!spend(bucket.used_ns, rate, now_ns) && !is_new) {
    alert.held_back = beyond_.at(static_cast<std::size_t>(alert.severity));
    account.held.worst = std::min(account.held.worst, alert.severity);
    if (alert.severity < account.worst) {
      account.worst = alert.severity;
      account.early_ns = account.early_ns == 0 ? now_ns + kTellAfterNs.front() : account.early_ns;
    }
    return false;
  }
  told->second = now_ns;
  account.changes.told(alert, init, now_ns);
  return true;
}

void Budget::hold(Account& account, const Alert& alert, bool written, std::uint64_t now_ns) {
  HeldBack& held = account.held;
  held.container = alert.container;
  if (written) {
    held.alerts[alert.class_name] += 1;
  } else {
    (alert.held_back.empty() ? held.unwritten_records : held.unwritten_alerts)[alert.class_name] +=
        alert.count;
  }
  if (account.due_ns == 0) {
    account.due_ns = now_ns + kTellAfterNs.at(account.interval);
  }
}

// What is said early does not count as one of the growing intervals.
HeldBack Budget::take_due(Account& account, bool over, std::uint64_t now_ns) {
  const bool due = account.due_ns != 0 && (over || now_ns >= account.due_ns);
  const bool early = account.early_ns != 0 && now_ns >= account.early_ns;
  if (!due && !early) {
    return {};
  }
  account.early_ns = 0;
  HeldBack held = std::exchange(account.held, {});
  if (due) {
    const bool quiet = !held.container;
    account.interval = quiet ? 0 : std::min(account.interval + 1, kTellAfterNs.size() - 1);
    account.due_ns = quiet || over ? 0 : now_ns + kTellAfterNs.at(account.interval);
    account.worst = quiet ? Severity::kDebug : account.worst;
  }
  return held;
}

bool Budget::is_at_rest(const Account& account, std::uint64_t now_ns) {
  const auto is_whole = [now_ns](const Bucket& bucket) { return bucket.used_ns <= now_ns; };
  return is_whole(account.records) && is_whole(account.held_back) &&
         std::ranges::all_of(account.alerts, is_whole);
}

std::optional<HeldBack> Budget::next(std::uint64_t now_ns, const Ended& ended) {
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    Account& account = at->second;
    const bool over = ended && ended(at->first);
    HeldBack held = take_due(account, over, now_ns);
    if (over) {
      account.changes = {};
    }
    at = over && is_at_rest(account, now_ns) ? accounts_.erase(at) : std::next(at);
    if (held.container) {
      return held;
    }
  }
  return std::nullopt;
}

void Budget::set_rates(Rates rates) {
  rates_ = rates;
  for (std::size_t i = 0; i < beyond_.size(); ++i) {
    const auto severity = static_cast<Severity>(i);
    beyond_.at(i) = fmt::format("the container makes more than {} alerts of severity {} a minute",
                                rate_of(rates, severity).per_minute, severity_name(severity));
  }
  for (auto& [id, account] : accounts_) {
    account.alerts = {};
    account.held_back = {};
    account.records = {};
  }
}

std::optional<std::uint64_t> Budget::due_ns() const {
  std::optional<std::uint64_t> earliest;
  for (const auto& [id, account] : accounts_) {
    for (const std::uint64_t then_ns : {account.due_ns, account.early_ns}) {
      if (then_ns != 0) {
        earliest = std::min(earliest.value_or(then_ns), then_ns);
      }
    }
  }
  return earliest;
}

Alert noise_alert(const HeldBack& held, std::uint64_t time_ns, const Context& context) {
  Alert alert = begin_alert(time_ns, context);
  const bool has_alerts = !held.alerts.empty() || !held.unwritten_alerts.empty();
  alert.kind = has_alerts ? "alert" : "record";
  alert.class_name = "monitor.noise";
  alert.severity = has_alerts ? held.worst : Severity::kInformational;
  alert.action = "alerted";
  alert.count =
      sum_of(held.alerts) + sum_of(held.unwritten_alerts) + sum_of(held.unwritten_records);
  const Container& container = *held.container;
  std::vector<std::string> parts;
  const auto say = [&parts](const auto& counts, const char* what, const char* became) {
    if (!counts.empty()) {
      parts.push_back(counts_text(counts, what) + became);
    }
  };
  say(held.alerts, "alert", " were kept as records, whose held_back says why");
  say(held.unwritten_alerts, "alert", " were not even kept as records, for there were too many");
  say(held.unwritten_records, "record", " were not written, for the container makes too many");
  alert.message =
      fmt::format("container {}: {}; holdfast tune proposes exceptions.",
                  container.name.empty() ? container.id : container.name, fmt::join(parts, "; "));
  alert.container = held.container;
  return alert;
}

}  // namespace holdfast::detect
