// Syslog over TCP with octet counting (RFC 6587, section 3.4.1) and over TLS (RFC 5425). libcurl
// connects and encrypts.
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

#include <fmt/core.h>

#include "src/forward/address.h"
#include "src/forward/encode.h"
#include "src/forward/http.h"
#include "src/forward/output.h"

namespace holdfast::forward {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Syslog has no acknowledgements: what the peer's kernel took, a peer that dies may not have read.
// What was sent this shortly before a connection broke is sent again over the next one.
constexpr std::chrono::seconds kDoubtful{30};
constexpr std::size_t kMaxDoubtfulBytes = std::size_t{1} << 20;
constexpr milliseconds kSlice{200};

class StreamSyslog : public Output {
 public:
  StreamSyslog(const SinkSettings& sink, std::stop_token stop)
      : sink_(sink), stop_(std::move(stop)) {}

  Answer send(std::span<const Line> lines) override {
    std::string frames;
    for (const Line& line : lines) {
      const std::string message =
          rfc5424(line, static_cast<int>(sink_.facility), sink_.format == Format::kJson);
      frames += fmt::format("{} {}", message.size(), message);
    }
    const Status sent = deliver(frames);
    if (!sent.ok()) {
      curl_.reset();
      return again(sent.error().message);
    }
    return {lines.size(), 0, ""};
  }

 private:
  Status deliver(const std::string& frames) {
    const Clock::time_point deadline = Clock::now() + milliseconds(sink_.timeout_ms);
    if (curl_ && !is_alive()) {
      curl_.reset();
    }
    if (!curl_) {
      TRY(connect());
      TRY(put(doubtful(), deadline));
    }
    TRY(put(frames, deadline));
    TRY(flush(deadline));
    doubtful_bytes_ += frames.size();
    doubtful_.push_back({Clock::now(), frames});
    forget();
    return Ok{};
  }

  Status connect() {
    const bool tls = sink_.url.starts_with("tls:");
    const Address where = TRY(address_of(sink_.url, tls ? "6514" : "514"));
    const bool ipv6 = where.host.find(':') != std::string::npos;
    const std::string url = fmt::format("{}://{}:{}/", tls ? "https" : "http",
                                        ipv6 ? "[" + where.host + "]" : where.host, where.port);
    auto curl = std::make_unique<Curl>(sink_, stop_);
    curl->set(CURLOPT_URL, url.c_str());
    curl->set(CURLOPT_CONNECT_ONLY, 1L);
    curl->set(CURLOPT_PROXY, "");
    curl->set(CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl->set(CURLOPT_TCP_KEEPALIVE, 1L);
    const CURLcode code = curl_easy_perform(curl->get());
    if (code != CURLE_OK) {
      return fail(curl->error(code, sink_.url));
    }
    curl_ = std::move(curl);
    return Ok{};
  }

  [[nodiscard]] int socket() const {
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(curl_->get(), CURLINFO_ACTIVESOCKET, &fd);
    return fd;
  }

  // The peer says nothing but that it goes.
  bool is_alive() {
    char byte = 0;
    std::size_t got = 0;
    const CURLcode code = curl_easy_recv(curl_->get(), &byte, 1, &got);
    return code == CURLE_AGAIN || (code == CURLE_OK && got != 0);
  }

  Status wait(short events, Clock::time_point deadline, milliseconds most = kSlice) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return fail(fmt::format("{} took nothing for {} ms", sink_.url, sink_.timeout_ms));
    }
    if (stop_.stop_requested()) {
      return fail("stopped while sending to " + sink_.url);
    }
    pollfd ready{socket(), events, 0};
    poll(&ready, 1, static_cast<int>(std::min(left, most).count()));
    return Ok{};
  }

  Status put(std::string_view bytes, Clock::time_point deadline) {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(curl_->get(), bytes.data(), bytes.size(), &sent);
      if (code == CURLE_AGAIN) {
        TRY(wait(POLLOUT, deadline));
      } else if (code != CURLE_OK) {
        return fail(curl_->error(code, sink_.url));
      }
      bytes.remove_prefix(sent);
    }
    return Ok{};
  }

  // Until the peer's kernel has it. No event tells, so it is looked at; on a near network the first
  // look is enough.
  Status flush(Clock::time_point deadline) {
    int unsent = 0;
    for (milliseconds pause{1}; ioctl(socket(), SIOCOUTQ, &unsent) == 0 && unsent != 0;
         pause = std::min(pause * 2, kSlice)) {
      TRY(wait(0, deadline, pause));
    }
    return is_alive() ? Status(Ok{}) : fail(sink_.url + " closed the connection");
  }

  void forget() {
    while (!doubtful_.empty() && (doubtful_.front().at + kDoubtful < Clock::now() ||
                                  doubtful_bytes_ > kMaxDoubtfulBytes)) {
      doubtful_bytes_ -= doubtful_.front().frames.size();
      doubtful_.pop_front();
    }
  }

  std::string doubtful() {
    forget();
    std::string frames;
    for (const Sent& sent : doubtful_) {
      frames += sent.frames;
    }
    return frames;
  }

  struct Sent {
    Clock::time_point at;
    std::string frames;
  };

  SinkSettings sink_;
  std::stop_token stop_;
  std::unique_ptr<Curl> curl_;  // none: not connected
  std::deque<Sent> doubtful_;
  std::size_t doubtful_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Output> make_stream_syslog(const SinkSettings& sink, std::stop_token stop) {
  return std::make_unique<StreamSyslog>(sink, std::move(stop));
}

}  // namespace holdfast::forward
