// How many alerts a container may make before its further ones are kept as records, and how many
// records before further ones are only counted: one container must not push what others did out of
// the log. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "src/detect/alert.h"
#include "src/detect/detect.h"
#include "src/detect/lineage.h"

namespace holdfast::detect {

// So many at once, and so many a minute in the long run.
struct Rate {
  std::uint32_t burst;
  std::uint32_t per_minute;
};

// Of one container.
struct Rates {
  Rate alerts = {20, 6};  // of one severity, which does not use up another's; see kCriticalFactor
  // Of a kibibyte each: a long line costs several. Alerts that were held back have as many of their
  // own, so that harmless records do not use them up.
  Rate records = {10'000, 600};
};

// Of alerts that are critical or worse there may be so many times more.
inline constexpr std::uint32_t kCriticalFactor = 10;

// What was held back of one container, and not told yet.
struct HeldBack {
  ContainerRef container;
  // By class. Of what is not written, repeats count each.
  std::map<std::string, std::uint64_t> alerts;  // that were kept as records
  std::map<std::string, std::uint64_t> unwritten_alerts;
  std::map<std::string, std::uint64_t> unwritten_records;
  // Of those beyond the budget; what only goes on from an alert that was told is a notice.
  Severity worst = Severity::kNotice;
};

// Times are base::boot_now_ns().
class Budget {
 public:
  explicit Budget(Rates rates) { set_rates(rates); }
  // What was used up under the former ones is forgotten.
  void set_rates(Rates rates);

  // An alert that its container has no room for becomes a record that says so, and is counted.
  // Always an alert stays the first of its class and severity for ten minutes: noise of one kind
  // must not hide another. Changes of the image by the processes that were told of (Lineage) become
  // records whatever the room. `init` is the container's first process; 0: not known. False: it is
  // a record that there is no room for either, is counted and not to be written.
  [[nodiscard]] bool apply(Alert& alert, pid_t init, std::uint64_t now_ns);

  // What was held back of the next container where it is time to say so: at growing intervals, at
  // once of those that are `ended`. These are forgotten once their budgets are whole again: who is
  // started anew does not get another one. Nothing: of no other.
  using Ended = std::function<bool(const std::string& container_id)>;
  std::optional<HeldBack> next(std::uint64_t now_ns, const Ended& ended = {});

  // When next() has something.
  [[nodiscard]] std::optional<std::uint64_t> due_ns() const;

 private:
  struct Bucket {
    std::uint64_t used_ns = 0;  // until when its alerts so far use up what flows in
  };
  struct Account {
    std::array<Bucket, 8> alerts;  // by Severity
    Bucket held_back;
    ContainerRef container;
    std::size_t container_bytes = 0;  // of it in each line
    Bucket records;
    // When the last alert was let through.
    std::map<std::pair<std::string, Severity>, std::uint64_t> told_ns;
    Lineage changes;
    HeldBack held;
    std::uint64_t due_ns = 0;    // 0: nothing is held
    std::uint64_t early_ns = 0;  // when to say so before that, for something worse; 0: not
    // Since it last was quiet.
    std::size_t interval = 0;
    Severity worst = Severity::kDebug;
  };
  // Whether it stays an alert.
  bool is_told(Account& account, Alert& alert, pid_t init, std::uint64_t now_ns) const;
  // What of the account is due now.
  static HeldBack take_due(Account& account, bool over, std::uint64_t now_ns);
  static bool is_at_rest(const Account& account, std::uint64_t now_ns);
  static void hold(Account& account, const Alert& alert, bool written, std::uint64_t now_ns);

  Rates rates_;
  std::array<std::string, 8> beyond_;        // the reason by Severity, of Alert::held_back
  std::map<std::string, Account> accounts_;  // by Container::payer()
};

// The alert of class "monitor.noise" about `held`.
Alert noise_alert(const HeldBack& held, std::uint64_t time_ns, const Context& context);

}  // namespace holdfast::detect
