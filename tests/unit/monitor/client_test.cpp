#include "src/monitor/client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "src/base/unique_fd.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::monitor {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

ListedContainer listed(const std::string& id, std::uint32_t slot) {
  ListedContainer made;
  made.container.id = id;
  made.slot = slot;
  return made;
}

// A socket that answers with packets made by hand.
class Client : public testing::Test {
 protected:
  void TearDown() override {
    if (server_.joinable()) {
      server_.join();
    }
  }

  void listen_with_backlog(int backlog) {
    listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(listen(listener_.get(), backlog), 0);
  }

  void answer(std::vector<std::string> packets) {
    listen_with_backlog(8);
    server_ = std::thread([this, packets = std::move(packets)] {
      for (const std::string& packet : packets) {
        const base::UniqueFd peer(accept(listener_.get(), nullptr, nullptr));
        std::string request(kMaxMessageBytes, '\0');
        EXPECT_GT(recv(peer.get(), request.data(), request.size(), 0), 0);
        if (!packet.empty()) {
          EXPECT_GT(send(peer.get(), packet.data(), packet.size(), MSG_NOSIGNAL), 0);
        }
      }
    });
  }

  test::TempDir folder_;
  const std::string path_ = folder_.path("s");
  base::UniqueFd listener_;
  std::thread server_;
};

TEST_F(Client, GetsTheReply) {
  Reply reply;
  reply.backend = "lsm";
  answer({encode(reply)});
  const auto got = call(path_, Request{}, milliseconds(5000));
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got.value().backend, "lsm");
}

TEST_F(Client, MakesAnErrorOfAFailure) {
  Reply reply;
  reply.error = "no slot is free";
  answer({encode(reply)});
  const auto got = call(path_, Request{}, milliseconds(5000));
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().message, "no slot is free");
}

TEST_F(Client, SaysThatNobodyListens) {
  const auto got = call(path_, Request{}, milliseconds(5000));
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().message.find(path_), std::string::npos);
  EXPECT_FALSE(is_listening(path_));
}

TEST_F(Client, DoesNotWaitForEverForAMonitorThatIsSilent) {
  listen_with_backlog(8);
  EXPECT_TRUE(is_listening(path_));
  const auto begin = Clock::now();
  EXPECT_FALSE(call(path_, Request{}, milliseconds(100)).ok());
  EXPECT_LT(Clock::now() - begin, milliseconds(5000));
}

TEST_F(Client, DoesNotWaitForEverForRoomInTheBacklog) {
  listen_with_backlog(0);
  const auto begin = Clock::now();
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(call(path_, Request{}, milliseconds(50)).ok());
  }
  EXPECT_LT(Clock::now() - begin, milliseconds(5000));
}

TEST_F(Client, RefusesAnAnswerThatIsNoneOrTooLongOrMissing) {
  answer({"nonsense", std::string(kMaxMessageBytes + 1, ' '), ""});
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(call(path_, Request{}, milliseconds(5000)).ok());
  }
}

TEST_F(Client, RefusesARequestThatFitsInNoPacket) {
  Request request;
  request.op = Request::Op::kUnregister;
  request.id = std::string(kMaxMessageBytes, 'x');
  const auto got = call(path_, request, milliseconds(100));
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().message.find("annotations"), std::string::npos);
}

TEST_F(Client, RefusesASocketPathThatIsTooLong) {
  EXPECT_FALSE(call("/" + std::string(200, 'x'), Request{}, milliseconds(100)).ok());
}

TEST_F(Client, ListsAllContainersInSeveralPackets) {
  Reply first;
  first.containers = {listed("a", 1), listed("b", 2)};
  first.more = true;
  Reply second;
  second.containers = {listed("c", 5)};
  answer({encode(first), encode(second)});
  const auto got = list_containers(path_, milliseconds(5000));
  ASSERT_TRUE(got.ok()) << got.error().message;
  ASSERT_EQ(got.value().size(), 3U);
  EXPECT_EQ(got.value()[2].container.id, "c");
}

TEST_F(Client, IsNotKeptByAListThatRepeatsItself) {
  Reply reply;
  reply.containers = {listed("a", 1)};
  reply.more = true;
  answer({encode(reply), encode(reply)});
  EXPECT_FALSE(list_containers(path_, milliseconds(5000)).ok());
}

TEST_F(Client, KnowsThatNobodyListensAndDoesNotGuessIt) {
  EXPECT_TRUE(nobody_listens(path_));
  listen_with_backlog(1);
  EXPECT_FALSE(nobody_listens(path_));
  listener_.reset();
  EXPECT_TRUE(nobody_listens(path_)) << "a socket that a monitor left behind";
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(path_, path_);
  EXPECT_FALSE(nobody_listens(path_)) << "ELOOP stands for what cannot be told";
}

TEST_F(Client, NamesTheLogWhenTheMonitorIsTooSlow) {
  listen_with_backlog(1);
  const auto got = call(path_, Request{}, milliseconds(20));
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().message.find(folder_.path("monitor.log")), std::string::npos);
}

TEST(Within, IsTheShorterOfTimeoutAndWhatIsLeft) {
  EXPECT_EQ(within(milliseconds(50), Clock::time_point::max()), milliseconds(50));
  EXPECT_EQ(within(milliseconds(50), Clock::now() - milliseconds(1)), milliseconds(0));
  EXPECT_LE(within(milliseconds(5000), Clock::now() + milliseconds(50)), milliseconds(50));
}

}  // namespace
}  // namespace holdfast::monitor
