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

bool is_always_told(const Alert& alert) {
  return alert.action != "alerted" && alert.severity <= Severity::kCritical;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& alerts) {
  std::vector<std::string> texts;
  for (const auto& [class_name, count] : alerts) {
    texts.push_back(
        fmt::format("{} alert{} of class {}", count, count == 1 ? "" : "s", class_name));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

// Each alert takes the time in which one flows in; the bucket is empty when that is so far ahead
// that a whole burst is used up.
bool Budget::spend(Bucket& bucket, std::uint64_t now_ns) const {
  const std::uint64_t each_ns = kMinuteNs / std::max(rates_.per_minute, 1U);
  const std::uint64_t used_ns = std::max(bucket.used_ns, now_ns) + each_ns;
  if (used_ns > now_ns + each_ns * rates_.burst) {
    return false;
  }
  bucket.used_ns = used_ns;
  return true;
}

void Budget::apply(Alert& alert, pid_t init, std::uint64_t now_ns) {
  if (alert.kind != "alert" || !alert.container || is_always_told(alert)) {
    return;
  }
  Account& account = accounts_[alert.container->id];
  if (account.changes.covers(alert, init, now_ns)) {
    hold(account, alert, now_ns);
    alert.held_back =
        "its process, one above it, or one like it, was told of for a change as bad as this";
    return;
  }
  const auto told = account.told_ns.find(alert.class_name);
  const bool is_new = told == account.told_ns.end() || now_ns >= told->second + kToldForNs;
  if (spend(account.buckets[static_cast<std::size_t>(alert.severity)], now_ns) || is_new) {
    account.told_ns[alert.class_name] = now_ns;
    account.changes.told(alert, now_ns);
  } else {
    hold(account, alert, now_ns);
    account.held.worst = std::min(account.held.worst, alert.severity);
    alert.held_back = fmt::format("the container makes more than {} alerts of severity {} a minute",
                                  rates_.per_minute, severity_name(alert.severity));
  }
}

void Budget::hold(Account& account, Alert& alert, std::uint64_t now_ns) {
  HeldBack& held = account.held;
  if (held.alerts.empty()) {
    held.container = alert.container;
  }
  held.alerts[alert.class_name] += 1;
  if (account.due_ns == 0) {
    account.due_ns = now_ns + kTellAfterNs[account.interval];
  }
  alert.kind = "record";
}

std::optional<HeldBack> Budget::next(std::uint64_t now_ns, const Ended& ended) {
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    Account& account = at->second;
    const bool over = ended && ended(at->first);
    const bool due = account.due_ns != 0 && (over || now_ns >= account.due_ns);
    HeldBack held = due ? std::exchange(account.held, {}) : HeldBack{};
    if (due) {
      const bool quiet = held.alerts.empty();
      account.interval = quiet ? 0 : std::min(account.interval + 1, kTellAfterNs.size() - 1);
      account.due_ns = quiet ? 0 : now_ns + kTellAfterNs[account.interval];
    }
    at = over ? accounts_.erase(at) : std::next(at);
    if (!held.alerts.empty()) {
      return held;
    }
  }
  return std::nullopt;
}

void Budget::set_rates(Rates rates) {
  rates_ = rates;
  for (auto& [id, account] : accounts_) {
    account.buckets = {};
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
  alert.kind = "alert";
  alert.class_name = "monitor.noise";
  alert.severity = held.worst;
  alert.action = "alerted";
  alert.count = 0;
  for (const auto& [class_name, count] : held.alerts) {
    alert.count += count;
  }
  const Container& container = *held.container;
  alert.message = fmt::format(
      "container {}: {} were kept as records, whose held_back says why; holdfast tune proposes "
      "exceptions.",
      container.name.empty() ? container.id : container.name, counts_text(held.alerts));
  alert.container = held.container;
  alert.backend = context.backend;
  alert.host = context.host;
  return alert;
}

}  // namespace holdfast::detect
