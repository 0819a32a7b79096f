#include "src/detect/budget.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "src/base/clock.h"

namespace holdfast::detect {
namespace {

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

Rate rate_of(const Rates& rates, Severity severity) {
  const std::uint32_t factor = severity <= Severity::kCritical ? kCriticalFactor : 1;
  return {rates.alerts.burst * factor, rates.alerts.per_minute * factor};
}

// Each takes the time in which one flows in; the bucket is empty when that is so far ahead that a
// whole burst is used up.
bool spend(std::uint64_t& used_ns, const Rate& rate, std::uint64_t now_ns) {
  const std::uint64_t each_ns = kMinuteNs / std::max(rate.per_minute, 1U);
  const std::uint64_t then_ns = std::max(used_ns, now_ns) + each_ns;
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
  Account& account = accounts_[alert.container->id];
  if (alert.kind == "alert" && keep(account, alert, init, now_ns)) {
    return true;
  }
  alert.kind = "record";
  const bool written = spend(account.records.used_ns, rates_.records, now_ns);
  if (!written || !alert.held_back.empty()) {
    hold(account, alert, written, now_ns);
  }
  return written;
}

bool Budget::keep(Account& account, Alert& alert, pid_t init, std::uint64_t now_ns) const {
  if (account.changes.covers(alert, init, now_ns)) {
    alert.held_back =
        "its process, one above it, or one like it, was told of for a change as bad as this";
    return false;
  }
  const Rate rate = rate_of(rates_, alert.severity);
  const auto told = account.told_ns.find(alert.class_name);
  const bool is_new = told == account.told_ns.end() || now_ns >= told->second + kToldForNs;
  Bucket& bucket = account.alerts.at(static_cast<std::size_t>(alert.severity));
  if (!spend(bucket.used_ns, rate, now_ns) && !is_new) {
    alert.held_back = fmt::format("the container makes more than {} alerts of severity {} a minute",
                                  rate.per_minute, severity_name(alert.severity));
    account.held.worst = std::min(account.held.worst, alert.severity);
    if (alert.severity < account.worst) {
      account.worst = alert.severity;
      account.due_ns = std::min(account.due_ns, now_ns + kTellAfterNs.front());
    }
    return false;
  }
  account.told_ns[alert.class_name] = now_ns;
  account.changes.told(alert, now_ns);
  return true;
}

void Budget::hold(Account& account, const Alert& alert, bool written, std::uint64_t now_ns) {
  HeldBack& held = account.held;
  held.container = alert.container;
  held.has_alerts = held.has_alerts || !alert.held_back.empty();
  (written ? held.alerts : held.unwritten)[alert.class_name] += 1;
  if (account.due_ns == 0) {
    account.due_ns = now_ns + kTellAfterNs.at(account.interval);
  }
}

std::optional<HeldBack> Budget::next(std::uint64_t now_ns, const Ended& ended) {
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    Account& account = at->second;
    const bool over = ended && ended(at->first);
    const bool due = account.due_ns != 0 && (over || now_ns >= account.due_ns);
    HeldBack held = due ? std::exchange(account.held, {}) : HeldBack{};
    if (due) {
      const bool quiet = !held.container;
      account.interval = quiet ? 0 : std::min(account.interval + 1, kTellAfterNs.size() - 1);
      account.due_ns = quiet ? 0 : now_ns + kTellAfterNs.at(account.interval);
      account.worst = quiet ? Severity::kDebug : account.worst;
    }
    at = over ? accounts_.erase(at) : std::next(at);
    if (held.container) {
      return held;
    }
  }
  return std::nullopt;
}

void Budget::set_rates(Rates rates) {
  rates_ = rates;
  for (auto& [id, account] : accounts_) {
    account.alerts = {};
    account.records = {};
  }
}

std::optional<std::uint64_t> Budget::due_ns() const {
  std::optional<std::uint64_t> earliest;
  for (const auto& [id, account] : accounts_) {
    if (account.due_ns != 0) {
      earliest = std::min(earliest.value_or(account.due_ns), account.due_ns);
    }
  }
  return earliest;
}

Alert noise_alert(const HeldBack& held, std::uint64_t time_ns, const Context& context) {
  Alert alert;
  alert.time = base::rfc3339(
      static_cast<std::int64_t>(time_ns + static_cast<std::uint64_t>(context.boot_to_real_ns)));
  alert.kind = held.has_alerts ? "alert" : "record";
  alert.class_name = "monitor.noise";
  alert.severity = held.has_alerts ? held.worst : Severity::kInformational;
  alert.action = "alerted";
  alert.count = sum_of(held.alerts) + sum_of(held.unwritten);
  const Container& container = *held.container;
  std::vector<std::string> parts;
  if (!held.alerts.empty()) {
    parts.push_back(counts_text(held.alerts, "alert") +
                    " were kept as records, whose held_back says why");
  }
  if (!held.unwritten.empty()) {
    parts.push_back(counts_text(held.unwritten, "record") +
                    " were not written, for the container makes too many");
  }
  alert.message =
      fmt::format("container {}: {}; holdfast tune proposes exceptions.",
                  container.name.empty() ? container.id : container.name, fmt::join(parts, "; "));
  alert.container = held.container;
  alert.backend = context.backend;
  alert.host = context.host;
  return alert;
}

}  // namespace holdfast::detect
