#include "hook/hook.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hook/input.h"
#include "hook/options.h"
#include "hook/precreate.h"
#include "hook/subject.h"
#include "src/base/file.h"
#include "src/base/unique_fd.h"
#include "src/monitor/client.h"
#include "src/monitor/spawn.h"
#include "src/monitor/unguarded.h"
#include "src/profile/admit.h"

namespace holdfast::hook {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// For everything that comes before a container is guarded or refused. Runtimes end a hook without a
// word: shim and README give it 120 seconds, and taking a registration back comes on top of this.
constexpr std::chrono::seconds kDeadline{100};
// A runtime writes the state before it waits for the hook.
constexpr milliseconds kInputTimeout{10000};
// Nobody waits for a deletion.
constexpr milliseconds kUnregisterTimeout{3000};

// What was written, without the line feed.
std::string tell(const std::string& message) {
  std::string line = "holdfast: " + message;
  // It quotes what a container's author wrote: one line, without escape codes.
  for (char& c : line) {
    if ((c >= 0 && c < ' ') || c == '\x7f') {
      c = ' ';
    }
  }
  (void)base::write_all(STDERR_FILENO, line + "\n", "standard error");
  return line;
}

// RFC 3164, as syslog(3) sends it, but never waiting: a journal may be full.
void tell_syslog(const std::string& line) {
  const base::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{AF_UNIX, "/dev/log"};
  const std::string packet = "<" + std::to_string(LOG_DAEMON | LOG_ERR) + ">holdfast-hook[" +
                             std::to_string(getpid()) + "]: " + line;
  (void)sendto(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&address), sizeof(address));  // NOLINT
}

// crun keeps to itself what a hook says (1.8), so the system's log has it too.
int refuse_start(const std::string& message) {
  tell_syslog(tell(message));
  return 1;
}

monitor::Where monitor_of(const Options& options, const profile::Config& config) {
  monitor::Where where;
  where.socket = options.socket.empty() ? config.monitor.socket : options.socket;
  where.binary = config.monitor.binary;
  where.config = options.config;
  return where;
}

// What the container's profile makes of it.
struct Guarding {
  profile::Compiled compiled;
  std::vector<profile::Admission> admissions;
};

Status register_container(const Subject& subject, const Guarding& guarding,
                          const std::string& socket, Clock::time_point deadline) {
  monitor::Request request;
  request.op = monitor::Request::Op::kRegister;
  request.registration.container = describe(subject);
  request.registration.pid = subject.state.pid;
  request.registration.rootfs = rootfs_of(subject);
  request.registration.cgroup = TRY(find_cgroup(subject.state.pid, "/proc", "/sys/fs/cgroup"));
  request.registration.policy = guarding.compiled.policy;
  request.registration.exceptions = guarding.compiled.exceptions;
  request.registration.admissions = guarding.admissions;
  request.registration.exec_into = guarding.compiled.exec_into;
  request.registration.respond = guarding.compiled.respond;
  // What the monitor may not see: a rootless engine has mounts of its own, a service of systemd
  // too, and podman keeps root's out of them (its storage is a private mount).
  const base::UniqueFd rootfs =
      TRY(base::open_file(request.registration.rootfs, O_PATH | O_DIRECTORY));
  request.rootfs_fd = static_cast<std::uint32_t>(rootfs.get());
  TRY(monitor::call(socket, request, monitor::within(monitor::kCallTimeout, deadline)));
  return Ok{};
}

// A monitor that was started on demand may leave between its answer about the back end and our
// registration: then another is started, once.
Status register_with_running(const Subject& subject, const Guarding& guarding,
                             const monitor::Where& where, Clock::time_point deadline) {
  const Status first = register_container(subject, guarding, where.socket, deadline);
  if (first.ok() || monitor::is_listening(where.socket)) {
    return first;
  }
  TRY(monitor::ensure_running(where, deadline));
  return register_container(subject, guarding, where.socket, deadline);
}

// What the profile's on_failure decides about.
struct Outcome {
  Status guarded;      // whether the container has its guard
  bool final = false;  // an error that no profile may wave through
};

Outcome guard(const Subject& subject, const monitor::Where& where, Clock::time_point deadline) {
  const auto status = monitor::ensure_running(where, deadline);
  const bool enforcing = status.ok() && status.value().enforcing;
  auto compiled = profile::compile(subject.resolved.profile, subject.spec, enforcing);
  if (!compiled.ok()) {
    return {compiled.error(), true};
  }
  Guarding guarding{std::move(compiled).value(), {}};
  guarding.admissions = profile::admit(guarding.compiled, subject.spec, profile::this_host());
  if (const std::string why = profile::refusal_of(guarding.admissions); !why.empty()) {
    return {fail(why), true};
  }
  if (!status.ok()) {
    return {status.error()};
  }
  // Registered even if it lacks something: with `warn` it runs, and its alerts are wanted.
  const Status registered = register_with_running(subject, guarding, where, deadline);
  if (!registered.ok()) {
    return {registered};
  }
  const auto missing = missing_prevention(subject, guarding.compiled, enforcing);
  if (!missing.ok()) {
    return {missing.error(), true};
  }
  return {missing.value().empty() ? Status(Ok{}) : fail(missing.value())};
}

