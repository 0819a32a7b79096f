#include "src/monitor/monitor.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "src/base/cgroup.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/unique_fd.h"
#include "src/kernel/former.h"
#include "src/monitor/answers.h"
#include "src/monitor/confine.h"
#include "src/monitor/digests.h"
#include "src/monitor/guard.h"
#include "src/monitor/known.h"
#include "src/monitor/lock.h"
#include "src/monitor/log_file.h"
#include "src/monitor/pipeline.h"
#include "src/monitor/registry.h"
#include "src/monitor/reload.h"
#include "src/monitor/responses.h"
#include "src/monitor/server.h"
#include "src/respond/evidence.h"

namespace holdfast::monitor {

namespace {

using base::LogLevel;

// Where profiles and holdfast.json are.
constexpr const char* kConfigDirectory = "/etc/holdfast";

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kSweepEveryNs = 10 * kSecondNs;
// Where the kernel tells of a container's end.
constexpr std::uint64_t kSweepSlowlyNs = 300 * kSecondNs;
// Somebody started us to register a container; if that did not come within this time, it never
// will.
constexpr std::uint64_t kFirstContainerNs = 60 * kSecondNs;
// A container often follows the one before within seconds, and attaching all programs for it anew
// takes longer than starting it.
constexpr std::uint64_t kDetachAfterNs = 10 * kSecondNs;
// For one that is leaving, or not ready yet: detaching and loading each take many seconds in an
// emulated machine.
constexpr std::chrono::milliseconds kLockWait{60000};

// Directory of the socket. Its parents are the system's business, but for /run/holdfast's own sake
// they are made too.
Result<std::string> make_run_directory(const std::string& socket) {
  const std::string directory = std::filesystem::path(socket).parent_path();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail_errno("cannot make the directory " + directory, error.value());
  }
  return directory;
}

Result<base::UniqueFd> take_signals() {
  // A file size limit must be an error of write(2), a closed peer one of send(2).
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, number);
  }
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) {
    return fail_errno("cannot block signals", errno);
  }
  base::UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) {
    return fail_errno("cannot make a signal descriptor", errno);
  }
  return fd;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

constexpr std::size_t kMaxIncidentsOfUser = 4;

Result<respond::Responder> make_responder(const Options& options) {
  respond::Responder::Settings settings;
  settings.cgroup_mount = base::cgroup2_mount("/sys/fs/cgroup");
  settings.pin_dir = options.pin_dir;
  settings.keep = [options](const respond::Order& order, const respond::Cgroup& cgroup) {
    // A user's make room for the same user's alone.
    const std::uint32_t user = order.target.container.user;
    const std::string incidents =
        user == 0 ? options.incidents : fmt::format("{}/of-user-{}", options.incidents, user);
    respond::IncidentLimits limits;
    limits.incidents = user == 0 ? limits.incidents : kMaxIncidentsOfUser;
    return respond::keep_evidence({incidents, options.alerts, "/proc", limits, user == 0}, order,
                                  cgroup);
  };
  return respond::Responder::make(std::move(settings));
}

void earlier(std::optional<std::uint64_t>& deadline, std::optional<std::uint64_t> other) {
  if (other) {
    deadline = std::min(deadline.value_or(*other), *other);
  }
}

}  // namespace

// Members are destroyed in reverse order: the lock is the last to go.
struct Monitor::State {
  State(Options given, Lock held, kernel::Kernel opened, Registry known, sink::FileSink file,
        base::UniqueFd signalled, respond::Responder responder, digest::Digester digester,
        Service manager)
      : options(std::move(given)),
        lock(std::move(held)),
        kernel(std::move(opened)),
        registry(std::move(known)),
        sink(std::move(file)),
        signals(std::move(signalled)),
        guard(kernel, registry),
        pipeline(kernel, registry, sink, host_name(), options.noise),
        responses(kernel, registry, pipeline, std::move(responder)),
        digests(kernel, registry, pipeline, std::move(digester)),
        answers(kernel, registry, guard, pipeline, responses,
                [this](const detect::Asker& by) { return reload(by); }),
        service(std::move(manager)) {
    digests.enable(options.config.monitor.hash_executables);
  }

