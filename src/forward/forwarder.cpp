#include "src/forward/forwarder.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <list>
#include <memory>
#include <thread>

#include <fmt/core.h>

#include "src/base/log.h"
#include "src/forward/bell.h"
#include "src/forward/state.h"
#include "src/forward/watch.h"
#include "src/forward/worker.h"

namespace holdfast::forward {

namespace {

using base::LogLevel;

// libcurl asks about a stop once a second.
constexpr std::chrono::milliseconds kPatience{2500};

Result<base::UniqueFd> take_signals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, number);
  }
  sigprocmask(SIG_BLOCK, &set, nullptr);
  base::UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) {
    return fail_errno("cannot make a signal descriptor", errno);
  }
  return fd;
}

// What the threads use. Never destroyed while one of them runs: see stop().
struct Shared {
  Shared(State opened, base::UniqueFd fd) : state(std::move(opened)), ended_fd(std::move(fd)) {}

  State state;
  Bell bell;
  base::UniqueFd ended_fd;  // readable when a thread has ended
  std::atomic<std::size_t> running = 0;
  std::atomic<bool> incomplete = false;
  std::stop_source stop;
};

void run_worker(Shared& shared, const SinkSettings& sink, const std::string& alerts, bool once) {
  Worker worker(sink, alerts, shared.state, shared.bell, once, shared.stop.get_token());
  if (!worker.run()) {
    shared.incomplete = true;
  }
  --shared.running;
  eventfd_write(shared.ended_fd.get(), 1);
}

void start(Shared& shared, const Settings& settings, bool once) {
  shared.running = settings.sinks.size();
  for (const SinkSettings& sink : settings.sinks) {
    std::thread([&shared, sink, alerts = settings.alerts, once] {
      run_worker(shared, sink, alerts, once);
    }).detach();
  }
}

// Threads may be within a library that does not come back.
void stop(Shared& shared) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  shared.stop.request_stop();
  while (shared.running != 0 && std::chrono::steady_clock::now() < deadline) {
    eventfd_t ignored = 0;
    pollfd ended{shared.ended_fd.get(), POLLIN, 0};
    poll(&ended, 1, 50);
    eventfd_read(shared.ended_fd.get(), &ignored);
  }
  shared.state.save();
  if (shared.running != 0) {
    base::log(LogLevel::kWarning, "a sink did not stop in time; its last batch will be sent again");
  }
}

// Whether a signal of those that waited ends this run, and how.
std::optional<End> look_at_signals(int fd, const std::string& config) {
  std::optional<End> end;
  signalfd_siginfo info{};
  while (read(fd, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    if (info.ssi_signo != SIGHUP) {
      return End::kStop;
    }
    const auto settings = load_settings(config);
    if (settings.ok()) {
      end = End::kReload;
    } else {
      base::log(LogLevel::kError,
                fmt::format("{}; the former configuration stays", settings.error().message));
    }
  }
  return end;
}

}  // namespace

Result<End> forward(const Settings& settings, const std::string& config, bool once) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const base::UniqueFd signals = TRY(take_signals());
  State state = TRY(State::open(settings.state_dir));
  Watch watch = TRY(Watch::on(settings.alerts));
  base::UniqueFd ended(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  // Given up to the threads, which may outlive this function.
  Shared& shared = *std::make_unique<Shared>(std::move(state), std::move(ended)).release();
  start(shared, settings, once);
  std::optional<End> end;
  while (!end && !(once && shared.running == 0)) {
    std::array<pollfd, 3> ready = {
        {{signals.get(), POLLIN, 0}, {watch.fd(), POLLIN, 0}, {shared.ended_fd.get(), POLLIN, 0}}};
    poll(ready.data(), ready.size(), -1);
    end = look_at_signals(signals.get(), config);
    TRY(watch.take());
    shared.bell.ring();
  }
  stop(shared);
  return shared.incomplete ? End::kIncomplete : end.value_or(End::kStop);
}

}  // namespace holdfast::forward