void forget(const oci::State& state, const std::string& socket) {
  const std::string& id = state.id;
  monitor::Request request;
  request.op = monitor::Request::Op::kUnregister;
  request.id = id;
  request.pid = state.pid;
  const auto reply = monitor::call(socket, request, kUnregisterTimeout);
  // A monitor that is not there has nothing to forget.
  if (!reply.ok() && monitor::is_listening(socket)) {
    tell("warning: container " + id + " could not be unregistered: " + reply.error().message);
  }
}

int create(const oci::State& state, const Options& options, const profile::Config& config,
           Clock::time_point deadline) {
  const auto refuse = [&](const std::string& why) {
    return refuse_start("container " + state.id + " is refused: " + why);
  };
  const auto subject = read_subject(state, options, config);
  if (!subject.ok()) {
    return refuse(subject.error().message);
  }
  const profile::Resolved& resolved = subject.value().resolved;
  if (resolved.profile.mode == profile::Mode::kOff) {
    return 0;
  }
  if (state.pid <= 0) {
    return refuse("its state has no pid; use the hook at createRuntime or prestart");
  }
  const monitor::Where where = monitor_of(options, config);
  const Outcome outcome = guard(subject.value(), where, deadline);
  if (outcome.guarded.ok()) {
    return 0;
  }
  const std::string& why = outcome.guarded.error().message;
  if (outcome.final || resolved.on_failure == profile::OnFailure::kRefuse) {
    forget(state, where.socket);
    return refuse(why + " (profile \"" + resolved.profile.name + "\")");
  }
  tell("warning: container " + state.id + " runs without all of its guard: " + why);
  // A user's own has nowhere to be noted, and nobody who would ask.
  (void)monitor::note_unguarded(where.socket, state.id, state.pid, why);
  return 0;
}

Result<profile::Config> load_config(const Options& options) {
  return options.config.empty() ? profile::load_config() : profile::load_config(options.config);
}

// Teardown never fails the deletion: there is nobody to tell and nothing to keep from running.
int poststop(const Result<oci::State>& state, const Options& options) {
  const auto config = load_config(options);
  if (!state.ok()) {
    tell("warning: " + state.error().message);
    return 0;
  }
  const std::string socket =
      monitor_of(options, config.ok() ? config.value() : profile::Config()).socket;
  monitor::forget_unguarded(socket, state.value().id);
  forget(state.value(), socket);
  return 0;
}

Result<std::string> read_input_of(Stage stage) {
  const bool is_spec = stage == Stage::kPrecreate;
  return read_input(STDIN_FILENO,
                    is_spec ? oci::kSpecLimits.max_bytes : oci::kStateLimits.max_bytes,
                    kInputTimeout);
}

// Prints config.json as the container is to have it: guarded, or refused.
int rewrite(const Result<std::string>& input, const Options& options, Clock::time_point deadline) {
  const auto config = load_config(options);
  auto text = !config.ok()  ? Result<std::string>(config.error())
              : !input.ok() ? input
                            : precreate(input.value(), options, config.value(),
                                        monitor_of(options, config.value()), deadline);
  if (!text.ok() && input.ok()) {
    text = refusing(input.value(), text.error().message);
  }
  const Status written =
      text.ok() ? base::write_all(STDOUT_FILENO, text.value(), "standard output") : text.error();
  return written.ok() ? 0 : refuse_start("a container is refused: " + written.error().message);
}

}  // namespace

int run(int argc, const char* const* argv) {
  const Clock::time_point deadline = Clock::now() + kDeadline;
  const std::span<const char* const> all(argv, static_cast<std::size_t>(argc));
  const auto options = parse_options(all.subspan(argc > 0 ? 1 : 0));
  if (options.ok() && options.value().stage == Stage::kHelp) {
    return base::write_all(STDOUT_FILENO, kHelp, "standard output").ok() ? 0 : 1;
  }
  // Read before anything can fail: see read_input.
  const auto input = read_input_of(options.ok() ? options.value().stage : Stage::kCreate);
  if (!options.ok()) {
    return refuse_start(options.error().message);
  }
  if (options.value().stage == Stage::kPrecreate) {
    return rewrite(input, options.value(), deadline);
  }
  auto state = input.ok() ? oci::parse_state(input.value(), "standard input")
                          : Result<oci::State>(input.error());
  if (state.ok() && state.value().bundle == "/" && !options.value().bundle.empty()) {
    state.value().bundle = options.value().bundle;
  }
  if (options.value().stage == Stage::kPoststop) {
    return poststop(state, options.value());
  }
  if (!state.ok()) {
    return refuse_start(state.error().message);
  }
  if (!options.value().refuse.empty()) {
    return refuse_start("container " + state.value().id + " is refused: " + options.value().refuse);
  }
  const auto config = load_config(options.value());
  if (!config.ok()) {
    return refuse_start(config.error().message);
  }
  return create(state.value(), options.value(), config.value(), deadline);
}

}  // namespace holdfast::hook
