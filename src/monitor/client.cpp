#include "src/monitor/client.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "src/base/unique_fd.h"
#include "src/monitor/log_file.h"

namespace holdfast::monitor {
namespace {

using base::UniqueFd;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// connect(2) on a unix socket does not wait in poll for room in the backlog: ask again after this.
constexpr milliseconds kBacklogPause{5};
// When it has too many connections of ours.
constexpr milliseconds kBusyPause{20};

int remaining_ms(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 3600 * 1000));
}

void pause_ms(milliseconds time) {
  const timespec length{0, static_cast<long>(time.count()) * 1000000};
  nanosleep(&length, nullptr);
}

Error timed_out(const std::string& socket_path) {
  return fail("the monitor at " + socket_path +
              " does not answer in time; see `holdfast doctor` and " + log_path(socket_path));
}

Result<sockaddr_un> address_of(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof(address.sun_path)) {
    return fail(fmt::format("the socket path \"{}\" is empty or longer than {} bytes", socket_path,
                            sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  return address;
}

Result<UniqueFd> new_socket() {
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return fail_errno("cannot make a unix socket", errno);
  }
  return fd;
}

int try_connect(int fd, const sockaddr_un& address) {
  // sockaddr is what every family's address is passed as.
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT
  return connect(fd, generic, sizeof(address)) == 0 ? 0 : errno;
}

// errno of one attempt; 0: somebody listens. EINVAL where there can be no socket.
int connect_once(const std::string& socket_path) {
  const auto address = address_of(socket_path);
  const auto fd = new_socket();
  return address.ok() && fd.ok() ? try_connect(fd.value().get(), address.value()) : EINVAL;
}

Result<UniqueFd> connect_until(const std::string& socket_path, Clock::time_point deadline) {
  const sockaddr_un address = TRY(address_of(socket_path));
  UniqueFd fd = TRY(new_socket());
  for (;;) {
    const int error_number = try_connect(fd.get(), address);
    if (error_number == 0) {
      return fd;
    }
    if (error_number != EAGAIN && error_number != EINTR) {
      return fail_errno("cannot reach the monitor at " + socket_path, error_number);
    }
    if (remaining_ms(deadline) == 0) {
      return timed_out(socket_path);
    }
    pause_ms(kBacklogPause);
  }
}

Status wait_for(int fd, short events, const std::string& socket_path, Clock::time_point deadline) {
  for (;;) {
    pollfd waiting{fd, events, 0};
    const int ready = poll(&waiting, 1, remaining_ms(deadline));
    if (ready > 0) {
      return Ok{};
    }
    if (ready == 0) {
      return timed_out(socket_path);
    }
    if (errno != EINTR) {
      return fail_errno("cannot wait for the monitor at " + socket_path, errno);
    }
  }
}

bool has_hung_up(int fd) {
  pollfd waiting{fd, 0, 0};
  return poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLHUP) != 0;
}

Status send_packet(int fd, const std::string& packet, const std::string& socket_path,
                   Clock::time_point deadline) {
  for (;;) {
    if (send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0) {
      return Ok{};
    }
    if (errno != EAGAIN && errno != EINTR) {
      return fail_errno("cannot send to the monitor at " + socket_path, errno);
    }
    TRY(wait_for(fd, POLLOUT, socket_path, deadline));
  }
}

// "" where the monitor closed the connection: so it does when a user has too many at once.
Result<std::string> receive_packet(int fd, const std::string& socket_path,
                                   Clock::time_point deadline) {
  // Not zeroed: an answer is short, and touching all of this costs 400 000 instructions.
  const auto room = std::make_unique_for_overwrite<char[]>(kMaxMessageBytes);
  for (;;) {
    TRY(wait_for(fd, POLLIN, socket_path, deadline));
    const ssize_t got = recv(fd, room.get(), kMaxMessageBytes, MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      continue;
    }
    if (got < 0) {
      return fail_errno("cannot read the answer of the monitor at " + socket_path, errno);
    }
    if (got == 0) {
      return std::string();
    }
    if (static_cast<std::size_t>(got) > kMaxMessageBytes) {
      return fail("the answer of the monitor at " + socket_path + " is too long");
    }
    return std::string(room.get(), static_cast<std::size_t>(got));
  }
}

Result<std::string> ask(const std::string& packet, const std::string& socket_path,
                        Clock::time_point deadline) {
  const UniqueFd fd = TRY(connect_until(socket_path, deadline));
  const Status sent = send_packet(fd.get(), packet, socket_path, deadline);
  if (!sent.ok() && has_hung_up(fd.get())) {
    return std::string();
  }
  TRY(sent);
  return receive_packet(fd.get(), socket_path, deadline);
}

}  // namespace

Result<Reply> call(const std::string& socket_path, const Request& request, milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const std::string packet = encode(request);
  if (packet.size() > kMaxMessageBytes) {
    return fail(
        fmt::format("the request to the monitor is longer than {} bytes: shorten the "
                    "container's annotations or its writable paths",
                    kMaxMessageBytes));
  }
  std::string answer = TRY(ask(packet, socket_path, deadline));
  while (answer.empty() && remaining_ms(deadline) > 0) {
    pause_ms(kBusyPause);
    answer = TRY(ask(packet, socket_path, deadline));
  }
  if (answer.empty()) {
    return fail("the monitor at " + socket_path + " closed the connection without an answer");
  }
  Reply reply = TRY(decode_reply(answer));
  if (!reply.error.empty()) {
    return fail(std::move(reply.error));
  }
  return reply;
}

Result<std::vector<ListedContainer>> list_containers(const std::string& socket_path,
                                                     milliseconds timeout) {
  std::vector<ListedContainer> all;
  Request request;
  request.op = Request::Op::kList;
  for (;;) {
    Reply reply = TRY(call(socket_path, request, timeout));
    // Only slots that rise: a peer that repeats itself cannot keep us here for ever.
    for (ListedContainer& listed : reply.containers) {
      if (listed.slot <= request.after) {
        return fail("the monitor at " + socket_path + " lists its containers out of order");
      }
      request.after = listed.slot;
      all.push_back(std::move(listed));
    }
    if (!reply.more || reply.containers.empty()) {
      return all;
    }
  }
}

milliseconds within(milliseconds timeout, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  return std::clamp(left, milliseconds(0), timeout);
}

bool nobody_listens(const std::string& socket_path) {
  const int error_number = connect_once(socket_path);
  return error_number == ENOENT || error_number == ECONNREFUSED;
}

bool is_listening(const std::string& socket_path) {
  const int error_number = connect_once(socket_path);
  return error_number == 0 || error_number == EAGAIN;
}

}  // namespace holdfast::monitor
