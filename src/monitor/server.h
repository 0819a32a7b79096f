// The monitor's end of its socket: accepts peers, reads requests, sends replies, waits for nobody.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/base/worker.h"
#include "src/monitor/allowance.h"
#include "src/monitor/protocol.h"

namespace holdfast::monitor {

// Who is at the other end, from SO_PEERCRED: never what the peer says of itself. Its process lives:
// a connection outlives the one that made it where a child holds it too, and the pid would be a
// stranger's by then.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Connections that root may hold at once; further ones wait in the backlog, which bounds them by
// their own timeout.
inline constexpr std::size_t kMaxClients = 64;
// Connections of everybody else together, and of one user: too few to keep root, or each other,
// out. Each is answered once, and what it may ask is shorter.
inline constexpr std::size_t kMaxStrangers = 32;
inline constexpr std::size_t kMaxOfOneStranger = 8;
inline constexpr std::size_t kMaxStrangersBytes = std::size_t{64} * 1024;
// A peer that has said nothing for so long is closed.
inline constexpr std::uint64_t kClientTimeoutNs = 5'000'000'000;

// Single-threaded: the owner polls fd() and calls serve(). No call blocks.
class Server {
 public:
  using Handler = std::function<Reply(const Request& request, const Peer& peer)>;

  // Listens at `path`, in place of whatever was there: the caller holds the monitor's lock.
  // Everybody may connect, so that everybody gets an answer; `handler` decides what a peer may do.
  static Result<Server> listen(const std::string& path, Handler handler);

  // Serves a socket that listens already and whose name is somebody else's business (systemd's).
  static Result<Server> adopt(base::UniqueFd listener, Handler handler);

  Server(Server&&) = default;
  Server& operator=(Server&&) = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Readable when serve() has something to do.
  [[nodiscard]] int fd() const { return epoll_.get(); }

  // Answers what is there. `now_ns`: base::boot_now_ns().
  void serve(std::uint64_t now_ns);

  // When serve() wants to be called to close a silent peer, or to answer one that had to wait.
  [[nodiscard]] std::optional<std::uint64_t> deadline_ns() const;

  // Whether root is connected. For nobody else does a monitor stay.
  [[nodiscard]] bool has_clients() const { return clients_.size() > strangers(); }

  // Takes the socket's name away, if it still is ours (systemd may have bound its own there): from
  // now on connecting fails with ENOENT, and those who are in the backlog can still be served.
  // listen_again() undoes it, unless somebody else has the name by then.
  void hide();
  Status listen_again();

 private:
  struct Client {
    base::UniqueFd fd;
    Peer peer;
    base::UniqueFd process;  // pidfd of the peer
    std::uint64_t deadline_ns = 0;
    // Not 0: its user has had more than a share, and nothing is read from it until then.
    std::uint64_t waits_until_ns = 0;
  };

  Server(std::string path, Handler handler)
      : path_(std::move(path)), handler_(std::move(handler)) {}
  static Result<Server> make(std::string path, Handler handler);
  Status open_listener();
  Status watch(int fd) const;
  void listen_to(int fd, bool listens) const;
  void accept_peers(std::uint64_t now_ns);
  void admit(base::UniqueFd fd, std::uint64_t now_ns);
  void end_waits(std::uint64_t now_ns);
  // Whether its user has had enough for now; nothing is read from it then.
  bool must_wait(Client& client, std::uint64_t now_ns) const;
  // False when the client is to be closed.
  bool serve_client(Client& client, std::uint64_t now_ns);
  [[nodiscard]] Reply answer(const std::string& packet, bool too_long, const Peer& peer) const;
  void drop(int fd);
  void dismiss(base::UniqueFd fd);
  void drop_silent(std::uint64_t now_ns);
  [[nodiscard]] std::size_t strangers() const;
  [[nodiscard]] bool has_room_for(const Peer& peer) const;

  std::string path_;  // "": not ours
  dev_t device_ = 0;  // of the name that we bound
  ino_t inode_ = 0;
  Handler handler_;
  base::UniqueFd epoll_;
  base::UniqueFd listener_;
  bool paused_ = false;  // the listener is not watched: all places are taken
  std::map<int, Client> clients_;
  Allowance allowance_;
  std::unique_ptr<base::Worker> dismissals_;
};

}  // namespace holdfast::monitor
