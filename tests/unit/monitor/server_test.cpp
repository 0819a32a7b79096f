#include "src/monitor/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "src/base/unique_fd.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

// unix(7), SCM_RIGHTS: one descriptor with one byte.
struct DescriptorMessage {
  char byte = 'd';
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  DescriptorMessage() {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
};

void fill(DescriptorMessage& message, int fd) {
  cmsghdr* part = CMSG_FIRSTHDR(&message.header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(part), &fd, sizeof(fd));
}

void send_descriptor(int socket, int fd) {
  DescriptorMessage message;
  fill(message, fd);
  sendmsg(socket, &message.header, MSG_NOSIGNAL);
}

int receive_descriptor(int socket) {
  DescriptorMessage message;
  int fd = -1;
  if (recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) == 1 &&
      CMSG_FIRSTHDR(&message.header) != nullptr) {
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof(fd));
  }
  return fd;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : server_(Server::listen(root_.path("monitor.sock"), [this](const Request& request,
                                                                  const Peer& peer) {
                  requests_.push_back(request);
                  peer_ = peer;
                  std::this_thread::sleep_for(work_);
                  Reply reply;
                  reply.pid = 77;
                  return reply;
                }).value()) {}

  [[nodiscard]] base::UniqueFd connect_peer() const {
    base::UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, root_.path("monitor.sock").c_str(),
                 sizeof(address.sun_path) - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT
    return connect(fd.get(), generic, sizeof(address)) == 0 ? std::move(fd) : base::UniqueFd();
  }

  void say(const base::UniqueFd& peer, const std::string& packet) {
    ASSERT_EQ(send(peer.get(), packet.data(), packet.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(packet.size()));
    serve();
  }

  static void send_with(const base::UniqueFd& peer, std::string packet, int fd) {
    DescriptorMessage message;
    message.data = {packet.data(), packet.size()};
    fill(message, fd);
    ASSERT_GT(sendmsg(peer.get(), &message.header, MSG_NOSIGNAL), 0);
  }

  void say_with(const base::UniqueFd& peer, std::string packet, int fd) {
    send_with(peer, std::move(packet), fd);
    serve();
  }

  // Twice: accepting is one event, the packet another.
  void serve(std::uint64_t now_ns = 0) {
    server_.serve(now_ns);
    server_.serve(now_ns);
  }

  static std::string hear(const base::UniqueFd& peer) {
    std::string packet(kMaxMessageBytes, '\0');
    const ssize_t got = recv(peer.get(), packet.data(), packet.size(), 0);
    return packet.substr(0, got < 0 ? 0 : static_cast<std::size_t>(got));
  }

  // End of the connection, seen from the peer.
  static bool is_closed(const base::UniqueFd& peer) {
    char byte = 0;
    return recv(peer.get(), &byte, 1, 0) == 0;
  }

  test::TempDir root_;
  std::vector<Request> requests_;
  Peer peer_;
  std::chrono::nanoseconds work_{0};  // what an answer costs
  Server server_;
};

TEST_F(ServerTest, AnswersARequest) {
  const auto peer = connect_peer();
  say(peer, encode(Request{}));
  const auto reply = decode_reply(hear(peer));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply.value().pid, 77);
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(ServerTest, KnowsThePeerFromTheKernel) {
  const auto peer = connect_peer();
  say(peer, encode(Request{}));
  EXPECT_EQ(peer_.pid, getpid());
  EXPECT_EQ(peer_.uid, getuid());
}

TEST_F(ServerTest, DoesNotTakeTheWordOfAProcessThatEndedFromWhoHoldsItsConnection) {
  std::array<int, 2> passing{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, passing.data()), 0);
  const base::UniqueFd ours(passing[0]);
  base::UniqueFd theirs(passing[1]);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const base::UniqueFd peer = connect_peer();
    send_descriptor(theirs.get(), peer.get());
    char byte = 0;
    _exit(read(theirs.get(), &byte, 1) < 0 ? 1 : 0);
  }
  const base::UniqueFd inherited(receive_descriptor(ours.get()));
  ASSERT_TRUE(inherited.valid());
  say(inherited, encode(Request{}));
  EXPECT_EQ(requests_.size(), 1U);
  ASSERT_EQ(write(ours.get(), "x", 1), 1);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  (void)hear(inherited);
  say(inherited, encode(Request{}));
  EXPECT_EQ(requests_.size(), 1U);
  EXPECT_TRUE(is_closed(inherited));
}

