#include "src/monitor/server.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace holdfast::monitor {

namespace {

// Hooks of a node that starts all of its pods at once.
constexpr int kBacklog = 128;
constexpr std::size_t kEventsPerCall = 32;
// Whoever may connect may do so without end; what waits at one moment is no more than the backlog.
constexpr int kAcceptsPerCall = 2 * kBacklog;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(fmt::format("the socket path {} is longer than {} bytes; choose a shorter one",
                            path, sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

std::optional<Peer> peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return Peer{credentials.pid, credentials.uid, credentials.gid};
}

// A descriptor of process `pid`; none when it has ended, or is in no pid namespace that we see.
base::UniqueFd open_process(pid_t pid) {
  return base::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool has_ended(const base::UniqueFd& process) {
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, 0) != 0;
}

// A packet, and the descriptor that came with it, if one did; the kernel closes others. The
// packet's length, beyond `bytes` where it was cut; -1 and errno.
ssize_t receive(int fd, std::string& bytes, base::UniqueFd& passed) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = recvmsg(fd, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
  const cmsghdr* head = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
      head->cmsg_len == CMSG_LEN(sizeof(int))) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(head), sizeof(number));
    passed = base::UniqueFd(number);
  }
  return got;
}

Reply refusal(std::string sentence) {
  Reply reply;
  reply.error = std::move(sentence);
  return reply;
}

}  // namespace

Result<Server> Server::make(std::string path, Handler handler) {
  Server server(std::move(path), std::move(handler));
  server.epoll_ = base::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!server.epoll_.valid()) {
    return fail_errno("cannot make an epoll descriptor", errno);
  }
  return server;
}

Result<Server> Server::listen(const std::string& path, Handler handler) {
  Server server = TRY(make(path, std::move(handler)));
  TRY(server.open_listener());
  return server;
}

Result<Server> Server::adopt(base::UniqueFd listener, Handler handler) {
  Server server = TRY(make("", std::move(handler)));
  TRY(server.watch(listener.get()));
  server.listener_ = std::move(listener);
  return server;
}

Server::~Server() {
  if (listener_.valid()) {
    hide();
  }
}

Status Server::open_listener() {
  const sockaddr_un address = TRY(address_of(path_));
  base::UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return fail_errno("cannot make a unix socket", errno);
  }
  if (unlink(path_.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove the old socket " + path_, errno);
  }
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: how bind(2) is
  if (bind(fd.get(), generic, sizeof(address)) != 0 || chmod(path_.c_str(), 0666) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return fail_errno("cannot listen at " + path_, errno);
  }
  TRY(watch(fd.get()));
  struct stat bound {};
  if (lstat(path_.c_str(), &bound) != 0) {
    return fail_errno("cannot look at " + path_, errno);
  }
  device_ = bound.st_dev;
  inode_ = bound.st_ino;
  listener_ = std::move(fd);
  paused_ = false;
  return Ok{};
}

Status Server::watch(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail_errno("cannot watch a socket", errno);
  }
  return Ok{};
}

void Server::serve(std::uint64_t now_ns) {
  std::array<epoll_event, kEventsPerCall> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
    const auto client = clients_.find(fd);
    if (client == clients_.end()) {
      accept_peers(now_ns);
    } else if (!serve_client(client->second, now_ns)) {
      drop(fd);
    }
  }
  drop_silent(now_ns);
}

void Server::accept_peers(std::uint64_t now_ns) {
  int accepted = 0;
  while (listener_.valid() && clients_.size() < kMaxClients + kMaxStrangers) {
    if (++accepted > kAcceptsPerCall) {
      return;
    }
    base::UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      return;
    }
    admit(std::move(fd), now_ns);
  }
  if (listener_.valid() && !paused_) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
    paused_ = true;
  }
}

void Server::admit(base::UniqueFd fd, std::uint64_t now_ns) {
  const std::optional<Peer> peer = peer_of(fd.get());
  if (!peer || !has_room_for(*peer)) {
    return;
  }
  base::UniqueFd process = open_process(peer->pid);
  if (!process.valid() || !watch(fd.get()).ok()) {
    return;
  }
  const int number = fd.get();
  clients_[number] = Client{std::move(fd), *peer, std::move(process), now_ns + kClientTimeoutNs};
}

bool Server::serve_client(Client& client, std::uint64_t now_ns) {
  Packet packet;
  packet.bytes.resize(client.peer.uid == 0 ? kMaxMessageBytes : kMaxStrangersBytes);
  const ssize_t got = receive(client.fd.get(), packet.bytes, packet.passed);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (got == 0 || has_ended(client.process)) {
    return false;
  }
  packet.too_long = static_cast<std::size_t>(got) > packet.bytes.size();
  packet.bytes.resize(std::min(static_cast<std::size_t>(got), packet.bytes.size()));
  const std::string reply = encode(answer(packet, client.peer));
  client.deadline_ns = now_ns + kClientTimeoutNs;
  // A peer that does not take its answer is closed: nobody waits for it.
  const bool taken = send(client.fd.get(), reply.data(), reply.size(), MSG_NOSIGNAL) >= 0;
  return taken && client.peer.uid == 0;
}

Reply Server::answer(const Packet& packet, const Peer& peer) const {
  if (packet.too_long) {
    return refusal(peer.uid == 0
                       ? fmt::format("the message is longer than {} bytes", kMaxMessageBytes)
                       : fmt::format("only root may send more than {} bytes", kMaxStrangersBytes));
  }
  Result<Request> request = decode_request(packet.bytes);
  if (!request.ok()) {
    return refusal(request.error().message);
  }
  request.value().rootfs_fd = packet.passed.get();
  return handler_(request.value(), peer);
}

void Server::drop(int fd) {
  clients_.erase(fd);  // Closing takes it off epoll.
  if (paused_ && listener_.valid() && watch(listener_.get()).ok()) {
    paused_ = false;
  }
}

void Server::drop_silent(std::uint64_t now_ns) {
  std::vector<int> silent;
  for (const auto& [fd, client] : clients_) {
    if (client.deadline_ns <= now_ns) {
      silent.push_back(fd);
    }
  }
  for (const int fd : silent) {
    drop(fd);
  }
}

std::optional<std::uint64_t> Server::deadline_ns() const {
  std::optional<std::uint64_t> earliest;
  for (const auto& [fd, client] : clients_) {
    earliest = std::min(earliest.value_or(client.deadline_ns), client.deadline_ns);
  }
  return earliest;
}

std::size_t Server::strangers() const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(),
                    [](const auto& entry) { return entry.second.peer.uid != 0; }));
}

bool Server::has_room_for(const Peer& peer) const {
  const auto of_peer = std::count_if(clients_.begin(), clients_.end(), [&](const auto& entry) {
    return entry.second.peer.uid == peer.uid;
  });
  return peer.uid == 0 ||
         (strangers() < kMaxStrangers && static_cast<std::size_t>(of_peer) < kMaxOfOneStranger);
}

void Server::hide() {
  struct stat named {};
  if (!path_.empty() && lstat(path_.c_str(), &named) == 0 && named.st_dev == device_ &&
      named.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

Status Server::listen_again() {
  if (path_.empty()) {
    return Ok{};
  }
  if (access(path_.c_str(), F_OK) == 0) {
    return fail("somebody else listens at " + path_ + " by now");
  }
  return open_listener();
}

}  // namespace holdfast::monitor
