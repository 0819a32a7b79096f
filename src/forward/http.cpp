#include "src/forward/http.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/quote.h"

namespace holdfast::forward {

namespace {

using Verdict = HttpClient::Response::Verdict;

constexpr std::size_t kMaxTokenBytes = std::size_t{16} << 10;
// Of an answer that is kept; the rest is read and forgotten.
constexpr std::size_t kMaxBodyBytes = std::size_t{4} << 10;

// Called about once a second, also while nothing moves.
int stop_transfer(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

std::size_t keep_beginning(char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  body.append(data, std::min(size * count, kMaxBodyBytes - body.size()));
  return size * count;
}

class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list_); }
  void add(const std::string& name, const std::string& value) {
    list_ = curl_slist_append(list_, (name + ": " + value).c_str());
  }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

Curl::Curl(const SinkSettings& sink, std::stop_token stop)
    : stop_(std::move(stop)), handle_(curl_easy_init()) {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, message_.data());
  set(CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(sink.timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(sink.timeout_ms));
  const std::pair<CURLoption, const std::string*> files[] = {{CURLOPT_CAINFO, &sink.tls.ca},
                                                             {CURLOPT_SSLCERT, &sink.tls.cert},
                                                             {CURLOPT_SSLKEY, &sink.tls.key}};
  for (const auto& [option, path] : files) {
    if (!path->empty()) {
      set(option, path->c_str());
    }
  }
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &stop_transfer);
  set(CURLOPT_XFERINFODATA, &stop_);
}

std::string Curl::error(CURLcode code, const std::string& url) const {
  const std::string said = message_[0] != '\0' ? message_.data() : curl_easy_strerror(code);
  return fmt::format("{}: {}", url, base::shown(said));
}

HttpClient::HttpClient(const SinkSettings& sink, std::string url, std::string content_type,
                       std::stop_token stop)
    : sink_(sink),
      url_(std::move(url)),
      content_type_(std::move(content_type)),
      curl_(sink, std::move(stop)) {
  curl_.set(CURLOPT_URL, url_.c_str());
  curl_.set(CURLOPT_POST, 1L);
  curl_.set(CURLOPT_WRITEFUNCTION, &keep_beginning);
}

// Read each time: whoever renews it need not tell us.
Result<std::string> HttpClient::token() const {
  const std::string text = TRY(base::read_file(sink_.token_file, kMaxTokenBytes));
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty()) {
    return fail(sink_.token_file + " holds no token in its first line");
  }
  return line;
}

HttpClient::Response HttpClient::post(const std::string& body) {
  HeaderList headers;
  headers.add("Content-Type", content_type_);
  headers.add("Expect", "");  // Waiting for "100 Continue" costs a second where it is not known.
  for (const auto& [name, value] : sink_.headers) {
    headers.add(name, value);
  }
  if (!sink_.token_file.empty()) {
    const auto bearer = token();
    if (!bearer.ok()) {
      return {Verdict::kAgain, bearer.error().message, ""};
    }
    headers.add("Authorization", "Bearer " + bearer.value());
  }
  std::string answer;
  curl_.set(CURLOPT_HTTPHEADER, headers.get());
  curl_.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_.set(CURLOPT_POSTFIELDS, body.c_str());
  curl_.set(CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl_.get());
  curl_.set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  return judge(code, std::move(answer));
}

HttpClient::Response HttpClient::judge(CURLcode code, std::string body) const {
  if (code != CURLE_OK) {
    return {Verdict::kAgain, curl_.error(code, url_), ""};
  }
  long status = 0;
  curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
  const Verdict verdict = verdict_of(status);
  std::string why;
  if (verdict != Verdict::kTaken) {
    why = fmt::format("{} answered {}: {}", url_, status, base::shown(body));
  }
  return {verdict, std::move(why), std::move(body)};
}

Verdict verdict_of(long status) {
  if (status >= 200 && status < 300) {
    return Verdict::kTaken;
  }
  static constexpr auto kAgainLater = {401L, 403L, 407L, 408L, 425L, 429L};
  const bool later = std::find(kAgainLater.begin(), kAgainLater.end(), status) != kAgainLater.end();
  return status >= 400 && status < 500 && !later ? Verdict::kRefused : Verdict::kAgain;
}

}  // namespace holdfast::forward