  void wait() const;
  void step();
  void take_signal();
  Result<std::size_t> reload(const detect::Asker& by);
  Result<std::size_t> read_again(const detect::Asker& by);
  Status listen();
  void protect_new_file();
  void sweep(std::uint64_t now_ns);
  bool drain_all();
  void note_emptiness(std::uint64_t now_ns);
  std::optional<std::uint64_t> detach_at_ns() const;
  std::optional<std::uint64_t> leave_at_ns() const;
  std::optional<std::uint64_t> deadline_ns() const;
  bool try_to_leave();
  Status finish();
  Status leave_nothing();
  Status replace(kernel::Former& other);

  Options options;
  Lock lock;
  kernel::Kernel kernel;
  Registry registry;
  sink::FileSink sink;
  base::UniqueFd signals;
  Guard guard;
  Pipeline pipeline;
  Responses responses;
  Digests digests;
  Answers answers;
  Service service;
  std::optional<Server> server;
  std::uint64_t protected_openings = 1;  // of the sink
  bool stop = false;
  bool had_container = false;
  std::uint64_t empty_since_ns = 0;  // 0: there are containers
  std::uint64_t leave_not_before_ns = 0;
  std::uint64_t next_sweep_ns = 0;
};

Result<Monitor> Monitor::start(const Options& options, Service service) {
  const std::string directory = TRY(make_run_directory(options.socket));
  Lock lock =
      TRY(Lock::acquire(directory + "/monitor.lock", options.socket, kLockWait, options.replace));
  // Not before: one that finds another holding the lock must not take that one's words away.
  trim_log(options.socket, 0);
  // Not before: until there is something to put in order, a signal may simply end us.
  base::UniqueFd signals = TRY(take_signals());
  // Before the kernel is told to keep containers away from its file.
  sink::FileSink sink = TRY(sink::FileSink::open(options.alerts, options.file));
  // Before anything is loaded: what cannot be taken over stays as it is.
  std::vector<kernel::Former> others = TRY(kernel::Former::find(options.pin_dir));
  Registry registry = TRY(Registry::open(containers_directory(options.socket)));
  if (!others.empty()) {
    TRY(registry.check());
  }
  kernel::Options kernel_options;
  kernel_options.pin_dir = options.pin_dir;
  kernel_options.backend = options.backend;
  kernel_options.socket = std::filesystem::absolute(options.socket);
  kernel_options.protect = {directory, options.alerts, options.incidents, kConfigDirectory,
                            std::filesystem::path(sink::kDefaultAlertPath).parent_path()};
  kernel::Kernel kernel = TRY(kernel::Kernel::open(kernel_options));
  if (!kernel::backend_enforces(kernel.backend())) {
    registry.read_mounts();
  }
  respond::Responder responder = TRY(make_responder(options));
  digest::Digester digester = TRY(digest::Digester::make({}));
  auto state = std::make_unique<State>(
      options, std::move(lock), std::move(kernel), std::move(registry), std::move(sink),
      std::move(signals), std::move(responder), std::move(digester), std::move(service));
  State* self = state.get();  // The handlers live in the state.
  state->pipeline.on_event([self](const detect::Alert& alert, const Entry& entry) {
    self->responses.notice(alert, entry);
    self->digests.notice(alert, entry);
  });
  // Names first: those that have ended meanwhile keep theirs for the events that waited for us.
  TRY(state->guard.take_over(others));
  for (kernel::Former& other : others) {
    TRY(state->replace(other));
  }
  state->pipeline.drain();
  state->guard.sweep();
  state->responses.tidy();
  TRY(state->listen());
  // libbpf's picture of the kernel's types, some twenty megabytes, is needed for loading only.
  malloc_trim(0);
  return Monitor(std::move(state));
}

Monitor::Monitor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;

Status Monitor::run() {
  State& state = *state_;
  base::log(LogLevel::kNotice, fmt::format("monitor {} is ready: back end {}, socket {}, alerts {}",
                                           getpid(), kernel::backend_name(state.kernel.backend()),
                                           state.options.socket, state.options.alerts));
  const Status confined = confine();
  if (!confined.ok()) {
    base::log(LogLevel::kWarning, confined.error().message);
  }
  state.sweep(base::boot_now_ns());
  state.note_emptiness(base::boot_now_ns());
  state.service.ready();
  while (!state.stop) {
    state.wait();
    state.step();
  }
  return state.finish();
}

