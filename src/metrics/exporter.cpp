#include "src/metrics/exporter.h"

#include <signal.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/metrics/families.h"
#include "src/metrics/scrape.h"

namespace holdfast::metrics {

namespace {

using Families = std::vector<prometheus::MetricFamily>;

// Whoever can connect must not be able to keep the monitor busy: within this time they all get the
// same answer.
constexpr std::uint64_t kFreshNs = 1'000'000'000;

// One that connects and says nothing holds a thread for so long.
constexpr const char* kRequestTimeoutMs = "2000";
constexpr const char* kThreads = "8";

// Asks at each scrape. Used by all threads of the server.
class Exporter : public prometheus::Collectable {
 public:
  explicit Exporter(Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] Families Collect() const override {  // NOLINT(readability-identifier-naming)
    const std::lock_guard held(mutex_);
    const std::uint64_t now_ns = base::boot_now_ns();
    if (asked_at_ns_ == 0 || now_ns - asked_at_ns_ >= kFreshNs) {
      const Scrape found = scrape(settings_);
      note(found.idle ? "" : found.error);
      families_ = families(found);
      asked_at_ns_ = base::boot_now_ns();
    }
    return families_;
  }

 private:
  // Once for each change.
  void note(const std::string& error) const {
    if (error != error_ && !error.empty()) {
      base::log(base::LogLevel::kError, error);
    }
    error_ = error;
  }

  Settings settings_;
  mutable std::mutex mutex_;
  mutable Families families_;
  mutable std::uint64_t asked_at_ns_ = 0;
  mutable std::string error_;
};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

std::string text(const Settings& settings) {
  return prometheus::TextSerializer().Serialize(Exporter(settings).Collect());
}

Status serve(const Settings& settings) {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t set = ending_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  try {
    const auto exporter = std::make_shared<Exporter>(settings);
    prometheus::Exposer exposer(std::vector<std::string>{"listening_ports", settings.listen,
                                                         "num_threads", kThreads,
                                                         "request_timeout_ms", kRequestTimeoutMs});
    exposer.RegisterCollectable(exporter);
    base::log(base::LogLevel::kNotice,
              fmt::format("metrics are at http://{}/metrics", settings.listen));
    int number = 0;
    sigwait(&set, &number);
    return Ok{};
  } catch (const std::exception& problem) {
    return fail(fmt::format("cannot serve metrics at {}: {}; does another program listen there?",
                            settings.listen, problem.what()));
  }
}

}  // namespace holdfast::metrics
