#include "src/monitor/service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fmt/core.h>

#include "src/base/clock.h"

namespace holdfast::monitor {
namespace {

constexpr int kFirstPassedFd = 3;  // SD_LISTEN_FDS_START

// The variable's value, which nobody else is to see.
std::string take(const char* name) {
  const char* value = getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

int option_of(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// Long enough for a service manager that is busy; it takes a lost READY=1 for a service that hangs.
constexpr timeval kPatience{1, 0};

// LISTEN_PID may be a former process's: then nothing is passed to us.
Result<base::UniqueFd> passed_socket() {
  const std::uint64_t pid = number_of(take("LISTEN_PID"));
  const std::uint64_t count = number_of(take("LISTEN_FDS"));
  take("LISTEN_FDNAMES");
  if (pid != static_cast<std::uint64_t>(getpid())) {
    return base::UniqueFd();
  }
  const bool fits = count == 1 && option_of(kFirstPassedFd, SO_DOMAIN) == AF_UNIX &&
                    option_of(kFirstPassedFd, SO_TYPE) == SOCK_SEQPACKET &&
                    option_of(kFirstPassedFd, SO_ACCEPTCONN) == 1;
  if (!fits) {
    return fail(
        "LISTEN_FDS passes something else than one listening SOCK_SEQPACKET unix socket: the "
        "monitor's .socket unit has one ListenSequentialPacket= and nothing more");
  }
  fcntl(kFirstPassedFd, F_SETFD, FD_CLOEXEC);
  fcntl(kFirstPassedFd, F_SETFL, O_NONBLOCK);
  return base::UniqueFd(kFirstPassedFd);
}

std::uint64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

// Hooks look for us where the configuration says.
Status check_name(const base::UniqueFd& passed, const std::string& path) {
  sockaddr_un address{};
  socklen_t size = sizeof(address) - 1;
  auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: how getsockname(2) is
  if (getsockname(passed.get(), generic, &size) != 0) {
    return fail_errno("cannot look at the socket that was passed", errno);
  }
  if (address.sun_path == path) {
    return Ok{};
  }
  return fail(
      fmt::format("the service manager's socket is {}, but monitor.socket is {}; make "
                  "ListenSequentialPacket= of "
                  "the .socket unit the same",
                  address.sun_path, path));
}

}  // namespace

Result<Service> Service::from_environment() {
  Service service;
  const std::string address = take("NOTIFY_SOCKET");
  if (address.starts_with('/') || address.starts_with('@')) {
    service.address_ = address;
  }
  const std::string watched = take("WATCHDOG_PID");
  const std::uint64_t every_us = number_of(take("WATCHDOG_USEC"));
  if (watched.empty() || number_of(watched) == static_cast<std::uint64_t>(getpid())) {
    service.every_ns_ = every_us * 1'000 / 2;
  }
  service.socket_ = TRY(passed_socket());
  return service;
}

Result<base::UniqueFd> Service::take_socket(const std::string& path) {
  if (socket_.valid()) {
    TRY(check_name(socket_, path));
  }
  return std::move(socket_);
}

void Service::ready() {
  tell("READY=1");
  alive(base::boot_now_ns());
}

// The time tells the manager's requests apart: a reload is over with the READY=1 after it.
void Service::reloading() const {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
}

void Service::stopping() const { tell("STOPPING=1"); }

std::optional<std::uint64_t> Service::deadline_ns() const {
  return every_ns_ == 0 || address_.empty() ? std::nullopt : std::optional(due_ns_);
}

void Service::alive(std::uint64_t now_ns) {
  if (every_ns_ != 0 && now_ns >= due_ns_) {
    tell("WATCHDOG=1", false);
    due_ns_ = now_ns + every_ns_;
  }
}

// A manager that does not listen any more is no reason to stop guarding.
void Service::tell(std::string_view state, bool patiently) const {
  sockaddr_un address{};
  if (address_.empty() || address_.size() >= sizeof(address.sun_path)) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  if (address_.front() == '@') {
    address.sun_path[0] = '\0';
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const base::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: how sendto(2) is
  const int flags = MSG_NOSIGNAL | (patiently ? 0 : MSG_DONTWAIT);
  sendto(fd.get(), state.data(), state.size(), flags, generic, size);
}

}  // namespace holdfast::monitor
