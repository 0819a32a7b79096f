// Syslog in datagrams: RFC 5426 over UDP, and the local socket.
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/core.h>

#include "src/base/unique_fd.h"
#include "src/forward/address.h"
#include "src/forward/encode.h"
#include "src/forward/output.h"

namespace holdfast::forward {

namespace {

Result<base::UniqueFd> connect_to(int family, const sockaddr* address, socklen_t length,
                                  const std::string& url) {
  base::UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || connect(fd.get(), address, length) != 0) {
    return fail_errno("cannot connect to " + url, errno);
  }
  return fd;
}

Result<base::UniqueFd> connect_unix(const std::string& url) {
  const std::string path = url.substr(std::string_view("unix://").size());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(fmt::format("{} is longer than the name of a socket may be", url));
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address), url);
}

Result<base::UniqueFd> connect_udp(const std::string& url) {
  const Address where = TRY(address_of(url, "514"));
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &list);
  if (error != 0) {
    return fail(fmt::format("cannot find {}: {}", url, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(list, &freeaddrinfo);
  return connect_to(found->ai_family, found->ai_addr, found->ai_addrlen, url);
}

class DatagramSyslog : public Output {
 public:
  explicit DatagramSyslog(const SinkSettings& sink) : sink_(sink) {}

  Answer send(std::span<const Line> lines) override {
    const Status ready = fd_.valid() ? Status(Ok{}) : open();
    if (!ready.ok()) {
      return again(ready.error().message);
    }
    Answer answer;
    for (const Line& line : lines) {
      const int error = send_one(line);
      if (error != 0) {
        return broken(answer.taken, error);
      }
      ++answer.taken;
    }
    const int refused = pending_error();
    return refused == 0 ? answer : broken(0, refused);
  }

 private:
  Status open() {
    fd_ = TRY(sink_.url.starts_with("unix:") ? connect_unix(sink_.url) : connect_udp(sink_.url));
    // A reader that stands still must not hold us for ever.
    const timeval timeout = {sink_.timeout_ms / 1000, sink_.timeout_ms % 1000 * 1000};
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    return Ok{};
  }

  // An errno value, or 0. What is too large for a datagram goes without its JSON.
  int send_one(const Line& line) {
    const bool whole = sink_.format == Format::kJson;
    const int error = put(rfc5424(line, static_cast<int>(sink_.facility), whole));
    return error == EMSGSIZE && whole ? put(rfc5424(line, static_cast<int>(sink_.facility), false))
                                      : error;
  }

  int put(const std::string& message) {
    ssize_t sent = 0;
    do {
      sent = ::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
  }

  // What an ICMP message said about what we sent: nobody listens there.
  int pending_error() {
    int error = 0;
    socklen_t length = sizeof(error);
    return getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
  }

  Answer broken(std::size_t taken, int error) {
    fd_.reset();
    // UDP tells of an earlier datagram; which one is not known.
    return {sink_.url.starts_with("udp:") ? 0 : taken, 0,
            fail_errno("cannot send to " + sink_.url, error).message};
  }

  SinkSettings sink_;
  base::UniqueFd fd_;
};

}  // namespace

std::unique_ptr<Output> make_datagram_syslog(const SinkSettings& sink) {
  return std::make_unique<DatagramSyslog>(sink);
}

}  // namespace holdfast::forward
