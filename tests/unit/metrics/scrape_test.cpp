#include "src/metrics/scrape.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "src/monitor/server.h"

namespace holdfast::metrics {
namespace {

using std::chrono::milliseconds;

// A folder with the state of one sink, and no monitor.
class ScrapeTest : public testing::Test {
 protected:
  ScrapeTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scrape-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    settings_.socket = folder_ + "/monitor.sock";
    settings_.forward.alerts = folder_ + "/alerts.jsonl";
    settings_.forward.state_dir = folder_;
    settings_.forward.sinks.resize(1);
    settings_.forward.sinks[0].name = "siem";
    write("siem.cursor", R"({"seq":3,"fingerprint":1,"device":1,"inode":1,"offset":1})");
    write("status.json", R"({"sinks":{"siem":{"sent":3,"failing":true},"former":{"sent":9}}})");
  }
  ~ScrapeTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }

  // A scrape while somebody answers at the socket.
  Scrape scrape_with(const std::function<monitor::Reply(const monitor::Request&)>& answer) {
    auto server = monitor::Server::listen(
        settings_.socket, [&answer](const monitor::Request& request, const monitor::Peer&) {
          return answer(request);
        });
    EXPECT_TRUE(server.ok());
    std::jthread serving([&server](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        server.value().serve(0);
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
    return scrape(settings_, milliseconds(5000));
  }

  std::string folder_;
  Settings settings_;
};

TEST_F(ScrapeTest, AsksTheMonitorAndReadsWhatIsKeptOfTheSinks) {
  const Scrape found = scrape_with([](const monitor::Request& request) {
    EXPECT_EQ(request.op, monitor::Request::Op::kMetrics);
    monitor::Reply reply;
    reply.metrics.emplace();
    reply.metrics->last_seq = 10;
    return reply;
  });
  ASSERT_TRUE(found.reply.has_value()) << found.error;
  EXPECT_EQ(found.reply->metrics->last_seq, 10U);
  EXPECT_FALSE(found.idle);
  ASSERT_EQ(found.sinks.size(), 1U);
  EXPECT_EQ(found.sinks[0].name, "siem");
  EXPECT_EQ(found.sinks[0].lag, 7U);
  EXPECT_EQ(found.sinks[0].counters.sent, 3U);
  EXPECT_TRUE(found.sinks[0].counters.failing);
}

TEST_F(ScrapeTest, TakesNoAnswerWithoutMetrics) {
  const Scrape found = scrape_with([](const monitor::Request&) { return monitor::Reply{}; });
  EXPECT_FALSE(found.reply.has_value());
  EXPECT_NE(found.error.find("tells no metrics"), std::string::npos) << found.error;
  EXPECT_FALSE(found.idle);
}

TEST_F(ScrapeTest, IsOfAnIdleHostWhenThereIsNeitherMonitorNorContainer) {
  EXPECT_TRUE(scrape(settings_).idle);
  std::filesystem::create_directory(folder_ + "/containers");
  EXPECT_TRUE(scrape(settings_).idle);
  write("containers/c1.json", "{}");
  const Scrape left = scrape(settings_);
  EXPECT_FALSE(left.idle);
  EXPECT_FALSE(left.reply.has_value());
  EXPECT_NE(left.error, "");
}

TEST_F(ScrapeTest, ReadsTheAlertFileWhenTheMonitorDoesNotSayHowFarItIs) {
  write("alerts.jsonl", "{\"seq\":5,\"kind\":\"alert\"}\n");
  EXPECT_EQ(scrape(settings_).sinks.at(0).lag, 2U);
}

}  // namespace
}  // namespace holdfast::metrics