TEST_F(ServerTest, AnswersWhatIsNoRequestWithASentence) {
  const std::vector<std::string> nonsense = {"hello",
                                             "{}",
                                             "[]",
                                             "{\"version\":1}",
                                             "{\"version\":2,\"op\":\"status\"}",
                                             "{\"version\":1,\"op\":\"dance\"}",
                                             std::string(1, '\0')};
  for (const std::string& packet : nonsense) {
    const auto peer = connect_peer();
    say(peer, packet);
    const auto reply = decode_reply(hear(peer));
    ASSERT_TRUE(reply.ok()) << packet;
    EXPECT_FALSE(reply.value().error.empty()) << packet;
  }
  EXPECT_TRUE(requests_.empty());
}

TEST_F(ServerTest, RefusesAMessageThatIsTooLong) {
  const auto peer = connect_peer();
  say(peer, std::string(kMaxMessageBytes + 1, ' '));
  const auto reply = decode_reply(hear(peer));
  ASSERT_TRUE(reply.ok());
  EXPECT_NE(reply.value().error.find("longer"), std::string::npos);
}

TEST_F(ServerTest, ClosesAPeerThatSaysNothing) {
  const auto silent = connect_peer();
  serve(1);
  ASSERT_TRUE(server_.deadline_ns().has_value());
  serve(*server_.deadline_ns() - 1);
  EXPECT_TRUE(server_.deadline_ns().has_value());
  serve(*server_.deadline_ns());
  EXPECT_FALSE(server_.deadline_ns().has_value());
  EXPECT_TRUE(is_closed(silent));
}

TEST_F(ServerTest, ForgetsAPeerThatLeaves) {
  {
    const auto peer = connect_peer();
    serve();
    EXPECT_TRUE(server_.deadline_ns().has_value());
  }
  serve();
  EXPECT_FALSE(server_.deadline_ns().has_value());
}

// A TCP socket, connected over the loopback, with more to send than its peer ever reads: whoever
// closes it last waits for `seconds` (socket(7), SO_LINGER).
class LingeringSocket {
 public:
  explicit LingeringSocket(int seconds) {
    listener_ = base::UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: how bind(2) is
    EXPECT_EQ(bind(listener_.get(), generic, size), 0);
    EXPECT_EQ(listen(listener_.get(), 1), 0);
    EXPECT_EQ(getsockname(listener_.get(), generic, &size), 0);
    fd_ = base::UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd_.get(), generic, size), 0);
    const std::string bytes(std::size_t{64} * 1024, 'x');
    while (send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
    const linger lingers{1, seconds};
    EXPECT_EQ(setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &lingers, sizeof(lingers)), 0);
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

 private:
  base::UniqueFd listener_;
  base::UniqueFd fd_;
};

// As another user, whom SO_PEERCRED then names.
class StrangerTest : public ServerTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) {
      GTEST_SKIP() << "only root can be another user";
    }
    ASSERT_EQ(chmod(root_.path("").c_str(), 0755), 0);
  }

  [[nodiscard]] base::UniqueFd connect_stranger(uid_t uid = 65534) const {
    EXPECT_EQ(seteuid(uid), 0);
    base::UniqueFd peer = connect_peer();
    EXPECT_EQ(seteuid(0), 0);
    return peer;
  }

  // What the server answers to that user.
  std::string ask_as(uid_t uid) {
    const auto stranger = connect_stranger(uid);
    say(stranger, encode(Request{}));
    return hear(stranger);
  }
};

TEST_F(StrangerTest, IsAnsweredOnceAndKeepsNoMonitor) {
  const auto stranger = connect_stranger();
  serve();
  EXPECT_TRUE(server_.deadline_ns().has_value());
  EXPECT_FALSE(server_.has_clients());
  say(stranger, encode(Request{}));
  EXPECT_EQ(peer_.uid, 65534U);
  EXPECT_NE(hear(stranger), "");
  EXPECT_TRUE(is_closed(stranger));
  const auto root = connect_peer();
  serve();
  EXPECT_TRUE(server_.has_clients());
}

TEST_F(StrangerTest, MaySayLittle) {
  const auto stranger = connect_stranger();
  say(stranger, std::string(kMaxStrangersBytes + 1, ' '));
  const auto reply = decode_reply(hear(stranger));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply.value().error, "only root may send more than 65536 bytes");
}

TEST_F(StrangerTest, CannotTakeEveryPlace) {
  std::vector<base::UniqueFd> strangers;
  for (std::size_t i = 0; i < kMaxStrangers; ++i) {
    // As many users as it takes: one alone may not have so many.
    strangers.push_back(connect_stranger(static_cast<uid_t>(60000 + i / kMaxOfOneStranger)));
    serve();
  }
  const auto refused = connect_stranger();
  serve();
  EXPECT_TRUE(is_closed(refused));
  const auto root = connect_peer();
  say(root, encode(Request{}));
  EXPECT_NE(hear(root), "");
}