void Monitor::State::wait() const {
  // Of a ring that cannot be emptied now there is always something to read; poll(2) passes over
  // negative descriptors.
  const auto ring = [this](hf_ring which) {
    return pollfd{pipeline.blocked() ? -1 : kernel.ring(which).fd(), POLLIN, 0};
  };
  std::array<pollfd, 7> ready = {{{signals.get(), POLLIN, 0},
                                  {server->fd(), POLLIN, 0},
                                  {responses.fd(), POLLIN, 0},
                                  {digests.fd(), POLLIN, 0},
                                  {guard.fd(), POLLIN, 0},
                                  ring(HF_RING_ALERTS),
                                  ring(HF_RING_RECORDS)}};
  const std::optional<std::uint64_t> deadline = deadline_ns();
  const std::uint64_t now_ns = base::boot_now_ns();
  const std::uint64_t left_ns = deadline ? *deadline - std::min(*deadline, now_ns) : 0;
  const timespec timeout = {static_cast<time_t>(left_ns / kSecondNs),
                            static_cast<long>(left_ns % kSecondNs)};
  // Whatever woke us, step() looks at everything: each look is cheap, and none is forgotten.
  ppoll(ready.data(), ready.size(), deadline ? &timeout : nullptr, nullptr);
}

void Monitor::State::step() {
  const std::uint64_t now_ns = base::boot_now_ns();
  trim_log(options.socket, kMaxLogBytes);
  service.alive(now_ns);
  take_signal();
  pipeline.drain();
  responses.tell();
  digests.tell();
  protect_new_file();
  server->serve(now_ns);
  sweep(now_ns);
  note_emptiness(now_ns);
  const std::optional<std::uint64_t> detach = detach_at_ns();
  if (detach && now_ns >= *detach) {
    kernel.rest();
  }
  const std::optional<std::uint64_t> leave = leave_at_ns();
  if (leave && now_ns >= *leave && try_to_leave()) {
    stop = true;
  }
}

