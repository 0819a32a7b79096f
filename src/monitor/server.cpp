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
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "src/base/clock.h"
#include "src/base/user_namespace.h"

namespace holdfast::monitor {

namespace {

// Hooks of a node that starts all of its pods at once.
constexpr int kBacklog = 128;
constexpr std::size_t kEventsPerCall = 32;
// Whoever may connect may do so without end; what waits at one moment is no more than the backlog.
constexpr int kAcceptsPerCall = 2 * kBacklog;
// Closings that may be under way; further ones are waited for.
constexpr std::size_t kMaxDismissals = 256;
constexpr std::chrono::milliseconds kLeaveAtOnce{0};

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

// Whether the next packet would hand us descriptors, which reading it would have us close.
bool brings_descriptors(int fd) {
  msghdr message{};
  return recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT) >= 0 &&
         (message.msg_flags & MSG_CTRUNC) != 0;
}

bool has_ended(const base::UniqueFd& process) {
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, 0) != 0;
}

// A user's subordinate ids are users as well, and could take the places of all others: they count
// for nothing here.
bool is_who_it_says(const Peer& peer) {
  if (peer.uid == 0) {
    return true;
  }
  const auto maker = base::maker_of_user_namespace("/proc", peer.pid);
  return maker.ok() && (!maker.value() || *maker.value() == peer.uid);
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
  server.dismissals_ = std::make_unique<base::Worker>(kMaxDismissals, kLeaveAtOnce);
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
  end_waits(now_ns);
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
  const std::uint64_t began_ns = base::boot_now_ns();
  const std::optional<Peer> peer = peer_of(fd.get());
  base::UniqueFd process = peer ? open_process(peer->pid) : base::UniqueFd();
  if (!process.valid() || !has_room_for(*peer) || !is_who_it_says(*peer) || !watch(fd.get()).ok()) {
    dismiss(std::move(fd));
    return;
  }
  const int number = fd.get();
  allowance_.charge(peer->uid, base::boot_now_ns() - began_ns, now_ns);
  clients_[number] = Client{std::move(fd), *peer, std::move(process), now_ns + kClientTimeoutNs};
}

void Server::listen_to(int fd, bool listens) const {
  epoll_event event{};
  event.events = listens ? EPOLLIN : 0U;
  event.data.fd = fd;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

bool Server::must_wait(Client& client, std::uint64_t now_ns) const {
  const std::uint64_t next_ns = allowance_.next_ns(client.peer.uid);
  if (next_ns <= now_ns) {
    return false;
  }
  client.waits_until_ns = next_ns;
  client.deadline_ns = next_ns + kClientTimeoutNs;
  listen_to(client.fd.get(), false);
  return true;
}

void Server::end_waits(std::uint64_t now_ns) {
  for (auto& [fd, client] : clients_) {
    if (client.waits_until_ns != 0 && client.waits_until_ns <= now_ns) {
      client.waits_until_ns = 0;
      listen_to(fd, true);
    }
  }
}

bool Server::serve_client(Client& client, std::uint64_t now_ns) {
  if (client.waits_until_ns != 0) {
    return false;  // it hung up: of nothing else are we told
  }
  if (must_wait(client, now_ns)) {
    return true;
  }
  if (client.peer.uid != 0 && brings_descriptors(client.fd.get())) {
    return false;
  }
  std::string packet(client.peer.uid == 0 ? kMaxMessageBytes : kMaxStrangersBytes, '\0');
  const ssize_t got = recv(client.fd.get(), packet.data(), packet.size(), MSG_TRUNC);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (got == 0 || has_ended(client.process)) {
    return false;
  }
  const bool too_long = static_cast<std::size_t>(got) > packet.size();
  packet.resize(std::min(static_cast<std::size_t>(got), packet.size()));
  const std::uint64_t began_ns = base::boot_now_ns();
  const std::string reply = encode(answer(packet, too_long, client.peer));
  allowance_.charge(client.peer.uid, base::boot_now_ns() - began_ns, now_ns);
  client.deadline_ns = now_ns + kClientTimeoutNs;
  // A peer that does not take its answer is closed: nobody waits for it.
  const bool taken = send(client.fd.get(), reply.data(), reply.size(), MSG_NOSIGNAL) >= 0;
  return taken && client.peer.uid == 0;
}

Reply Server::answer(const std::string& packet, bool too_long, const Peer& peer) const {
  if (too_long) {
    return refusal(peer.uid == 0
                       ? fmt::format("the message is longer than {} bytes", kMaxMessageBytes)
                       : fmt::format("only root may send more than {} bytes", kMaxStrangersBytes));
  }
  const Result<Request> request = decode_request(packet);
  return request.ok() ? handler_(request.value(), peer) : refusal(request.error().message);
}

void Server::drop(int fd) {
  const auto found = clients_.find(fd);
  if (found != clients_.end()) {
    base::UniqueFd socket = std::move(found->second.fd);
    clients_.erase(found);
    dismiss(std::move(socket));
  }
  if (paused_ && listener_.valid() && watch(listener_.get()).ok()) {
    paused_ = false;
  }
}

// What was sent and never read may have brought descriptors (unix(7), SCM_RIGHTS) of files that let
// whoever closes them last wait: a socket that lingers. Another thread does that. Nothing more can
// come after shutdown(2), and closing takes the socket off epoll, which a thread may be late for.
void Server::dismiss(base::UniqueFd fd) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  shutdown(fd.get(), SHUT_RDWR);
  char byte = 0;
  if (recv(fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
    const auto shared = std::make_shared<base::UniqueFd>(std::move(fd));
    (void)dismissals_->add([shared](const std::atomic<bool>&) { shared->reset(); });
  }
}

bool Server::has_room_for(const Peer& peer) const {
  const auto of_peer = std::count_if(clients_.begin(), clients_.end(), [&](const auto& entry) {
    return entry.second.peer.uid == peer.uid;
  });
  return peer.uid == 0 ||
         (strangers() < kMaxStrangers && static_cast<std::size_t>(of_peer) < kMaxOfOneStranger);
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
    const std::uint64_t next_ns =
        client.waits_until_ns != 0 ? client.waits_until_ns : client.deadline_ns;
    earliest = std::min(earliest.value_or(next_ns), next_ns);
  }
  return earliest;
}

std::size_t Server::strangers() const {
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(),
                    [](const auto& entry) { return entry.second.peer.uid != 0; }));
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
