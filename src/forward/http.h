// POST through libcurl.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <stop_token>
#include <string>

#include "src/forward/output.h"
#include "src/forward/settings.h"

namespace holdfast::forward {

// A handle with what every use of it here wants: no signals, no environment's surprises, time
// limits, TLS as configured, an end soon after a stop.
class Curl {
 public:
  Curl(const SinkSettings& sink, std::stop_token stop);
  Curl(const Curl&) = delete;  // libcurl keeps the addresses of its members.
  Curl& operator=(const Curl&) = delete;
  ~Curl() = default;

  template <typename T>
  void set(CURLoption option, T value) {
    (void)curl_easy_setopt(handle_.get(), option, value);
  }
  // What libcurl says about a failure, about `url`.
  [[nodiscard]] std::string error(CURLcode code, const std::string& url) const;
  [[nodiscard]] CURL* get() const { return handle_.get(); }

 private:
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  std::stop_token stop_;
  std::array<char, CURL_ERROR_SIZE> message_{};
  std::unique_ptr<CURL, Cleanup> handle_;
};

// Connections are kept from one post() to the next.
class HttpClient {
 public:
  HttpClient(const SinkSettings& sink, std::string url, std::string content_type,
             std::stop_token stop);

  struct Response {
    enum class Verdict { kTaken, kRefused, kAgain } verdict = Verdict::kAgain;
    std::string why;
    std::string body;  // its beginning
  };
  Response post(const std::string& body);

 private:
  Result<std::string> token() const;
  [[nodiscard]] Response judge(CURLcode code, std::string body) const;

  SinkSettings sink_;
  std::string url_;
  std::string content_type_;
  Curl curl_;
};

// What answers to `status` mean: 2xx has taken it; 4xx will never take it, but for those that speak
// of the moment (408, 425, 429) or of us and not of the batch (401, 403, 407: a token that has to
// be renewed), and everything else is worth another try.
HttpClient::Response::Verdict verdict_of(long status);

}  // namespace holdfast::forward