void Monitor::State::take_signal() {
  signalfd_siginfo info{};
  while (read(signals.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    // The sink sees by itself when logrotate, which sends SIGHUP too, has renamed its file.
    if (info.ssi_signo == SIGHUP) {
      (void)reload({info.ssi_pid, info.ssi_uid, {}, {}});  // It logs a failure.
    } else {
      stop = true;
    }
  }
}

Result<std::size_t> Monitor::State::reload(const detect::Asker& by) {
  service.reloading();
  const Result<std::size_t> changed = read_again(by);
  pipeline.counters().reloaded(changed.ok());
  if (changed.ok()) {
    base::log(LogLevel::kNotice,
              fmt::format("read configuration and profiles again; {} of {} containers have another "
                          "policy now",
                          changed.value(), registry.entries().size()));
  } else {
    base::log(LogLevel::kError, changed.error().message + "; what was in force stays");
  }
  service.ready();
  return changed;
}

// All of it, or nothing where there is a mistake in it.
Result<std::size_t> Monitor::State::read_again(const detect::Asker& by) {
  const Options given = TRY(options.reload ? options.reload() : Result<Options>(options));
  const std::vector<Registration> changed =
      TRY(read_profiles_again(registry, given.config, kernel::backend_enforces(kernel.backend())));
  // What has happened so far is judged by the profiles that it happened under.
  drain_all();
  TRY(guard.change(changed));
  options.linger_s = given.linger_s;
  digests.enable(given.config.monitor.hash_executables);
  sink.set(given.file);
  pipeline.set_noise(given.noise);
  for (const Registration& registration : changed) {
    const Entry& entry = *registry.find(key_of(registration));
    pipeline.tell_reload(entry, by);
    responses.changed(entry);
  }
  return changed.size();
}

Status Monitor::State::listen() {
  const auto handler = [this](const Request& request, const Peer& peer) {
    return answers.answer(request, peer);
  };
  base::UniqueFd passed = TRY(service.take_socket(options.socket));
  if (passed.valid()) {
    server.emplace(TRY(Server::adopt(std::move(passed), handler)));
  } else {
    server.emplace(TRY(Server::listen(options.socket, handler)));
  }
  return Ok{};
}

// After a rotation, or where the directory was removed, containers must leave the new one alone.
void Monitor::State::protect_new_file() {
  if (protected_openings == sink.openings()) {
    return;
  }
  protected_openings = sink.openings();
  const Status done = kernel.protect_again();
  if (!done.ok()) {
    base::log(LogLevel::kError, done.error().message);
  }
}

void Monitor::State::sweep(std::uint64_t now_ns) {
  const std::size_t before = registry.entries().size();
  if (guard.look() && drain_all()) {
    guard.release_ended();
  }
  if (next_sweep_ns != 0 && now_ns >= next_sweep_ns) {
    guard.sweep();
    next_sweep_ns = 0;
  }
  if (registry.entries().size() != before) {
    responses.tidy();
    pipeline.container_gone();
  }
  const std::uint64_t then_ns = now_ns + (guard.needs_sweep() ? kSweepEveryNs : kSweepSlowlyNs);
  if (registry.entries().empty()) {
    next_sweep_ns = 0;
  } else if (next_sweep_ns == 0 || next_sweep_ns > then_ns) {
    next_sweep_ns = then_ns;
  }
}

// What waits in the rings now; a container that goes on and on is not waited for. False: the alert
// file takes nothing.
bool Monitor::State::drain_all() {
  constexpr int kMostBatches = 64;
  for (int batch = 0; batch < kMostBatches && !pipeline.drain(); ++batch) {
  }
  return !pipeline.blocked();
}

void Monitor::State::note_emptiness(std::uint64_t now_ns) {
  if (!registry.entries().empty()) {
    had_container = true;
    empty_since_ns = 0;
  } else if (empty_since_ns == 0) {
    empty_since_ns = now_ns;
  }
}

std::optional<std::uint64_t> Monitor::State::detach_at_ns() const {
  return empty_since_ns != 0 && kernel.idle() ? std::optional(empty_since_ns + kDetachAfterNs)
                                              : std::nullopt;
}

std::optional<std::uint64_t> Monitor::State::leave_at_ns() const {
  if (!options.on_demand || empty_since_ns == 0) {
    return std::nullopt;
  }
  const std::uint64_t patience_ns =
      had_container ? options.linger_s * kSecondNs : kFirstContainerNs;
  return std::max(empty_since_ns + patience_ns, leave_not_before_ns);
}

std::optional<std::uint64_t> Monitor::State::deadline_ns() const {
  std::optional<std::uint64_t> deadline = leave_at_ns();
  earlier(deadline, detach_at_ns());
  earlier(deadline, server->deadline_ns());
  earlier(deadline, pipeline.deadline_ns());
  earlier(deadline, service.deadline_ns());
  if (next_sweep_ns != 0) {
    earlier(deadline, next_sweep_ns);
  }
  return deadline;
}

// A hook may connect at this very moment. So the name goes first: who comes later finds nobody and
// starts a monitor, which waits for our lock; who came before is in the backlog and keeps us here.
bool Monitor::State::try_to_leave() {
  server->hide();
  server->serve(base::boot_now_ns());
  if (registry.entries().empty() && !server->has_clients()) {
    return true;
  }
  const Status listening = server->listen_again();
  if (!listening.ok()) {
    base::log(LogLevel::kError, listening.error().message);
  }
  // Whoever kept us may say nothing for a while.
  leave_not_before_ns = base::boot_now_ns() + kSecondNs;
  return false;
}

Status Monitor::State::finish() {
  service.stopping();
  server.reset();
  responses.finish();
  digests.finish();
  if (registry.entries().empty()) {
    return leave_nothing();
  }
  pipeline.tell_all_noise();
  base::log(
      LogLevel::kNotice,
      fmt::format("leaving; {} containers stay under guard and their events wait for the next "
                  "monitor",
                  registry.entries().size()));
  return Ok{};
}

// Unloading takes with it what is not told yet.
Status Monitor::State::leave_nothing() {
  kernel.rest();
  if (pipeline.finish()) {
    return kernel.unload();
  }
  base::log(LogLevel::kError,
            "leaving with alerts that could not be written; they wait for the next monitor");
  return Ok{};
}

// Its programs are in force until ours are, and its maps are there until it is told what was in
// them.
Status Monitor::State::replace(kernel::Former& other) {
  const Status taken = guard.take_over_from(other);
  if (!taken.ok()) {
    return fail(
        fmt::format("containers stay under the guard of holdfast's ABI version {}, whose "
                    "place this one cannot take: {}",
                    other.version(), taken.error().message));
  }
  other.detach();
  if (!pipeline.tell_unread(other.id(), other.untold())) {
    return fail(
        fmt::format("ABI version {} is replaced, but {} does not take the alert of what it "
                    "had not told; make room there and start the monitor again",
                    other.version(), options.alerts));
  }
  other.remove();
  base::log(LogLevel::kNotice, fmt::format("took the place of ABI version {}", other.version()));
  return Ok{};
}

}  // namespace holdfast::monitor