TEST_F(StrangerTest, CannotKeepOtherUsersOut) {
  std::vector<base::UniqueFd> strangers;
  for (std::size_t i = 0; i < kMaxOfOneStranger; ++i) {
    strangers.push_back(connect_stranger());
    serve();
  }
  const auto refused = connect_stranger();
  serve();
  EXPECT_TRUE(is_closed(refused));
  const auto other = connect_stranger(60000);
  say(other, encode(Request{}));
  EXPECT_NE(hear(other), "");
}

TEST_F(StrangerTest, WaitsAfterMoreThanItsShareAndMakesNobodyElseWait) {
  work_ = std::chrono::nanoseconds(kUsersAheadNs / kUsersShare);
  ask_as(60000);
  work_ = std::chrono::nanoseconds(0);
  const auto waits = connect_stranger(60000);
  say(waits, encode(Request{}));
  EXPECT_EQ(requests_.size(), 1U);
  EXPECT_NE(ask_as(60001), "");
  const auto root = connect_peer();
  say(root, encode(Request{}));
  EXPECT_NE(hear(root), "");
  // Its turn comes when the owner was told to call again, and not at once.
  ASSERT_TRUE(server_.deadline_ns().has_value());
  const std::uint64_t turn_ns = *server_.deadline_ns();
  EXPECT_GT(turn_ns, 0U);
  serve(turn_ns);
  EXPECT_NE(hear(waits), "");
}

TEST_F(StrangerTest, IsForgottenWhenItLeavesWhileItWaits) {
  work_ = std::chrono::nanoseconds(kUsersAheadNs / kUsersShare);
  ask_as(60000);
  {
    const auto waits = connect_stranger(60000);
    say(waits, encode(Request{}));
    EXPECT_TRUE(server_.deadline_ns().has_value());
  }
  serve();
  EXPECT_FALSE(server_.deadline_ns().has_value());
}

TEST_F(StrangerTest, IsNotReadWhereItWouldHandOverDescriptors) {
  const base::UniqueFd directory(open("/", O_PATH | O_CLOEXEC));
  const auto stranger = connect_stranger();
  say_with(stranger, encode(Request{}), directory.get());
  EXPECT_TRUE(requests_.empty());
  EXPECT_TRUE(is_closed(stranger));
}

// A socket that lingers makes whoever closes it last wait.
TEST_F(StrangerTest, CannotMakeTheServerWaitByADescriptor) {
  LingeringSocket lingering(3);
  const auto stranger = connect_stranger();
  serve();
  say_with(stranger, encode(Request{}), lingering.fd());
  const auto more = connect_stranger();
  send_with(more, encode(Request{}), lingering.fd());
  lingering.close();
  const auto began = std::chrono::steady_clock::now();
  serve();
  serve(kClientTimeoutNs + 1);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(ServerTest, ServesThoseWhoWaitWhenOthersHoldEveryPlace) {
  std::vector<base::UniqueFd> holders;
  for (std::size_t i = 0; i < kMaxClients + kMaxStrangers; ++i) {
    holders.push_back(connect_peer());
    ASSERT_TRUE(holders.back().valid());
    serve();
  }
  const auto waiting = connect_peer();
  say(waiting, encode(Request{}));
  EXPECT_EQ(hear(waiting), "");
  holders.pop_back();
  serve();
  serve();
  EXPECT_NE(hear(waiting), "");
}

TEST_F(ServerTest, HiddenIsNotFoundButServesWhoCameBefore) {
  const auto before = connect_peer();
  server_.hide();
  EXPECT_FALSE(connect_peer().valid());
  say(before, encode(Request{}));
  EXPECT_NE(hear(before), "");
  ASSERT_TRUE(server_.listen_again().ok());
  EXPECT_TRUE(connect_peer().valid());
}

TEST(Server, RemovesItsSocket) {
  const test::TempDir root;
  { ASSERT_TRUE(Server::listen(root.path("s"), nullptr).ok()); }
  EXPECT_NE(access(root.path("s").c_str(), F_OK), 0);
}

TEST(Server, NamesAPathThatIsTooLong) {
  const std::string path = "/" + std::string(200, 'x');
  const auto server = Server::listen(path, nullptr);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find(path), std::string::npos);
}

}  // namespace
}  // namespace holdfast::monitor
